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
                        .columns(EndpointsStrategy.COLUMNS, new EndpointsStrategy()),
                Kind.of(Resource.INGRESSES, "ing")
                        .withStatus()
                        .columns(IngressStrategy.COLUMNS, new IngressStrategy()),
                Kind.of(Resource.INGRESS_CLASSES)
                        .columns(IngressClassStrategy.COLUMNS, new IngressClassStrategy()),
                Kind.of(Resource.NETWORK_POLICIES, "netpol")
                        .columns(NetworkPolicyStrategy.COLUMNS, new NetworkPolicyStrategy()),
                Kind.of(Resource.IP_ADDRESSES, "ip")
                        .columns(IpAddressStrategy.COLUMNS, new IpAddressStrategy()),
                Kind.of(Resource.SERVICE_CIDRS)
                        .withStatus()
                        .columns(ServiceCidrStrategy.COLUMNS, new ServiceCidrStrategy()));
    }
}
