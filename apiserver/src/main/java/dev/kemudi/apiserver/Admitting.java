package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.admission.AdmissionChain;
import dev.kemudi.admission.Attributes;
import dev.kemudi.admission.Attributes.Operation;
import dev.kemudi.admission.Attributes.Requester;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Json;
import dev.kemudi.api.Resource;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Where requests meet admission: every write, every deletion, and what reaches into a pod. */
final class Admitting {
    private static final String REGISTRATION = Resource.VALIDATING_WEBHOOK_CONFIGURATIONS.group();
    private static final Set<Resource> CONFIGURING =
            Set.of(Resource.LIMIT_RANGES, Resource.RESOURCE_QUOTAS, Resource.PRIORITY_CLASSES);

    private final AdmissionChain chain;

    /**
     * What is asked for.
     *
     * @param object empty for deletions
     * @param old empty for creations
     */
    record Request(
            Operation operation,
            Kind kind,
            String subresource,
            String namespace,
            String name,
            Optional<ObjectNode> object,
            Optional<ApiObject> old,
            WriteOptions options) {}

    Admitting(AdmissionChain chain) {
        this.chain = chain;
    }

    /**
     * @return the request's own tree when admission leaves it as it is, otherwise a copy
     */
    ObjectNode mutated(Request request) {
        ObjectNode tree = chain.mutate(attributes(request, Optional.empty()));
        return request.object().filter(own -> own == tree).isPresent() ? tree : tree.deepCopy();
    }

    void validate(Request request) {
        chain.validate(attributes(request, Optional.empty()));
    }

    /** A request that stores nothing of its own, such as an eviction or a command in a pod. */
    ObjectNode passed(Request request) {
        ObjectNode tree = mutated(request);
        validate(
                new Request(
                        request.operation(),
                        request.kind(),
                        request.subresource(),
                        request.namespace(),
                        request.name(),
                        Optional.of(tree),
                        request.old(),
                        request.options()));
        return tree;
    }

    /** An object is about to go, or to be marked as going. */
    void delete(Kind kind, ApiObject stored, Deletes.Request asked) {
        Request request =
                new Request(
                        Operation.DELETE,
                        kind,
                        "",
                        stored.namespace(),
                        stored.name(),
                        Optional.empty(),
                        Optional.of(kind.view(stored)),
                        asked.dryRun() ? asked.options().forDryRun(true) : asked.options());
        Attributes attributes = attributes(request, Optional.of(asked));
        chain.mutate(attributes);
        chain.validate(attributes);
    }

    /** Waits until what was written at {@code revision} is heeded, if it is heeded here. */
    void written(Kind kind, long revision) {
        if (kind.resource().group().equals(REGISTRATION) || CONFIGURING.contains(kind.resource())) {
            kind.cache().awaitRevision(revision);
        }
    }

    private static Attributes attributes(Request request, Optional<Deletes.Request> deletion) {
        WriteOptions options = request.options();
        return new Attributes(
                request.operation(),
                request.kind().resource(),
                request.subresource(),
                request.namespace(),
                request.name(),
                request.object().map(ApiObject::of),
                request.old(),
                requester(options.user()),
                options.dryRun(),
                () -> tree(request.operation(), options, deletion),
                options.feedback());
    }

    private static Requester requester(User user) {
        return new Requester(user.name(), user.uid(), user.groups(), user.extra());
    }

    /** The options as they stand in the request. */
    private static ObjectNode tree(
            Operation operation, WriteOptions options, Optional<Deletes.Request> deletion) {
        ObjectNode tree = Json.MAPPER.createObjectNode();
        String kind =
                switch (operation) {
                    case CREATE, CONNECT -> options.applying() ? "PatchOptions" : "CreateOptions";
                    case UPDATE -> options.applying() ? "PatchOptions" : "UpdateOptions";
                    case DELETE -> "DeleteOptions";
                };
        tree.put("kind", kind).put("apiVersion", "meta.k8s.io/v1");
        if (options.dryRun()) {
            tree.putArray("dryRun").add("All");
        }
        if (deletion.isEmpty()) {
            tree.put("fieldManager", options.manager());
            if (options.applying()) {
                tree.put("force", options.force());
            }
            return tree;
        }
        Deletes.Request asked = deletion.get();
        asked.graceSeconds().ifPresent(seconds -> tree.put("gracePeriodSeconds", seconds));
        asked.propagation().ifPresent(p -> tree.put("propagationPolicy", p.policy()));
        for (List<String> condition :
                List.of(
                        List.of("uid", asked.uid()),
                        List.of("resourceVersion", asked.resourceVersion()))) {
            if (!condition.getLast().isEmpty()) {
                tree.withObjectProperty("preconditions")
                        .put(condition.getFirst(), condition.getLast());
            }
        }
        return tree;
    }
}
