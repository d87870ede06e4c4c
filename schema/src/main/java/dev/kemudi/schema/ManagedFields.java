package dev.kemudi.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/** Who owns which fields: {@code metadata.managedFields} as a map. Mutable; one thread. */
final class ManagedFields {
    /**
     * More update managers than this are folded into one, as Kubernetes does, so that the list
     * stays bounded.
     */
    static final int UPDATERS_MAX = 10;

    private static final String ANCIENT = "ancient-changes";

    enum Operation {
        APPLY("Apply"),
        UPDATE("Update");

        final String word;

        Operation(String word) {
            this.word = word;
        }
    }

    /**
     * @param apiVersion empty for appliers: an applier is the same whatever version it applies in
     */
    record Owner(String manager, Operation operation, String apiVersion, String subresource) {
        static Owner applier(String manager, String subresource) {
            return new Owner(manager, Operation.APPLY, "", subresource);
        }

        static Owner updater(String manager, String apiVersion, String subresource) {
            return new Owner(manager, Operation.UPDATE, apiVersion, subresource);
        }

        /** As conflict messages name the owner. */
        String described() {
            String name = "\"" + manager + "\"";
            String via = subresource.isEmpty() ? "" : " with subresource \"" + subresource + "\"";
            return name + via + (operation == Operation.UPDATE ? " using " + apiVersion : "");
        }
    }

    /**
     * @param time RFC 3339 seconds
     */
    record Owned(FieldSet fields, String apiVersion, String time) {}

    private final Map<Owner, Owned> entries;

    private ManagedFields(Map<Owner, Owned> entries) {
        this.entries = entries;
    }

    static ManagedFields none() {
        return new ManagedFields(new LinkedHashMap<>());
    }

    ManagedFields copy() {
        return new ManagedFields(new LinkedHashMap<>(entries));
    }

    /**
     * @throws IllegalArgumentException when an entry's operation or fields cannot be read
     */
    static ManagedFields from(JsonNode object) {
        ManagedFields fields = none();
        for (JsonNode entry : object.path("metadata").path("managedFields")) {
            String apiVersion = entry.path("apiVersion").asText("");
            String manager = entry.path("manager").asText("");
            String subresource = entry.path("subresource").asText("");
            String word = entry.path("operation").asText("");
            Owner owner =
                    switch (word) {
                        case "Apply" -> Owner.applier(manager, subresource);
                        case "Update" -> Owner.updater(manager, apiVersion, subresource);
                        default ->
                                throw new IllegalArgumentException(
                                        "metadata.managedFields: operation must be Apply or Update, found \""
                                                + word
                                                + "\"");
                    };
            FieldSet set = FieldSet.fromFieldsV1(entry.path("fieldsV1"));
            Owned owned = new Owned(set, apiVersion, entry.path("time").asText(""));
            fields.entries.merge(
                    owner,
                    owned,
                    (a, b) -> new Owned(a.fields.union(b.fields), b.apiVersion, b.time));
        }
        return fields;
    }

    boolean isEmpty() {
        return entries.isEmpty();
    }

    Map<Owner, Owned> entries() {
        return entries;
    }

    FieldSet of(Owner owner) {
        Owned owned = entries.get(owner);
        return owned == null ? FieldSet.EMPTY : owned.fields;
    }

    FieldSet ofOthersThan(Owner owner) {
        FieldSet union = FieldSet.EMPTY;
        for (Map.Entry<Owner, Owned> e : entries.entrySet()) {
            if (!e.getKey().equals(owner)) {
                union = union.union(e.getValue().fields);
            }
        }
        return union;
    }

    void put(Owner owner, FieldSet fields, String apiVersion, Instant now) {
        entries.put(
                owner,
                new Owned(fields, apiVersion, now.truncatedTo(ChronoUnit.SECONDS).toString()));
    }

    /**
     * Takes {@code fields} from everyone but {@code owner}; who is left with nothing is dropped.
     */
    void takeFromOthers(Owner owner, FieldSet fields) {
        if (!fields.isEmpty()) {
            entries.replaceAll((o, owned) ->
                    o.equals(owner)
                            ? owned
                            : new Owned(
                                    owned.fields.difference(fields), owned.apiVersion, owned.time));
        }
        dropEmpty();
    }

    void dropEmpty() {
        entries.values().removeIf(owned -> owned.fields.isEmpty());
    }

    /** Folds the oldest update managers of one API version together when there are too many. */
    void cap() {
        List<Map.Entry<Owner, Owned>> updaters =
                entries.entrySet().stream()
                        .filter(e ->
                                e.getKey().operation == Operation.UPDATE
                                        && e.getKey().subresource.isEmpty())
                        .sorted(
                                Comparator.comparing(
                                                (Map.Entry<Owner, Owned> e) -> e.getValue().time)
                                        .thenComparing(e -> e.getKey().manager))
                        .toList();
        int surplus = updaters.size() - UPDATERS_MAX;
        for (int i = 0; i <= surplus && surplus > 0; i++) {
            Owner oldest = updaters.get(i).getKey();
            Owned owned = updaters.get(i).getValue();
            entries.remove(oldest);
            entries.merge(
                    Owner.updater(ANCIENT, oldest.apiVersion, ""),
                    owned,
                    (a, b) -> new Owned(a.fields.union(b.fields), b.apiVersion, b.time));
        }
    }

    /** Appliers first, then by time and name: the order that Kubernetes writes. */
    ArrayNode toJson() {
        ArrayNode array = JsonNodeFactory.instance.arrayNode();
        entries.entrySet().stream()
                .sorted(
                        Comparator.comparing((Map.Entry<Owner, Owned> e) -> e.getKey().operation)
                                .thenComparing(e -> e.getValue().time)
                                .thenComparing(e -> e.getKey().manager)
                                .thenComparing(e -> e.getKey().apiVersion)
                                .thenComparing(e -> e.getKey().subresource))
                .forEach(e -> array.add(entry(e.getKey(), e.getValue())));
        return array;
    }

    private static ObjectNode entry(Owner owner, Owned owned) {
        ObjectNode entry = JsonNodeFactory.instance.objectNode();
        entry.put("manager", owner.manager).put("operation", owner.operation.word);
        entry.put("apiVersion", owned.apiVersion);
        if (!owned.time.isEmpty()) {
            entry.put("time", owned.time);
        }
        entry.put("fieldsType", "FieldsV1").set("fieldsV1", owned.fields.toFieldsV1());
        if (!owner.subresource.isEmpty()) {
            entry.put("subresource", owner.subresource);
        }
        return entry;
    }

    /** Same owners with the same fields, whatever the times. */
    boolean sameOwnership(ManagedFields other) {
        return ownership().equals(other.ownership());
    }

    private Map<Owner, FieldSet> ownership() {
        Map<Owner, FieldSet> ownership = new LinkedHashMap<>();
        entries.forEach((owner, owned) -> ownership.put(owner, owned.fields));
        return ownership;
    }

    /** Conflicting fields by how their owner is described, both sorted. */
    static Map<String, TreeSet<String>> describe(Map<Owner, FieldSet> conflicts) {
        Map<String, TreeSet<String>> described = new TreeMap<>();
        conflicts.forEach((owner, fields) ->
                described
                        .computeIfAbsent(owner.described(), d -> new TreeSet<>())
                        .addAll(fields.paths()));
        return described;
    }
}
