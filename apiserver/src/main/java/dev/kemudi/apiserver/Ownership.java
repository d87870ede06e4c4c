package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import java.time.Instant;
import java.util.Optional;

/** Keeps {@code metadata.managedFields}: who last wrote which field. */
final class Ownership {
    private Ownership() {}

    static void updated(
            Kind kind,
            Optional<ApiObject> old,
            ObjectNode tree,
            String subresource,
            WriteOptions options,
            Instant now) {}
}
