package dev.kemudi.workloads;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiClient;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Resource;
import java.util.Optional;

/** Writes status when it says something new. */
final class StatusWriter {
    private StatusWriter() {}

    /**
     * The stored object when it was written, empty when {@code status} is what stands there
     * already.
     */
    static Optional<ApiObject> write(
            ApiClient client, Resource resource, ApiObject object, ObjectNode status) {
        if (Canonical.same(object.at("/status"), status)) {
            return Optional.empty();
        }
        return Optional.of(
                client.updateStatus(resource, object.edit(tree -> tree.set("status", status))));
    }
}
