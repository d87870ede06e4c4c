package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.admission.AdmissionChain;
import dev.kemudi.admission.Attributes.Operation;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Resource;
import dev.kemudi.api.Status;
import dev.kemudi.api.Status.Cause;
import dev.kemudi.kernel.TimeSource;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;

/*
 * How an object is written
 * ------------------------
 * Every write is: take the tree the client wants, settle what only the server may settle (metadata, status,
 * generation), fill defaults, drop or refuse what the schema does not know, validate, note who owns which
 * field, and put it in the store under the condition that nobody else was faster. Updates, patches, status
 * and scale all come down to `replace`: a function from the stored object to the wanted tree. With a revision
 * of its own the client takes part in the race and a loss is its 409; without one (most patches) the server
 * runs the race again with the newer object.
 */
/** Create, update and patch, the same for every way in. Trees handed in belong to this class. */
final class Writes {
    private final Storage storage;
    private final Limits limits;
    private final TimeSource time;
    private final Namespaces namespaces;
    private final Leases leases;
    private final CustomResources customResources;
    private final RoleGuard roleGuard;
    private final List<Filling> fillings;
    private final Admitting admission;

    Writes(
            Storage storage,
            Limits limits,
            TimeSource time,
            Namespaces namespaces,
            Leases leases,
            CustomResources customResources,
            RoleGuard roleGuard,
            List<Filling> fillings,
            Admitting admission) {
        this.storage = storage;
        this.limits = limits;
        this.time = time;
        this.namespaces = namespaces;
        this.leases = leases;
        this.customResources = customResources;
        this.roleGuard = roleGuard;
        this.fillings = fillings;
        this.admission = admission;
    }

    Instant now() {
        return time.now();
    }

    ApiObject create(Kind kind, String namespace, ObjectNode wanted, WriteOptions options) {
        Resource resource = kind.resource();
        checkIdentity(kind, namespace, "", wanted);
        ObjectNode metadata = ObjectMeta.of(wanted);
        if (!metadata.path("resourceVersion").asText("").isEmpty()) {
            throw new ApiException(
                    Status.badRequest(
                            "resourceVersion should not be set on objects to be created"));
        }
        if (resource.namespaced()) {
            namespaces.admit(resource, namespace, metadata.path("name").asText());
        }
        ObjectNode tree = admitted(kind, namespace, known(kind, wanted, options), options);
        metadata = ObjectMeta.of(tree);
        ObjectMeta.fillForCreate(metadata, time.now());
        String prefix = metadata.path("generateName").asText("");
        boolean generated = metadata.path("name").asText("").isEmpty() && !prefix.isEmpty();
        if (generated) {
            metadata.put("name", ObjectMeta.generatedName(prefix));
        }
        if (kind.custom() || kind.definition().statusSubresource()) {
            metadata.put("generation", 1);
        }
        kind.definition().strategy().prepareForCreate(tree);
        fill(kind, "", tree, Optional.empty(), options);
        customResources.prepare(kind, tree, Optional.empty());
        check(kind, tree, Optional.empty());
        roleGuard.admit(options.user(), kind, namespace, tree);
        tree = Ownership.updated(kind, Optional.empty(), tree, "", options, time.now());
        String name = ObjectMeta.of(tree).path("name").asText();
        admission.validate(creation(kind, namespace, name, tree, options));
        tree = kind.stored(tree);
        return kind.view(store(kind, namespace, tree, generated ? prefix : "", options));
    }

    /** What a creator wants, with defaults filled in and admission heard. */
    private ObjectNode admitted(
            Kind kind, String namespace, ObjectNode wanted, WriteOptions options) {
        fillDefaults(kind, wanted);
        String name = wanted.path("metadata").path("name").asText("");
        ObjectNode tree = admission.mutated(creation(kind, namespace, name, wanted, options));
        if (tree != wanted) {
            checkIdentity(kind, namespace, name, tree);
            tree = kind.rules().pruned(tree);
            fillDefaults(kind, tree);
        }
        return tree;
    }

    private static void fillDefaults(Kind kind, ObjectNode tree) {
        if (kind.definition().statusSubresource()) {
            tree.remove("status");
        }
        kind.rules().applyDefaults(tree);
        kind.definition().strategy().applyDefaults(tree);
    }

    private static Admitting.Request creation(
            Kind kind, String namespace, String name, ObjectNode tree, WriteOptions options) {
        return new Admitting.Request(
                Operation.CREATE,
                kind,
                "",
                namespace,
                name,
                Optional.of(tree),
                Optional.empty(),
                options);
    }

    private void fill(
            Kind kind,
            String subresource,
            ObjectNode tree,
            Optional<ApiObject> old,
            WriteOptions options) {
        fillings.forEach(filling -> filling.fill(kind, subresource, tree, old, options));
    }

