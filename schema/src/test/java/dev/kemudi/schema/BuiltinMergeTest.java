package dev.kemudi.schema;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.schema.FieldOwnership.Outcome;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * The laws of merging, over seeded random objects of every built-in kind with its own lists and
 * keys.
 */
class BuiltinMergeTest {
    private static final long SEED = Long.getLong("kemudi.seed", 20_261_123L);
    private static final int ROUNDS = Integer.getInteger("kemudi.merge.rounds", 3);
    private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");

    /** Few words: elements of one object are found in the other. */
    private static final int WORDS = 4;

    private final BuiltinSchemas schemas = new BuiltinSchemas();

    /** Objects of one kind to merge with each other. */
    private record Subject(
            JsonNode definition,
            Schema schema,
            BuiltinObjects objects,
            String apiVersion,
            String kind) {
        ObjectNode next() {
            ObjectNode object = objects.object(apiVersion, kind);
            ObjectNode metadata = object.withObject("/metadata");
            metadata.removeAll();
            metadata.put("name", "x").putObject("labels").put("l", "v");
            return object;
        }
    }

    private void everyKind(BiConsumer<Subject, String> law) {
        int kinds = 0;
        for (String apiVersion : schemas.groupVersions()) {
            for (Map.Entry<String, String> kind : schemas.kinds(apiVersion).entrySet()) {
                String name = kind.getKey();
                if (!name.endsWith("List")
                        && schemas.kinds(apiVersion).containsKey(name + "List")) {
                    kinds++;
                    for (long seed = SEED; seed < SEED + ROUNDS; seed++) {
                        BuiltinObjects objects =
                                new BuiltinObjects(schemas, new Random(seed), WORDS);
                        JsonNode definition = objects.definition(kind.getValue());
                        Schema schema = schemas.of(apiVersion, name).orElseThrow();
                        law.accept(
                                new Subject(definition, schema, objects, apiVersion, name),
                                "%s %s, seed %d".formatted(apiVersion, name, seed));
                    }
                }
            }
        }
        assertThat(kinds).isGreaterThan(40);
    }

    @Test
    void everyPatchThatIsMadeArrives() {
        everyKind((kind, as) -> {
            ObjectNode from = kind.next();
            ObjectNode to = kind.next();
            ObjectNode before = from.deepCopy();
            assertThat((Object) Patches.json(from, PatchDiffs.json(from, to))).as(as).isEqualTo(to);
            assertThat((Object) Patches.merge(from, RandomTrees.mergePatch(from, to)))
                    .as(as)
                    .isEqualTo(to);
            ObjectNode strategic =
                    new PatchDiffs(kind.objects()).strategic(from, to, kind.definition());
            ObjectNode arrived = Patches.strategic(from, strategic, kind.schema());
            assertThat((Object) arrived).as("%s: %s", as, strategic).isEqualTo(to);
            assertThat((Object) Patches.strategic(arrived, strategic, kind.schema()))
                    .as(as)
                    .isEqualTo(to);
            assertThat((Object) from).as(as).isEqualTo(before);
        });
    }

    @Test
    void applyingIsIdempotentAndTheDocumentIsInTheResult() {
        everyKind((kind, as) -> {
            ObjectNode b = kind.next();
            ObjectNode afterB = forced(kind, forced(kind, null, kind.next(), "a"), b, "b");
            assertThat((Object) forced(kind, afterB, b, "b")).as(as).isSameAs(afterB);
            assertThat((Object) TypedTree.merge(afterB, b, Optional.of(kind.schema())))
                    .as(as)
                    .isEqualTo(afterB);
        });
    }

    @Test
    void disjointOwnersMayComeInAnyOrder() {
        everyKind((kind, as) -> {
            ObjectNode left = kind.next();
            ObjectNode right = left.deepCopy();
            List<String> members = new ArrayList<>();
            left.path("spec").fieldNames().forEachRemaining(members::add);
            if (left.path("spec") instanceof ObjectNode spec
                    && right.path("spec") instanceof ObjectNode other) {
                List<String> half = members.subList(0, members.size() / 2);
                spec.remove(half);
                other.retain(half);
            }
            ObjectNode leftFirst = forced(kind, forced(kind, null, left, "l"), right, "r");
            ObjectNode rightFirst = forced(kind, forced(kind, null, right, "r"), left, "l");
            assertThat((Object) leftFirst).as(as).isEqualTo(rightFirst);
        });
    }

