package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Resource;
import dev.kemudi.api.Status.Cause;
import dev.kemudi.cel.ValidationRules;
import dev.kemudi.kernel.TimeSource;
import dev.kemudi.schema.Schema;
import dev.kemudi.store.Store;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * CustomResourceDefinitions: the one kind whose objects make kinds. What is served follows the
 * store, so that a definition written through another member is served here too; one written here
 * is served before the write is answered. A deleted one goes when the last of its objects has gone.
 */
final class CustomResources implements WatchCache.Follower {
    private static final System.Logger LOG = System.getLogger(CustomResources.class.getName());

    static final String CLEANUP = "customresourcecleanup.apiextensions.k8s.io";

    private final Registry registry;
    private final Store store;
    private final Limits limits;
    private final TimeSource time;
    private final CustomKinds kinds;
    private Consumer<ApiObject> cleaner = crd -> {};

    CustomResources(
            Registry registry, Store store, Limits limits, TimeSource time, CustomKinds kinds) {
        this.registry = registry;
        this.store = store;
        this.limits = limits;
        this.time = time;
        this.kinds = kinds;
    }

    /**
     * @param cleaner removes the objects of a deleted definition, in its own time
     */
    void cleanWith(Consumer<ApiObject> cleaner) {
        this.cleaner = cleaner;
    }

    /** Fills in what the server says of a definition: names, conditions, the finalizer. */
    void prepare(Kind kind, ObjectNode tree, Optional<ApiObject> old) {
        if (!CustomKinds.isDefinition(kind)) {
            return;
        }
        ObjectNode spec = tree.withObjectProperty("spec");
        ObjectNode names = spec.withObjectProperty("names");
        String kindName = names.path("kind").asText("");
        if (names.path("singular").asText("").isEmpty()) {
            names.put("singular", kindName.toLowerCase(Locale.ROOT));
        }
        if (names.path("listKind").asText("").isEmpty()) {
            names.put("listKind", kindName + "List");
        }
        if (!spec.has("conversion")) {
            spec.putObject("conversion").put("strategy", "None");
        }
        ConversionRules.fill(spec.path("conversion"));
        if (old.isEmpty()) {
            ArrayNode finalizers = ObjectMeta.of(tree).withArrayProperty("finalizers");
            boolean held = false;
            for (JsonNode finalizer : finalizers) {
                held |= finalizer.asText().equals(CLEANUP);
            }
            if (!held) {
                finalizers.add(CLEANUP);
            }
        }
        status(tree, spec, names, old);
    }

    private void status(
            ObjectNode tree, ObjectNode spec, ObjectNode names, Optional<ApiObject> old) {
        ObjectNode status = tree.withObjectProperty("status");
        status.set("acceptedNames", names.deepCopy());
        Set<String> stored = new java.util.LinkedHashSet<>();
        status.path("storedVersions").forEach(v -> stored.add(v.asText()));
        for (JsonNode version : spec.path("versions")) {
            if (version.path("storage").asBoolean()) {
                stored.add(version.path("name").asText());
            }
        }
        ArrayNode array = status.putArray("storedVersions");
        stored.forEach(array::add);
        if (status.path("conditions").isEmpty() || old.isEmpty()) {
            ArrayNode conditions = status.putArray("conditions");
            condition(conditions, "NamesAccepted", "NoConflicts", "no conflicts found");
            condition(
                    conditions,
                    "Established",
                    "InitialNamesAccepted",
                    "the initial names have been accepted");
        }
    }

    private void condition(ArrayNode conditions, String type, String reason, String message) {
        conditions
                .addObject()
                .put("type", type)
                .put("status", "True")
                .put("lastTransitionTime", ObjectMeta.timestamp(time.now()))
                .put("reason", reason)
                .put("message", message);
    }

    List<Cause> validate(Kind kind, ObjectNode tree) {
        if (!CustomKinds.isDefinition(kind)) {
            return List.of();
        }
        List<Cause> causes = new ArrayList<>();
        JsonNode spec = tree.path("spec");
        JsonNode names = spec.path("names");
        String plural = names.path("plural").asText();
        String group = spec.path("group").asText();
        String name = tree.path("metadata").path("name").asText();
        if (!name.equals(plural + "." + group)) {
            causes.add(
                    ObjectMeta.invalid(
                            "metadata.name", name, "must be spec.names.plural+\".\"+spec.group"));
        }
        if (!Names.isDnsSubdomain(group) || group.indexOf('.') < 0) {
            causes.add(
                    ObjectMeta.invalid(
                            "spec.group", group, "should be a domain with at least one dot"));
        }
        for (String field : List.of("plural", "singular")) {
            if (!Names.isDnsLabel(names.path(field).asText())) {
                causes.add(
                        ObjectMeta.invalid(
                                "spec.names." + field,
                                names.path(field).asText(),
                                "a lowercase RFC 1123 label"));
            }
        }
        String scope = spec.path("scope").asText();
        if (!scope.equals("Namespaced") && !scope.equals("Cluster")) {
            causes.add(
                    new Cause(
                            "FieldValueNotSupported",
                            "Unsupported value: \""
                                    + scope
                                    + "\": supported values: \"Cluster\", \"Namespaced\"",
                            "spec.scope"));
        }
        causes.addAll(ConversionRules.check(spec.path("conversion")));
        registry.any(group, plural)
                .filter(k -> !k.custom())
                .ifPresent(k ->
                        causes.add(
                                ObjectMeta.invalid(
                                        "spec.names.plural",
                                        plural,
                                        "is a built-in resource of this group")));
        versions(spec.path("versions"), causes);
        return causes;
    }

