package dev.kemudi.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Status;
import dev.kemudi.schema.ManagedFields.Owned;
import dev.kemudi.schema.ManagedFields.Owner;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/*
 * Who owns a field
 * ----------------
 * metadata.managedFields names, for each manager and operation, the set of fields it has had the last word
 * on.
 *
 * apply   lays the applied document over the live object, removes what this applier owned before and has now
 *         left out (unless someone else owns it too), and compares the result with the live object. A field
 *         that would change and that another manager owns is a conflict: refused, or taken when forced. The
 *         applier's set becomes exactly the fields of its document: it also owns fields whose value it did
 *         not change, together with their other owners.
 * update  (create, replace, patch) compares old and new; the manager owns what it added or changed, everyone
 *         loses what was changed or removed.
 *
 * What holds always:
 *   applying the same document twice changes nothing, times included;
 *   no manager with an empty set is recorded; metadata that the system keeps is owned by nobody.
 *
 * Source: Kubernetes "Server-Side Apply", structured-merge-diff v4. Converting field sets between API
 * versions is not done: all versions of a kind are taken to have the same paths.
 */
/** Field ownership and server-side apply, as pure functions. Safe for use by many threads. */
public final class FieldOwnership {
    /** Kept by the system, so owned by nobody. */
    private static final FieldSet SYSTEM_FIELDS =
            systemFields(
                    "name",
                    "namespace",
                    "creationTimestamp",
                    "deletionTimestamp",
                    "deletionGracePeriodSeconds",
                    "selfLink",
                    "uid",
                    "clusterName",
                    "generation",
                    "managedFields",
                    "resourceVersion");

    private static final String LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

    private FieldOwnership() {}

    /** How an apply ended. */
    public sealed interface Outcome {
        /**
         * Merged, with {@code managedFields} up to date.
         *
         * @param changed false when the live object already was exactly so; {@code object} then is
         *     the live tree itself
         */
        record Merged(ObjectNode object, boolean changed) implements Outcome {}

        /**
         * Refused: others own fields that the apply would change (HTTP 409, reason {@code
         * Conflict}).
         *
         * @param message worded as Kubernetes words it
         * @param causes one {@code FieldManagerConflict} for each field and manager
         */
        record Conflicts(String message, List<Status.Cause> causes) implements Outcome {}

        /** Refused: the applied document or the live managedFields cannot be used (HTTP 400). */
        record Unusable(String message) implements Outcome {}
    }

    /**
     * Server-side apply.
     *
     * @param live the stored object, empty when the apply creates it
     * @param applied the document as the user sent it: no defaults filled in, without the parts
     *     that this endpoint ignores ({@code status} on the main endpoint of a kind with a status
     *     subresource)
     * @param force takes fields that others own
     * @param apiVersion the version of the request
     * @param now for the manager's entry, to the second
     * @param subresource empty, {@code status} or {@code scale}
     */
    public static Outcome apply(
            Optional<ApiObject> live,
            ObjectNode applied,
            String manager,
            boolean force,
            Schema schema,
            String apiVersion,
            Instant now,
            String subresource) {
        if (!applied.path("metadata").path("managedFields").isEmpty()) {
            return new Outcome.Unusable("metadata.managedFields must be nil");
        }
        ObjectNode liveTree =
                live.map(ApiObject::tree).orElseGet(JsonNodeFactory.instance::objectNode);
        ManagedFields before;
        try {
            before = ManagedFields.from(liveTree);
        } catch (IllegalArgumentException e) {
            return new Outcome.Unusable(String.valueOf(e.getMessage()));
        }
        ObjectNode config = withoutNulls(applied, schema);
        Optional<String> misshapen = TypedTree.misshapen(config, Optional.of(schema), "");
        if (misshapen.isPresent()) {
            return new Outcome.Unusable(misshapen.get());
        }
        Owner applier = Owner.applier(manager, subresource);
        FieldSet wanted = scoped(TypedTree.fields(config, Optional.of(schema)), subresource);
        FieldSet others = before.ofOthersThan(applier);
        FieldSet dropped = before.of(applier).differenceOfNamed(wanted).differenceOfNamed(others);

        ObjectNode liveBare = withoutManagedFields(liveTree);
        JsonNode laid = TypedTree.merge(liveBare, config, Optional.of(schema));
        ObjectNode merged =
                (ObjectNode)
                        TypedTree.remove(laid, dropped, others.union(wanted), Optional.of(schema));
        var comparison =
                TypedTree.compare(liveBare, merged, Optional.of(schema)).without(SYSTEM_FIELDS);

        Map<Owner, FieldSet> conflicts = conflicts(before, applier, comparison.changed());
        boolean mayTake = force || migratesClientSideApply(manager, liveBare, conflicts, schema);
        if (!conflicts.isEmpty() && !mayTake) {
            return refusal(conflicts);
        }
        ManagedFields after = before.copy();
        after.takeFromOthers(applier, comparison.changed().union(comparison.removed()));
        after.put(applier, wanted, apiVersion, now);
        after.dropEmpty();
        boolean same =
                live.isPresent() && TypedTree.same(liveBare, merged) && before.sameOwnership(after);
        return same
                ? new Outcome.Merged(liveTree, false)
                : new Outcome.Merged(with(merged, after), true);
    }

