package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Patch;
import dev.kemudi.api.Status;
import dev.kemudi.schema.PatchException;
import dev.kemudi.schema.Patches;
import java.util.Optional;

/** The four patch formats, as changes of the stored object; apply may also create it. */
final class Patching {
    private final Writes writes;
    private final Storage storage;
    private final Scales scales;
    private final Limits limits;
    private final Rbac rbac;

    /**
     * @param created whether apply made the object
     */
    record Outcome(ApiObject object, boolean created) {}

    Patching(Writes writes, Storage storage, Scales scales, Limits limits, Rbac rbac) {
        this.writes = writes;
        this.storage = storage;
        this.scales = scales;
        this.limits = limits;
        this.rbac = rbac;
    }

    Outcome patch(
            Kind kind,
            String namespace,
            String name,
            String subresource,
            Patch.Type type,
            byte[] body,
            WriteOptions options) {
        if (subresource.equals("scale")) {
            UnaryPatch change = scale -> applied(kind, scale, type, Bodies.yaml(body));
            return new Outcome(scales.change(kind, namespace, name, change::apply, options), false);
        }
        if (type == Patch.Type.APPLY) {
            return apply(kind, namespace, name, subresource, body, options.asApply());
        }
        JsonNode patch = Bodies.json(body);
        ApiObject object =
                writes.replace(
                        kind,
                        namespace,
                        name,
                        subresource,
                        "",
                        old -> {
                            ObjectNode patched = applied(kind, old.tree(), type, patch);
                            Writes.checkIdentity(kind, namespace, name, patched);
                            return writes.known(kind, patched, options);
                        },
                        options);
        return new Outcome(object, false);
    }

    private interface UnaryPatch {
        ObjectNode apply(ObjectNode tree);
    }

    private Outcome apply(
            Kind kind,
            String namespace,
            String name,
            String subresource,
            byte[] body,
            WriteOptions options) {
        if (!(Bodies.yaml(body) instanceof ObjectNode sent)) {
            throw new ApiException(Status.badRequest("expected one object to apply"));
        }
        Writes.checkIdentity(kind, namespace, name, sent);
        ObjectNode wanted = writes.known(kind, sent, options);
        if (kind.definition().statusSubresource() && subresource.isEmpty()) {
            wanted.remove("status");
        }
        for (int attempt = 0; attempt < limits.writeRetriesMax(); attempt++) {
            boolean exists = storage.read(kind, namespace, name).isPresent();
            try {
                return exists
                        ? applyToStored(kind, namespace, name, subresource, wanted, options)
                        : applyToNothing(kind, namespace, name, subresource, wanted, options);
            } catch (ApiException e) {
                boolean raced = exists ? e.notFound() : e.alreadyExists();
                if (!raced) {
                    throw e;
                }
            }
        }
        throw new ApiException(
                Status.conflict(kind.resource(), name, "the object keeps coming and going"));
    }

    private Outcome applyToStored(
            Kind kind,
            String namespace,
            String name,
            String subresource,
            ObjectNode wanted,
            WriteOptions options) {
        String version = ObjectMeta.of(wanted).path("resourceVersion").asText("");
        ObjectNode config = wanted.deepCopy();
        ObjectMeta.of(config).remove("resourceVersion");
        ApiObject object =
                writes.replace(
                        kind,
                        namespace,
                        name,
                        subresource,
                        version,
                        old ->
                                Ownership.applied(
                                        kind,
                                        name,
                                        Optional.of(old),
                                        config,
                                        subresource,
                                        options,
                                        writes.now()),
                        options);
        return new Outcome(object, false);
    }

    private Outcome applyToNothing(
            Kind kind,
            String namespace,
            String name,
            String subresource,
            ObjectNode wanted,
            WriteOptions options) {
        if (!subresource.isEmpty()) {
            throw new ApiException(Status.notFound(kind.resource(), name));
        }
        if (!ObjectMeta.of(wanted).path("uid").asText("").isEmpty()) {
            throw new ApiException(
                    Status.conflict(
                            kind.resource(),
                            name,
                            "uid mismatch: the provided object specified uid "
                                    + ObjectMeta.of(wanted).path("uid").asText()
                                    + ", and no existing object was found"));
        }
        ObjectNode tree =
                Ownership.applied(
                        kind, name, Optional.empty(), wanted, subresource, options, writes.now());
        rbac.require(
                new Access(
                        options.user(),
                        "create",
                        kind.resource().group(),
                        kind.resource().plural(),
                        "",
                        namespace,
                        "",
                        ""));
        return new Outcome(writes.create(kind, namespace, tree, options), true);
    }

    private ObjectNode applied(Kind kind, ObjectNode old, Patch.Type type, JsonNode patch) {
        ObjectNode copy = old.deepCopy();
        try {
            JsonNode result =
                    switch (type) {
                        case JSON -> Patches.json(copy, limited(patch));
                        case MERGE -> Patches.merge(copy, patch);
                        case STRATEGIC -> {
                            if (kind.custom()) {
                                throw new ApiException(
                                        Status.of(
                                                415,
                                                "UnsupportedMediaType",
                                                "the body of the request was in an unknown format - "
                                                        + "accepted media types include:"
                                                        + " application/json-patch+json, "
                                                        + "application/merge-patch+json,"
                                                        + " application/apply-patch+yaml"));
                            }
                            if (!(patch instanceof ObjectNode object)) {
                                throw new ApiException(
                                        Status.badRequest(
                                                "a strategic merge patch is a JSON object"));
                            }
                            yield Patches.strategic(copy, object, kind.rules().schema());
                        }
                        case APPLY ->
                                Patches.merge(
                                        copy,
                                        patch); // of a scale: its fields have no owners of their
                            // own
                    };
            if (result instanceof ObjectNode object) {
                return object;
            }
            throw new ApiException(Status.badRequest("the patch leaves no JSON object"));
        } catch (PatchException e) {
            throw new ApiException(
                    e.malformed()
                            ? Status.badRequest(String.valueOf(e.getMessage()))
                            : Status.of(422, "Invalid", String.valueOf(e.getMessage())));
        }
    }

    private JsonNode limited(JsonNode patch) {
        if (patch.size() > limits.patchOperationsMax()) {
            throw new ApiException(
                    Status.of(
                            413,
                            "RequestEntityTooLarge",
                            "The allowed maximum operations in a JSON patch is "
                                    + limits.patchOperationsMax()
                                    + ", got "
                                    + patch.size()));
        }
        return patch;
    }
}
