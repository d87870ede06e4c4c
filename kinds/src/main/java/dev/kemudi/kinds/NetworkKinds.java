package dev.kemudi.kinds;

import dev.kemudi.api.Resource;
import dev.kemudi.api.ResourceDefinition;
import java.util.List;

/** Who can be reached where, and by whom. */
final class NetworkKinds {
    private NetworkKinds() {}

    static List<ResourceDefinition> all() {
        return List.of(
                Kind.of(Resource.ENDPOINTS, "ep")
                        .columns(EndpointsStrategy.COLUMNS, new EndpointsStrategy()));
    }
}