    /**
     * Keeps {@code metadata.managedFields} on create, replace and patch.
     *
     * @param old the stored object, empty on create
     * @param updated what is about to be stored, defaults filled in; its own managedFields, when it
     *     has some, say what the client made of them
     * @return {@code updated} with its managedFields up to date: a new tree that shares what lies
     *     below {@code metadata} and the other members
     * @throws IllegalArgumentException when the client's managedFields cannot be read
     */
    public static ObjectNode update(
            Optional<ApiObject> old,
            ObjectNode updated,
            String manager,
            Schema schema,
            String apiVersion,
            Instant now,
            String subresource) {
        ObjectNode oldTree =
                old.map(ApiObject::tree).orElseGet(JsonNodeFactory.instance::objectNode);
        ObjectNode bare = withoutManagedFields(updated);
        JsonNode sent = updated.path("metadata").path("managedFields");
        if (sent.size() == 1 && sent.get(0).isEmpty()) {
            return bare; // [{}] asks to forget all ownership
        }
        ManagedFields fields = ManagedFields.from(updated);
        if (fields.isEmpty()) {
            fields = ManagedFields.from(oldTree);
        }
        var comparison =
                TypedTree.compare(withoutManagedFields(oldTree), bare, Optional.of(schema))
                        .without(SYSTEM_FIELDS);
        Owner updater = Owner.updater(manager, apiVersion, subresource);
        FieldSet changed = comparison.changed();
        fields.takeFromOthers(updater, changed.union(comparison.removed()));
        FieldSet mine = fields.of(updater).difference(comparison.removed());
        if (!changed.isEmpty()) {
            fields.put(updater, mine.union(changed), apiVersion, now);
        } else {
            fields.entries()
                    .computeIfPresent(
                            updater,
                            (o, owned) -> new Owned(mine, owned.apiVersion(), owned.time()));
        }
        fields.dropEmpty();
        fields.cap();
        return with(bare, fields);
    }

    private static Map<Owner, FieldSet> conflicts(
            ManagedFields fields, Owner applier, FieldSet changed) {
        Map<Owner, FieldSet> conflicts = new LinkedHashMap<>();
        fields.entries()
                .forEach((owner, owned) -> {
                    FieldSet conflict = owned.fields().intersection(changed);
                    if (!owner.equals(applier) && !conflict.isEmpty()) {
                        conflicts.put(owner, conflict);
                    }
                });
        return conflicts;
    }

