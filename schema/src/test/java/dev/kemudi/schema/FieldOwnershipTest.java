package dev.kemudi.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Status;
import dev.kemudi.schema.FieldOwnership.Outcome;
import java.time.Instant;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FieldOwnershipTest {
    private static final Instant NOON = Instant.parse("2026-11-22T12:00:00Z");
    private static final Instant LATER = NOON.plusSeconds(60);
    private static final Schema DEPLOYMENT =
            new BuiltinSchemas().of("apps/v1", "Deployment").orElseThrow();
    private static final String WEB =
            "{'apiVersion':'apps/v1','kind':'Deployment','metadata':{'name':'web'},'spec':";

    private static ObjectNode deployment(String spec) {
        return Trees.object(WEB + spec + "}");
    }

    private static Outcome tryApply(
            ObjectNode live, String manager, ObjectNode applied, boolean force) {
        return FieldOwnership.apply(
                live.isEmpty() ? Optional.empty() : Optional.of(ApiObject.of(live)),
                applied,
                manager,
                force,
                DEPLOYMENT,
                "apps/v1",
                LATER,
                "");
    }

    private static ObjectNode apply(ObjectNode live, String manager, String spec) {
        return ((Outcome.Merged) tryApply(live, manager, deployment(spec), false)).object();
    }

    private static ObjectNode update(ObjectNode old, String manager, ObjectNode updated) {
        Optional<ApiObject> before =
                old.isEmpty() ? Optional.empty() : Optional.of(ApiObject.of(old));
        return FieldOwnership.update(before, updated, manager, DEPLOYMENT, "apps/v1", NOON, "");
    }

    private static final ObjectNode NOTHING = Trees.object("{}");

    @Test
    void anApplierOwnsWhatItsDocumentSays() {
        ObjectNode object =
                apply(
                        NOTHING,
                        "kubectl",
                        "{'replicas':3,'template':{'spec':{'containers':[{'name':'c','image':'i',"
                                + "'ports':[{'containerPort':80}]}]}}}");

        assertThat((Object) object.at("/metadata/managedFields"))
                .isEqualTo(
                        Trees.node(
                                "[{'manager':'kubectl','operation':'Apply','apiVersion':'apps/v1','time':"
                                        + "'2026-11-22T12:01:00Z','fieldsType':'FieldsV1',"
                                        + "'fieldsV1':{'f:spec':{'f:replicas':{},'f:template':{"
                                        + "'f:spec':{'f:containers':{'k:{\\'name\\':\\'c\\'}':{'.':{},"
                                        + "'f:image':{},'f:name':{},'f:ports':{"
                                        + "'k:{\\'containerPort\\':80,\\'protocol\\':\\'TCP\\'}':{'.':{},"
                                        + "'f:containerPort':{}}}}}}}}}}]"));
    }

    @Test
    void applyingTheSameTwiceChangesNothing() {
        ObjectNode first = apply(NOTHING, "a", "{'replicas':3}");

        Outcome again = tryApply(first, "a", deployment("{'replicas':3}"), false);

        assertThat(again).isEqualTo(new Outcome.Merged(first, false));
    }

    @Test
    void changingAnothersFieldIsAConflictWordedAsKubernetesWordsIt() {
        ObjectNode live =
                update(
                        NOTHING,
                        "kubectl-client-side-apply",
                        deployment("{'replicas':3,'paused':true}"));

        Outcome one = tryApply(live, "ci", deployment("{'replicas':5}"), false);
        Outcome two = tryApply(live, "ci", deployment("{'replicas':5,'paused':false}"), false);

        assertThat(one)
                .isEqualTo(
                        new Outcome.Conflicts(
                                "Apply failed with 1 conflict: conflict with "
                                        + "\"kubectl-client-side-apply\" using apps/v1: "
                                        + ".spec.replicas",
                                java.util.List.of(
                                        new Status.Cause(
                                                "FieldManagerConflict",
                                                "conflict with \"kubectl-client-side-apply\" using apps/v1",
                                                ".spec.replicas"))));
        assertThat(((Outcome.Conflicts) two).message())
                .isEqualTo(
                        "Apply failed with 2 conflicts: conflicts with \"kubectl-client-side-apply\" "
                                + "using apps/v1:\n"
                                + "- .spec.paused\n- .spec.replicas");
    }

    @Test
    void conflictsWithAppliersNameListElementsByTheirKeys() {
        ObjectNode live =
                apply(
                        NOTHING,
                        "a",
                        "{'template':{'spec':{'containers':[{'name':'web','image':'1'}]}}}");

        Outcome outcome =
                tryApply(
                        live,
                        "b",
                        deployment(
                                "{'template':{'spec':{'containers':[{'name':'web','image':'2'}]}}}"),
                        false);

        assertThat(((Outcome.Conflicts) outcome).message())
                .isEqualTo(
                        "Apply failed with 1 conflict: conflict with \"a\": "
                                + ".spec.template.spec.containers[name=\"web\"].image");
    }

    @Test
    void forceTakesTheFieldAndOnlyTheField() {
        ObjectNode live = apply(NOTHING, "a", "{'replicas':3,'paused':true}");

        ObjectNode taken =
                ((Outcome.Merged) tryApply(live, "b", deployment("{'replicas':5}"), true)).object();

        assertThat(taken.at("/spec/replicas").asInt()).isEqualTo(5);
        assertThat(owned(taken, "a")).isEqualTo("{\"f:spec\":{\"f:paused\":{}}}");
        assertThat(owned(taken, "b")).isEqualTo("{\"f:spec\":{\"f:replicas\":{}}}");
    }

    @Test
    void theSameValueIsSharedWithoutConflict() {
        ObjectNode live = apply(apply(NOTHING, "a", "{'replicas':3}"), "b", "{'replicas':3}");

        assertThat(owned(live, "a")).isEqualTo(owned(live, "b"));

        ObjectNode left = apply(live, "a", "{}");
        assertThat(left.at("/spec/replicas").asInt()).as("b still owns it").isEqualTo(3);
        assertThat(apply(left, "b", "{}").at("/spec/replicas").isMissingNode()).isTrue();
    }

    @Test
    void whatIsLeftOutGoesUnlessItWasNeverOwned() {
        ObjectNode live =
                apply(
                        NOTHING,
                        "a",
                        "{'paused':true,'template':{'spec':{'containers':[{'name':'x'},{'name':'y'}],"
                                + "'nodeSelector':{'k':'v'}}},'strategy':{'type':'Recreate'}}");
        ObjectNode defaulted = update(live, "defaulting", withImage(live));

        ObjectNode after =
                apply(defaulted, "a", "{'template':{'spec':{'containers':[{'name':'x'}]}}}");

        assertThat((Object) after.path("spec"))
                .isEqualTo(
                        Trees.node(
                                "{'template':{'spec':{'containers':[{'name':'x','image':'d'}]}}}"));
    }

    private static ObjectNode withImage(ObjectNode live) {
        ObjectNode copy = live.deepCopy();
        copy.at("/spec/template/spec/containers").forEach(c -> ((ObjectNode) c).put("image", "d"));
        return copy;
    }

    @Test
    void atomicListsAreReplacedWhole() {
        ObjectNode live =
                apply(
                        NOTHING,
                        "a",
                        "{'template':{'spec':{'tolerations':[{'key':'a'},{'key':'b'}]}}}");
        ObjectNode after = apply(live, "a", "{'template':{'spec':{'tolerations':[{'key':'c'}]}}}");

        assertThat(after.at("/spec/template/spec/tolerations").toString())
                .isEqualTo("[{\"key\":\"c\"}]");
        assertThat(
                        tryApply(
                                after,
                                "b",
                                deployment("{'template':{'spec':{'tolerations':[{'key':'d'}]}}}"),
                                false))
                .isInstanceOf(Outcome.Conflicts.class);
    }

    @Test
    void newElementsComeInTheAppliedOrderBehindWhatOthersHaveAtTheSamePlace() {
        ObjectNode live =
                apply(
                        NOTHING,
                        "a",
                        "{'template':{'spec':{'containers':[{'name':'x'},{'name':'z'}]}}}");
        ObjectNode after =
                apply(
                        live,
                        "b",
                        "{'template':{'spec':{'containers':[{'name':'w'},{'name':'z'},{'name':'v'}]}}}");

        assertThat(after.at("/spec/template/spec/containers").findValuesAsText("name"))
                .containsExactly("x", "w", "z", "v");
    }

    @Test
    void updatesOwnWhatTheyChangeAndOthersLoseIt() {
        ObjectNode created =
                update(NOTHING, "kubectl-create", deployment("{'replicas':1,'paused':true}"));
        ObjectNode scaled = created.deepCopy();
        ((ObjectNode) scaled.path("spec")).put("replicas", 2).remove("paused");

        ObjectNode after = update(created, "kubectl-scale", scaled);

        assertThat(owned(after, "kubectl-scale")).isEqualTo("{\"f:spec\":{\"f:replicas\":{}}}");
        assertThat(after.at("/metadata/managedFields"))
                .as("kubectl-create has nothing left")
                .hasSize(1);
        assertThat((Object) update(after, "someone", after))
                .as("an update without a change")
                .isEqualTo(after);
    }

    @Test
    void systemMetadataBelongsToNobody() {
        ObjectNode created =
                Trees.object(
                        "{'apiVersion':'apps/v1','kind':'Deployment','metadata':{'name':'n','namespace':'x',"
                                + "'uid':'u','resourceVersion':'1','generation':1,"
                                + "'creationTimestamp':'2026-11-22T12:00:00Z','labels':{'a':"
                                + "'b'}}}");

        assertThat(owned(update(NOTHING, "m", created), "m"))
                .isEqualTo(
                        "{\"f:metadata\":{\"f:labels\":{\".\":{},\"f:a\":{}}}}"
                                .replace("\".\":{},", ""));
    }

    @Test
    void clientsMayMigrateOrResetManagedFields() {
        ObjectNode created = update(NOTHING, "old", deployment("{'replicas':1}"));
        ObjectNode renamed = created.deepCopy();
        ((ObjectNode) renamed.at("/metadata/managedFields/0"))
                .put("manager", "new")
                .put("operation", "Apply");
        ObjectNode reset = created.deepCopy();
        ((ObjectNode) reset.path("metadata")).putArray("managedFields").addObject();
        ObjectNode broken = created.deepCopy();
        ((ObjectNode) broken.at("/metadata/managedFields/0/fieldsV1")).putObject("x:y");

        assertThat(owned(update(created, "mover", renamed), "new"))
                .isEqualTo("{\"f:spec\":{\"f:replicas\":{}}}");
        assertThat(update(created, "mover", reset).path("metadata").has("managedFields")).isFalse();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> update(created, "mover", broken))
                .withMessageContaining("x:y");
    }

    @Test
    void kubectlMovesFromClientSideToServerSideApplyWithoutConflicts() {
        ObjectNode sent = deployment("{'replicas':3}");
        ObjectNode first = sent.deepCopy();
        ((ObjectNode) first.path("metadata"))
                .putObject("annotations")
                .put("kubectl.kubernetes.io/last-applied-configuration", sent.toString());
        ObjectNode live = update(NOTHING, "kubectl-client-side-apply", first);

        assertThat(tryApply(live, "kubectl", deployment("{'replicas':5}"), false))
                .isInstanceOf(Outcome.Merged.class);
        assertThat(tryApply(live, "other", deployment("{'replicas':5}"), false))
                .isInstanceOf(Outcome.Conflicts.class);
    }

    @Test
    void thereAreNeverMoreThanTenUpdateManagers() {
        ObjectNode object = update(NOTHING, "m0", deployment("{}"));
        for (int i = 1; i <= 30; i++) {
            ObjectNode next = object.deepCopy();
            next.withObject("/metadata/labels").put("l" + i, "v");
            object =
                    FieldOwnership.update(
                            Optional.of(ApiObject.of(object)),
                            next,
                            "m" + i,
                            DEPLOYMENT,
                            "apps/v1",
                            NOON.plusSeconds(i),
                            "");
        }
        assertThat(object.at("/metadata/managedFields")).hasSize(10);
        assertThat(object.at("/metadata/managedFields").findValuesAsText("manager"))
                .contains("ancient-changes", "m30");
    }

    @Test
    void documentsThatBringManagedFieldsAreUnusable() {
        ObjectNode applied = deployment("{}");
        ((ObjectNode) applied.path("metadata")).putArray("managedFields").addObject();

        assertThat(tryApply(NOTHING, "a", applied, false))
                .isEqualTo(new Outcome.Unusable("metadata.managedFields must be nil"));
    }

    @Test
    void elementsWithoutTheirKeyOrTwiceAreUnusable() {
        ObjectNode twice =
                deployment("{'template':{'spec':{'containers':[{'name':'c'},{'name':'c'}]}}}");
        ObjectNode none = deployment("{'template':{'spec':{'containers':[{'image':'i'}]}}}");

        assertThat(tryApply(NOTHING, "a", twice, false))
                .isEqualTo(
                        new Outcome.Unusable(
                                ".spec.template.spec.containers: duplicate entries for key [name=\"c\"]"));
        assertThat(((Outcome.Unusable) tryApply(NOTHING, "a", none, false)).message())
                .contains("omits key field name");
    }

    /**
     * Seeded histories of updates and applies: owners only ever own what is there, and what is
     * there has an owner.
     */
    @Test
    void everyFieldHasAnOwnerWhateverTheHistory() {
        for (int seed = 0; seed < 300; seed++) {
            Random dice = new Random(seed);
            RandomTrees random = new RandomTrees(dice);
            ObjectNode object =
                    FieldOwnership.update(
                            Optional.empty(),
                            random.fitting(),
                            "creator",
                            RandomTrees.SCHEMA,
                            "e.io/v1",
                            NOON,
                            "");
            for (int step = 0; step < 6; step++) {
                String manager = "m" + dice.nextInt(3);
                if (dice.nextBoolean()) {
                    object = forced(object, manager, random.fitting());
                } else {
                    object =
                            FieldOwnership.update(
                                    Optional.of(ApiObject.of(object)),
                                    random.fitting(),
                                    manager,
                                    RandomTrees.SCHEMA,
                                    "e.io/v1",
                                    NOON,
                                    "");
                }
                FieldSet system =
                        FieldSet.ofPath("f:apiVersion")
                                .union(FieldSet.ofPath("f:kind"))
                                .union(FieldSet.ofPath("f:metadata", "f:name"))
                                .union(FieldSet.ofPath("f:metadata", "f:managedFields"));
                FieldSet present =
                        TypedTree.fields(object, Optional.of(RandomTrees.SCHEMA)).without(system);
                FieldSet owned =
                        ManagedFields.from(object)
                                .ofOthersThan(ManagedFields.Owner.applier("nobody", ""));

                assertThat(owned.differenceOfNamed(present).paths())
                        .as("seed %d: owned, absent", seed)
                        .isEmpty();
                // A struct that an update emptied is nobody's: emptying changes what was in it.
                ObjectNode now = object;
                assertThat(present.differenceOfNamed(owned).paths())
                        .as("seed %d: unowned", seed)
                        .allMatch(path -> now.at(path.replace('.', '/')).isEmpty());
            }
        }
    }

    /*
     * Laws of apply over seeded random objects of every shape: idempotent; the document is in the result;
     * documents that touch disjoint fields commute; ownership never names what is not there; forcing leaves
     * no other owner of a value that it changed.
     */
    @Test
    void lawsOfApplyHold() {
        for (int seed = 0; seed < 1_500; seed++) {
            RandomTrees random = new RandomTrees(new Random(seed));
            ObjectNode a = random.fitting();
            ObjectNode b = random.fitting();
            ObjectNode afterA = forced(NOTHING, "a", a);
            ObjectNode afterB = forced(afterA, "b", b);
            ObjectNode again = forced(afterB, "b", b);

            assertThat((Object) again).as("seed %d: idempotent", seed).isSameAs(afterB);
            assertThat((Object) TypedTree.merge(afterB, b, Optional.of(RandomTrees.SCHEMA)))
                    .as("seed %d: the document is in the result", seed)
                    .isEqualTo(afterB);
            FieldSet present = TypedTree.fields(afterB, Optional.of(RandomTrees.SCHEMA));
            FieldSet claimed =
                    ManagedFields.from(afterB)
                            .ofOthersThan(ManagedFields.Owner.applier("nobody", ""));
            assertThat(claimed.differenceOfNamed(present).paths())
                    .as("seed %d: owned but absent", seed)
                    .isEmpty();
            ObjectNode withdrawn =
                    forced(
                            afterB,
                            "b",
                            Trees.object(
                                    "{'apiVersion':'e.io/v1','kind':'E','metadata':{'name':"
                                            + "'x'}}"));
            FieldSet left = TypedTree.fields(withdrawn, Optional.of(RandomTrees.SCHEMA));
            FieldSet onlyB = claimed(afterB, "b").difference(claimed(afterB, "a"));
            assertThat(onlyB.intersection(left).differenceOfNamed(claimed(afterB, "a")).paths())
                    .as("seed %d: what b alone owned is gone when b withdraws", seed)
                    .isEmpty();
        }
    }

    @Test
    void disjointAppliersCommute() {
        for (int seed = 0; seed < 500; seed++) {
            RandomTrees random = new RandomTrees(new Random(seed));
            ObjectNode whole = random.fitting();
            ObjectNode left = whole.deepCopy();
            ObjectNode right = whole.deepCopy();
            ((ObjectNode) left.path("spec")).retain("n", "map", "set", "list");
            ((ObjectNode) right.path("spec")).remove(java.util.List.of("n", "map", "set", "list"));

            ObjectNode leftFirst = forced(forced(NOTHING, "l", left), "r", right);
            ObjectNode rightFirst = forced(forced(NOTHING, "r", right), "l", left);

            assertThat((Object) leftFirst).as("seed %d", seed).isEqualTo(rightFirst);
        }
    }

    private static FieldSet claimed(ObjectNode object, String manager) {
        return ManagedFields.from(object).of(ManagedFields.Owner.applier(manager, ""));
    }

    private static ObjectNode forced(ObjectNode live, String manager, ObjectNode applied) {
        Optional<ApiObject> before =
                live.isEmpty() ? Optional.empty() : Optional.of(ApiObject.of(live));
        Outcome outcome =
                FieldOwnership.apply(
                        before, applied, manager, true, RandomTrees.SCHEMA, "e.io/v1", NOON, "");
        return ((Outcome.Merged) outcome).object();
    }

    private static String owned(ObjectNode object, String manager) {
        for (JsonNode entry : object.at("/metadata/managedFields")) {
            if (entry.path("manager").asText().equals(manager)) {
                return entry.path("fieldsV1").toString();
            }
        }
        return "";
    }
}
