package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Patch;
import dev.kemudi.api.Status;
import dev.kemudi.schema.PatchException;
import dev.kemudi.schema.Patches;
import dev.kemudi.schema.Schema;
import java.util.Optional;

/** The four patch formats, as changes of the stored object. */
final class Patching {
    private final Writes writes;
    private final Limits limits;

    Patching(Writes writes, Limits limits) {
        this.writes = writes;
        this.limits = limits;
    }

    /** @param created whether apply made the object */
    record Outcome(ApiObject object, boolean created) {}

    Outcome patchOrCreate(
            Kind kind,
            String namespace,
            String name,
            String subresource,
            Patch.Type type,
            byte[] body,
            WriteOptions options) {
        return new Outcome(patch(kind, namespace, name, subresource, type, body, options), false);
    }

    ApiObject patch(
            Kind kind,
            String namespace,
            String name,
            String subresource,
            Patch.Type type,
            byte[] body,
            WriteOptions options) {
        JsonNode patch = Bodies.json(body);
        return writes.replace(
                kind, namespace, name, subresource, "", old -> {
                    ObjectNode patched = applied(kind, old, type, patch);
                    Writes.checkIdentity(kind, namespace, name, patched);
                    return writes.known(kind, patched, options);
                },
                options);
    }

    private ObjectNode applied(Kind kind, ApiObject old, Patch.Type type, JsonNode patch) {
        ObjectNode copy = old.tree().deepCopy();
        try {
            JsonNode result = switch (type) {
                case JSON -> {
                    if (patch.size() > limits.patchOperationsMax()) {
                        throw new ApiException(Status.of(413, "RequestEntityTooLarge",
                                "The allowed maximum operations in a JSON patch is " + limits.patchOperationsMax()
                                        + ", got " + patch.size()));
                    }
                    yield Patches.json(copy, patch);
                }
                case MERGE -> Patches.merge(copy, patch);
                case STRATEGIC -> {
                    Optional<Schema> schema = kind.rules().schema().get();
                    if (kind.custom() || schema.isEmpty() || !(patch instanceof ObjectNode object)) {
                        throw new ApiException(Status.of(415, "UnsupportedMediaType",
                                "the body of the request was in an unknown format - accepted media types include:"
                                        + " application/json-patch+json, application/merge-patch+json,"
                                        + " application/apply-patch+yaml"));
                    }
                    yield Patches.strategic(copy, object, schema.get());
                }
                case APPLY -> throw new IllegalStateException("apply is no patch of the stored object");
            };
            if (result instanceof ObjectNode object) {
                return object;
            }
            throw new ApiException(Status.badRequest("the patch leaves no JSON object"));
        } catch (PatchException e) {
            throw new ApiException(Status.of(422, "Invalid", e.getMessage()));
        }
    }
}