    private ApiObject store(
            Kind kind,
            String namespace,
            ObjectNode tree,
            String generateName,
            WriteOptions options) {
        ObjectNode metadata = ObjectMeta.of(tree);
        for (int attempt = 0; ; attempt++) {
            String name = metadata.path("name").asText();
            kind.cache().load();
            if (options.dryRun()) {
                if (storage.read(kind, namespace, name).isEmpty()) {
                    return ApiObject.of(tree);
                }
            } else {
                long lease =
                        leases.leaseFor(
                                kind.definition().strategy().timeToLiveSeconds(ApiObject.of(tree)));
                Optional<ApiObject> stored = storage.write(kind, namespace, name, tree, 0, lease);
                if (stored.isPresent()) {
                    written(kind, Long.parseLong(stored.get().resourceVersion()));
                    return stored.get();
                }
            }
            if (generateName.isEmpty() || attempt >= limits.writeRetriesMax()) {
                throw new ApiException(Status.alreadyExists(kind.resource(), name));
            }
            metadata.put("name", ObjectMeta.generatedName(generateName));
        }
    }

    /** PUT of the object, its status or another part of it. */
    ApiObject update(
            Kind kind,
            String namespace,
            String name,
            String subresource,
            ObjectNode wanted,
            WriteOptions options) {
        checkIdentity(kind, namespace, name, wanted);
        String version = ObjectMeta.of(wanted).path("resourceVersion").asText("");
        ObjectNode known = known(kind, wanted, options);
        return replace(
                kind, namespace, name, subresource, version, old -> known.deepCopy(), options);
    }

    /**
     * Runs {@code change} on the stored object until it wins the race for it.
     *
     * @param version the only version to change; empty for whichever is newest
     * @param change from the stored object, in this kind's version, to a tree of its own
     */
    ApiObject replace(
            Kind kind,
            String namespace,
            String name,
            String subresource,
            String version,
            java.util.function.Function<ApiObject, ObjectNode> change,
            WriteOptions options) {
        kind.cache().load();
        for (int attempt = 0; attempt < limits.writeRetriesMax(); attempt++) {
            ApiObject stored =
                    storage.read(kind, namespace, name)
                            .orElseThrow(
                                    () -> new ApiException(Status.notFound(kind.resource(), name)));
            if (!version.isEmpty()
                    && !version.equals("0")
                    && !version.equals(stored.resourceVersion())) {
                throw modified(kind, name);
            }
            ApiObject old = kind.view(stored);
            ObjectNode tree = change.apply(old);
            String patched = ObjectMeta.of(tree).path("resourceVersion").asText("");
            if (!patched.isEmpty()
                    && !patched.equals("0")
                    && !patched.equals(old.resourceVersion())) {
                throw modified(kind, name);
            }
            Optional<ApiObject> written =
                    attempt(kind, namespace, name, subresource, old, tree, options);
            if (written.isPresent()) {
                return kind.view(written.get());
            }
        }
        throw modified(kind, name);
    }

    private static ApiException modified(Kind kind, String name) {
        return new ApiException(
                Status.conflict(
                        kind.resource(),
                        name,
                        "the object has been modified; please apply your changes to the latest "
                                + "version and try again"));
    }

    private Optional<ApiObject> attempt(
            Kind kind,
            String namespace,
            String name,
            String subresource,
            ApiObject old,
            ObjectNode wanted,
            WriteOptions options) {
        ObjectNode tree = admitted(kind, name, subresource, old, wanted, options);
        if (subresource.isEmpty()) {
            kind.definition().strategy().prepareForUpdate(tree, old);
        }
        fill(kind, subresource, tree, Optional.of(old), options);
        customResources.prepare(kind, tree, Optional.of(old));
        countGeneration(kind, tree, old);
        check(kind, tree, Optional.of(old));
        roleGuard.admit(options.user(), kind, old.namespace(), tree);
        tree = Ownership.updated(kind, Optional.of(old), tree, subresource, options, time.now());
        if (asksForTheObject(subresource)) {
            admission.validate(replacement(kind, subresource, old, tree, options));
        }
        long expected = Long.parseLong(old.resourceVersion());
        if (same(old, tree)) {
            return Optional.of(old);
        }
        tree = kind.stored(tree);
        if (Deletes.released(tree)) {
            if (options.dryRun()) {
                return Optional.of(ApiObject.of(tree));
            }
            Optional<Long> gone = storage.delete(kind, namespace, name, expected);
            gone.ifPresent(revision -> written(kind, revision));
            ApiObject last = ApiObject.of(tree);
            return gone.map(revision -> WatchCache.withRevision(last, revision));
        }
        if (options.dryRun()) {
            ObjectMeta.of(tree).put("resourceVersion", old.resourceVersion());
            return Optional.of(ApiObject.of(tree));
        }
        long lease =
                leases.leaseFor(kind.definition().strategy().timeToLiveSeconds(ApiObject.of(tree)));
        Optional<ApiObject> written = storage.write(kind, namespace, name, tree, expected, lease);
        written.ifPresent(object -> written(kind, Long.parseLong(object.resourceVersion())));
        return written;
    }