    private static void versions(JsonNode versions, List<Cause> causes) {
        Set<String> seen = new HashSet<>();
        int storage = 0;
        for (int i = 0; i < versions.size(); i++) {
            JsonNode version = versions.get(i);
            String field = "spec.versions[" + i + "]";
            String name = version.path("name").asText();
            if (!Names.isDnsLabel(name)) {
                causes.add(ObjectMeta.invalid(field + ".name", name, "a lowercase RFC 1035 label"));
            }
            if (!seen.add(name)) {
                causes.add(
                        new Cause(
                                "FieldValueDuplicate",
                                "Duplicate value: \"" + name + "\"",
                                field + ".name"));
            }
            storage += version.path("storage").asBoolean() ? 1 : 0;
            if (!version.path("schema").path("openAPIV3Schema").isObject()) {
                causes.add(
                        new Cause(
                                "FieldValueRequired",
                                "Required value: schemas are required",
                                field + ".schema.openAPIV3Schema"));
            } else {
                schema(version.path("schema").path("openAPIV3Schema"), field + ".schema.", causes);
            }
            paths(version, field, causes);
        }
        if (storage != 1) {
            causes.add(
                    ObjectMeta.invalid(
                            "spec.versions",
                            String.valueOf(storage),
                            "must have exactly one version marked as storage version"));
        }
    }

    private static void schema(JsonNode schema, String field, List<Cause> causes) {
        List<Cause> found = Schema.check(schema);
        for (Cause cause : found) {
            causes.add(new Cause(cause.reason(), cause.message(), field + cause.field()));
        }
        if (found.isEmpty() && ValidationRules.anyIn(schema)) {
            causes.addAll(
                    ValidationRules.compile(
                                    schema,
                                    field + "openAPIV3Schema",
                                    dev.kemudi.cel.Limits.defaults())
                            .problems());
        }
    }

    private static void paths(JsonNode version, String field, List<Cause> causes) {
        for (String list : List.of("additionalPrinterColumns", "selectableFields")) {
            int i = 0;
            for (JsonNode item : version.path(list)) {
                String path = item.path("jsonPath").asText();
                try {
                    new JsonPath(path).find(version);
                } catch (IllegalArgumentException e) {
                    causes.add(
                            ObjectMeta.invalid(
                                    field + "." + list + "[" + i + "].jsonPath",
                                    path,
                                    String.valueOf(e.getMessage())));
                }
                i++;
            }
        }
        JsonNode scale = version.path("subresources").path("scale");
        for (String path : List.of("specReplicasPath", "statusReplicasPath")) {
            if (!scale.isMissingNode() && !scale.path(path).asText("").startsWith(".")) {
                causes.add(
                        ObjectMeta.invalid(
                                field + ".subresources.scale." + path,
                                scale.path(path).asText(),
                                "should be a json path under .spec or .status"));
            }
        }
    }

    /** Waits until what was written at {@code revision} is served, if it is a definition. */
    void written(Kind kind, long revision) {
        if (CustomKinds.isDefinition(kind)) {
            kind.cache().awaitRevision(revision);
        }
    }

    @Override
    public void loaded(Collection<ApiObject> all) {
        Set<String> declared = new HashSet<>();
        all.forEach(crd -> declared.add(crd.name()));
        for (Kind kind : registry.all()) {
            if (kind.custom() && !declared.contains(definitionOf(kind.resource()))) {
                remove(kind.resource().group(), kind.resource().plural());
            }
        }
        all.forEach(this::follow);
    }

    private static String definitionOf(Resource resource) {
        return resource.plural() + "." + resource.group();
    }

    @Override
    public void changed(Change change) {
        change.after()
                .ifPresentOrElse(
                        this::follow,
                        () ->
                                remove(
                                        change.last().text("/spec/group"),
                                        change.last().text("/spec/names/plural")));
    }

    private void follow(ApiObject crd) {
        try {
            serve(crd);
            if (crd.deleting()) {
                cleaner.accept(crd);
            }
        } catch (RuntimeException e) { // one that no API server accepted must not stop the others
            LOG.log(Level.ERROR, "the stored definition " + crd.name() + " cannot be served", e);
        }
    }

    private void serve(ApiObject crd) {
        String group = crd.text("/spec/group");
        String plural = crd.text("/spec/names/plural");
        WatchCache cache =
                registry.any(group, plural)
                        .map(Kind::cache)
                        .orElseGet(() -> {
                            Resource any = new Resource(group, "", plural, "", false);
                            return new WatchCache(store, Kind.keyPrefix(any), limits);
                        });
        registry.replace(group, plural, kinds.of(crd, cache));
    }

    private void remove(String group, String plural) {
        Optional<Kind> served = registry.any(group, plural);
        registry.replace(group, plural, List.of());
        served.ifPresent(k -> k.cache().close());
    }
}
