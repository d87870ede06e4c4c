package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Status;
import dev.kemudi.schema.FieldOwnership;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Keeps {@code metadata.managedFields}: who last wrote which field. */
final class Ownership {
    private Ownership() {}

    /** {@code tree} with its managedFields brought up to date after a create, replace or patch. */
    static ObjectNode updated(
            Kind kind,
            Optional<ApiObject> old,
            ObjectNode tree,
            String subresource,
            WriteOptions options,
            Instant now) {
        if (options.applying()) {
            return tree; // apply has settled them
        }
        try {
            return FieldOwnership.update(
                    old,
                    tree,
                    options.manager(),
                    kind.rules().schema(),
                    kind.resource().apiVersion(),
                    now,
                    subresource);
        } catch (IllegalArgumentException e) {
            throw new ApiException(
                    Status.of(422, "Invalid", "metadata.managedFields: " + e.getMessage()));
        }
    }

    /**
     * The object that server-side apply of {@code applied} makes of {@code live}: a tree of its
     * own.
     */
    static ObjectNode applied(
            Kind kind,
            String name,
            Optional<ApiObject> live,
            ObjectNode applied,
            String subresource,
            WriteOptions options,
            Instant now) {
        FieldOwnership.Outcome outcome =
                FieldOwnership.apply(
                        live,
                        applied,
                        options.manager(),
                        options.force(),
                        kind.rules().schema(),
                        kind.resource().apiVersion(),
                        now,
                        subresource);
        return switch (outcome) {
            case FieldOwnership.Outcome.Merged merged ->
                    merged.changed() ? merged.object() : merged.object().deepCopy();
            case FieldOwnership.Outcome.Unusable unusable ->
                    throw new ApiException(Status.badRequest(unusable.message()));
            case FieldOwnership.Outcome.Conflicts conflicts ->
                    throw new ApiException(conflict(conflicts.message(), conflicts.causes()));
        };
    }

    private static Status conflict(String message, List<Status.Cause> causes) {
        Status status = Status.of(409, "Conflict", message);
        var array = status.details().putArray("causes");
        causes.forEach(c ->
                array.addObject()
                        .put("reason", c.reason())
                        .put("message", c.message())
                        .put("field", c.field()));
        return status;
    }
}