    private void written(Kind kind, long revision) {
        customResources.written(kind, revision);
        admission.written(kind, revision);
    }

    /** The wanted tree, settled, with defaults filled in and admission heard. */
    private ObjectNode admitted(
            Kind kind,
            String name,
            String subresource,
            ApiObject old,
            ObjectNode wanted,
            WriteOptions options) {
        ObjectNode tree = settled(kind, name, subresource, old, wanted);
        kind.rules().applyDefaults(tree);
        kind.definition().strategy().applyDefaults(tree);
        if (!asksForTheObject(subresource)) {
            return tree;
        }
        ObjectNode changed = admission.mutated(replacement(kind, subresource, old, tree, options));
        if (changed == tree) {
            return tree;
        }
        checkIdentity(kind, old.namespace(), name, changed);
        tree = settled(kind, name, subresource, old, kind.rules().pruned(changed));
        kind.rules().applyDefaults(tree);
        kind.definition().strategy().applyDefaults(tree);
        return tree;
    }

    /** Of a scale or a binding admission sees what was sent, before it comes here. */
    private static boolean asksForTheObject(String subresource) {
        return switch (subresource) {
            case "scale", "binding" -> false;
            default -> true;
        };
    }

    private static Admitting.Request replacement(
            Kind kind, String subresource, ApiObject old, ObjectNode tree, WriteOptions options) {
        return new Admitting.Request(
                Operation.UPDATE,
                kind,
                subresource,
                old.namespace(),
                old.name(),
                Optional.of(tree),
                Optional.of(old),
                options);
    }

    /** The wanted tree with everything that this kind of write may not touch put back. */
    private ObjectNode settled(
            Kind kind, String name, String subresource, ApiObject old, ObjectNode wanted) {
        ObjectNode metadata = ObjectMeta.of(wanted);
        String uid = metadata.path("uid").asText("");
        if (!uid.isEmpty() && !uid.equals(old.uid())) {
            throw new ApiException(
                    Status.conflict(
                            kind.resource(),
                            name,
                            "Precondition failed: UID in precondition: "
                                    + uid
                                    + ", UID in object meta: "
                                    + old.uid()));
        }
        ObjectNode tree = wanted;
        if (subresource.equals("status") || subresource.equals(SigningRequests.APPROVAL)) {
            tree = old.tree().deepCopy();
            carryMember(wanted, tree, "status");
            JsonNode managed = metadata.get("managedFields");
            if (managed != null) {
                ObjectMeta.of(tree).set("managedFields", managed);
            }
        } else if (kind.definition().statusSubresource()) {
            carryMember(old.tree(), tree, "status");
        }
        ObjectNode settledMetadata = ObjectMeta.of(tree);
        ObjectMeta.carry(settledMetadata, old);
        settledMetadata.put("name", old.name());
        if (kind.resource().namespaced()) {
            settledMetadata.put("namespace", old.namespace());
        }
        if (old.deleting()) {
            refuseNewFinalizers(kind, name, settledMetadata, old);
        }
        return tree;
    }

    private static void refuseNewFinalizers(
            Kind kind, String name, ObjectNode metadata, ApiObject old) {
        Set<String> before = new HashSet<>(old.finalizers());
        for (JsonNode finalizer : metadata.path("finalizers")) {
            if (!before.contains(finalizer.asText())) {
                throw new ApiException(
                        Status.invalid(
                                kind.resource(),
                                name,
                                List.of(
                                        new Cause(
                                                "FieldValueForbidden",
                                                "Forbidden: no new finalizers can be added if the "
                                                        + "object is being deleted, found new"
                                                        + " finalizers []string{\""
                                                        + finalizer.asText()
                                                        + "\"}",
                                                "metadata.finalizers"))));
            }
        }
    }

    private static void carryMember(ObjectNode from, ObjectNode to, String member) {
        JsonNode value = from.get(member);
        if (value == null) {
            to.remove(member);
        } else {
            to.set(member, value);
        }
    }

    private static void countGeneration(Kind kind, ObjectNode tree, ApiObject old) {
        if (!kind.custom() && !kind.definition().statusSubresource()) {
            return;
        }
        boolean statusCounts = !kind.definition().statusSubresource();
        UnaryOperator<ObjectNode> counted =
                whole -> {
                    ObjectNode part = whole.objectNode();
                    whole.properties()
                            .forEach(e -> {
                                boolean skip =
                                        e.getKey().equals("metadata")
                                                || e.getKey().equals("status") && !statusCounts;
                                if (!skip) {
                                    part.set(e.getKey(), e.getValue());
                                }
                            });
                    return part;
                };
        if (!counted.apply(tree).equals(counted.apply(old.tree()))) {
            ObjectMeta.of(tree).put("generation", old.generation() + 1);
        }
    }