    @Test
    void aConflictIsToldExactlyWhenAnothersDocumentWouldNotHold() {
        int[] held = {0};
        int[] conflicting = {0};
        everyKind((kind, as) -> {
            ObjectNode a = kind.next();
            ObjectNode b = kind.next();
            ObjectNode afterA = forced(kind, null, a, "a");
            ObjectNode afterB = forced(kind, afterA, b, "b");
            boolean holds =
                    unordered(TypedTree.merge(afterB, a, Optional.of(kind.schema())))
                            .equals(unordered(afterB));
            Outcome asked = apply(kind, afterA, b, "b", false);
            if (holds) {
                held[0]++;
                assertThat((Object) ((Outcome.Merged) asked).object()).as(as).isEqualTo(afterB);
            } else {
                conflicting[0]++;
                assertThat(asked).as(as).isInstanceOf(Outcome.Conflicts.class);
            }
        });
        assertThat(held[0])
                .as("documents that agree, of %d that do not", conflicting[0])
                .isPositive();
        assertThat(conflicting[0]).isPositive();
    }

    @Test
    void whatAnOwnerLeavesOutGoesUnlessAnotherHasItToo() {
        everyKind((kind, as) -> {
            ObjectNode shared = kind.next();
            ObjectNode more = forced(kind, null, kind.next(), "other");
            more.withObject("/metadata").remove("managedFields");
            ObjectNode merged =
                    (ObjectNode) TypedTree.merge(more, shared, Optional.of(kind.schema()));
            ObjectNode both = forced(kind, forced(kind, null, shared, "a"), merged, "b");
            ObjectNode nothing = shared.deepCopy();
            nothing.retain("apiVersion", "kind", "metadata");
            nothing.withObject("/metadata").retain("name");
            ObjectNode withoutB = forced(kind, both, nothing, "b");
            assertThat(unordered(content(withoutB))).as(as).isEqualTo(unordered(content(shared)));
            ObjectNode withoutBoth = content(forced(kind, withoutB, nothing, "a"));
            withoutBoth.remove(List.of("apiVersion", "kind", "metadata"));
            assertThat(withoutBoth).as(as).isEmpty();
        });
    }

    /** Without what ownership itself writes. */
    private static ObjectNode content(ObjectNode object) {
        ObjectNode copy = object.deepCopy();
        copy.withObject("/metadata").remove("managedFields");
        return copy;
    }

    /** With every list in one order, as the order of merged lists is nobody's. */
    private static JsonNode unordered(JsonNode node) {
        if (node.isObject()) {
            ObjectNode copy = ((ObjectNode) node).objectNode();
            node.properties().stream()
                    .sorted(Map.Entry.comparingByKey())
                    .forEach(e -> copy.set(e.getKey(), unordered(e.getValue())));
            return copy;
        }
        if (!node.isArray()) {
            return node;
        }
        List<JsonNode> elements = new ArrayList<>();
        node.forEach(element -> elements.add(unordered(element)));
        elements.sort(Comparator.comparing(JsonNode::toString));
        return JsonNodeFactory.instance.arrayNode().addAll(elements);
    }

    private static ObjectNode forced(
            Subject kind, @Nullable ObjectNode live, ObjectNode applied, String manager) {
        return ((Outcome.Merged) apply(kind, live, applied, manager, true)).object();
    }

    private static Outcome apply(
            Subject kind,
            @Nullable ObjectNode live,
            ObjectNode applied,
            String manager,
            boolean force) {
        return FieldOwnership.apply(
                Optional.ofNullable(live).map(ApiObject::of),
                applied,
                manager,
                force,
                kind.schema(),
                kind.apiVersion(),
                NOON,
                "");
    }
}