    private static Outcome refusal(Map<Owner, FieldSet> conflicts) {
        List<Status.Cause> causes = new ArrayList<>();
        StringBuilder lines = new StringBuilder();
        for (Map.Entry<String, TreeSet<String>> e : ManagedFields.describe(conflicts).entrySet()) {
            lines.append(lines.isEmpty() ? "" : "\n")
                    .append("conflicts with ")
                    .append(e.getKey())
                    .append(':');
            for (String path : e.getValue()) {
                lines.append("\n- ").append(path);
                causes.add(
                        new Status.Cause(
                                "FieldManagerConflict", "conflict with " + e.getKey(), path));
            }
        }
        String what =
                causes.size() == 1
                        ? "1 conflict: "
                                + causes.getFirst().message()
                                + ": "
                                + causes.getFirst().field()
                        : causes.size() + " conflicts: " + lines;
        return new Outcome.Conflicts("Apply failed with " + what, causes);
    }

    /**
     * kubectl moving from client-side to server-side apply: a conflict over a field whose live
     * value is still the one that {@code kubectl apply} last wrote is no conflict.
     */
    private static boolean migratesClientSideApply(
            String manager, ObjectNode live, Map<Owner, FieldSet> conflicts, Schema schema) {
        String lastApplied =
                live.path("metadata").path("annotations").path(LAST_APPLIED).asText("");
        if (!manager.equals("kubectl") || conflicts.isEmpty() || lastApplied.isEmpty()) {
            return false;
        }
        ObjectNode last;
        try {
            last = ApiObject.parse(lastApplied).tree();
        } catch (IllegalArgumentException e) {
            return false; // the annotation is the user's own text: then it proves nothing
        }
        JsonNode again = TypedTree.merge(live, withoutNulls(last, schema), Optional.of(schema));
        FieldSet moved = TypedTree.compare(live, again, Optional.of(schema)).changed();
        FieldSet unmoved =
                TypedTree.fields(withoutNulls(last, schema), Optional.of(schema)).difference(moved);
        return conflicts.values().stream().allMatch(c -> c.difference(unmoved).isEmpty());
    }

    private static FieldSet scoped(FieldSet fields, String subresource) {
        FieldSet owned = fields.without(SYSTEM_FIELDS);
        return subresource.equals("status") ? owned.only(PathElements.field("status")) : owned;
    }

    private static ObjectNode withoutNulls(ObjectNode applied, Schema schema) {
        ObjectNode copy = applied.deepCopy();
        dropNulls(copy, Optional.of(schema));
        return copy;
    }

    private static void dropNulls(JsonNode value, Optional<Schema> declared) {
        if (value instanceof ObjectNode object) {
            object.properties()
                    .removeIf(e ->
                            e.getValue().isNull()
                                    && !declared.flatMap(s -> s.member(e.getKey()))
                                            .map(m -> m.nullable || m.resolved().nullable)
                                            .orElse(false));
            object.properties()
                    .forEach(e ->
                            dropNulls(e.getValue(), declared.flatMap(s -> s.member(e.getKey()))));
        } else if (value instanceof ArrayNode array) {
            array.forEach(element -> dropNulls(element, declared.flatMap(Schema::items)));
        }
    }

    /** A copy as far down as {@code metadata}; what is below is shared. */
    private static ObjectNode withoutManagedFields(ObjectNode tree) {
        ObjectNode copy = JsonNodeFactory.instance.objectNode();
        copy.setAll(tree);
        if (tree.get("metadata") instanceof ObjectNode metadata) {
            ObjectNode bare = copy.putObject("metadata");
            bare.setAll(metadata);
            bare.remove("managedFields");
        }
        return copy;
    }

    private static ObjectNode with(ObjectNode bare, ManagedFields fields) {
        if (fields.isEmpty()) {
            return bare;
        }
        ObjectNode metadata =
                bare.get("metadata") instanceof ObjectNode present
                        ? present
                        : bare.putObject("metadata");
        metadata.set("managedFields", fields.toJson());
        return bare;
    }

    private static FieldSet systemFields(String... metadata) {
        FieldSet fields = FieldSet.ofPath("f:apiVersion").union(FieldSet.ofPath("f:kind"));
        for (String name : metadata) {
            fields = fields.union(FieldSet.ofPath("f:metadata", PathElements.field(name)));
        }
        return fields;
    }
}