    /**
     * Whether nothing is to be written. When it was that a field was last set to what it is, is no
     * difference: whoever applies the same configuration again and again would write for ever, and
     * wake every watcher.
     */
    private static boolean same(ApiObject old, ObjectNode tree) {
        ObjectNode before = withoutTimes(old.tree());
        ((ObjectNode) before.get("metadata")).remove("resourceVersion");
        return before.equals(withoutTimes(tree));
    }

    private static ObjectNode withoutTimes(ObjectNode tree) {
        ObjectNode copy = tree.objectNode();
        copy.setAll(tree);
        ObjectNode metadata = ((ObjectNode) tree.get("metadata")).deepCopy();
        metadata.path("managedFields").forEach(entry -> ((ObjectNode) entry).remove("time"));
        copy.set("metadata", metadata);
        return copy;
    }

    private void check(Kind kind, ObjectNode tree, Optional<ApiObject> old) {
        List<Cause> causes =
                new ArrayList<>(ObjectMeta.validate(kind.resource(), ObjectMeta.of(tree)));
        causes.addAll(kind.rules().validate(tree, old));
        if (causes.isEmpty()) {
            causes.addAll(kind.definition().strategy().validate(ApiObject.of(tree), old));
            causes.addAll(customResources.validate(kind, tree));
        }
        if (causes.isEmpty()) {
            causes.addAll(AdmissionChain.problems(kind.resource(), tree));
        }
        if (!causes.isEmpty()) {
            throw new ApiException(
                    Status.invalid(
                            kind.resource(), ObjectMeta.of(tree).path("name").asText(), causes));
        }
    }

    /**
     * Fields that the schema does not know are refused, warned of or silently dropped, as the
     * client asks.
     */
    ObjectNode known(Kind kind, ObjectNode tree, WriteOptions options) {
        List<String> unknown = kind.rules().unknownFields(tree);
        if (unknown.isEmpty()) {
            return tree;
        }
        switch (options.validation()) {
            case STRICT -> {
                List<String> lines =
                        unknown.stream().map(f -> "unknown field \"" + f + "\"").toList();
                throw new ApiException(
                        Status.badRequest(
                                kind.resource().kind()
                                        + " in version \""
                                        + kind.resource().version()
                                        + "\" cannot be handled as a "
                                        + kind.resource().kind()
                                        + ": strict decoding error: "
                                        + String.join(", ", lines)));
            }
            case WARN ->
                    unknown.forEach(f -> options.feedback().warn("unknown field \"" + f + "\""));
            case IGNORE -> {}
        }
        return kind.rules().pruned(tree);
    }

    /** The object must be what the URL says it is. */
    static void checkIdentity(Kind kind, String namespace, String name, ObjectNode wanted) {
        Resource resource = kind.resource();
        String apiVersion = wanted.path("apiVersion").asText("");
        String kindName = wanted.path("kind").asText("");
        if (apiVersion.isEmpty() && kindName.isEmpty()) {
            wanted.put("apiVersion", resource.apiVersion()).put("kind", resource.kind());
        } else if (!apiVersion.equals(resource.apiVersion())) {
            throw new ApiException(
                    Status.badRequest(
                            "the API version in the data ("
                                    + apiVersion
                                    + ") does not match the expected API version ("
                                    + resource.apiVersion()
                                    + ")"));
        } else if (!kindName.equals(resource.kind())) {
            throw new ApiException(
                    Status.badRequest(
                            "the kind in the data ("
                                    + kindName
                                    + ") does not match the expected kind ("
                                    + resource.kind()
                                    + ")"));
        }
        ObjectNode metadata = ObjectMeta.of(wanted);
        String inBody = metadata.path("namespace").asText("");
        if (!resource.namespaced()) {
            metadata.remove("namespace");
        } else if (inBody.isEmpty()) {
            metadata.put("namespace", namespace);
        } else if (!inBody.equals(namespace)) {
            throw new ApiException(
                    Status.badRequest(
                            "the namespace of the provided object does not match the namespace"
                                    + " sent on the request"));
        }
        String nameInBody = metadata.path("name").asText("");
        if (!name.isEmpty() && nameInBody.isEmpty()) {
            metadata.put("name", name);
        } else if (!name.isEmpty() && !nameInBody.equals(name)) {
            throw new ApiException(
                    Status.badRequest(
                            "the name of the object ("
                                    + nameInBody
                                    + ") does not match the name on the URL ("
                                    + name
                                    + ")"));
        }
    }
}
