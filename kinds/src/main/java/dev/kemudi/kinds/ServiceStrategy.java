package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Status;
import dev.kemudi.api.Strategy;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Services. This runtime has no virtual addresses: pods are processes on the host's own loopback
 * network, and nobody rewrites packets for them. So every service is headless ({@code clusterIP:
 * None}); clients reach it through the gateway, through its EndpointSlices or by name. A manifest
 * that asks for a particular cluster address is refused rather than stored with an address at which
 * nothing listens.
 */
final class ServiceStrategy implements Strategy {
    private static final String NO_ADDRESS = "None";
    private static final int AFFINITY_SECONDS = 10_800;

    @Override
    public void applyDefaults(ObjectNode service) {
        ObjectNode spec = Fill.object(service, "spec");
        Fill.text(spec, "type", "ClusterIP");
        Fill.text(spec, "sessionAffinity", NO_ADDRESS);
        if (spec.path("sessionAffinity").asText().equals("ClientIP")) {
            ObjectNode clientIp =
                    Fill.object(Fill.object(spec, "sessionAffinityConfig"), "clientIP");
            Fill.number(clientIp, "timeoutSeconds", AFFINITY_SECONDS);
        }
        for (ObjectNode port : Fill.items(spec, "ports")) {
            Fill.text(port, "protocol", "TCP");
            if (Fill.absent(port, "targetPort") || port.path("targetPort").asText().isEmpty()) {
                port.set("targetPort", port.path("port"));
            }
        }
        String type = spec.path("type").asText();
        if (!type.equals("ExternalName")) {
            headless(spec);
        }
        if (type.equals("NodePort") || type.equals("LoadBalancer")) {
            Fill.text(spec, "externalTrafficPolicy", "Cluster");
        }
        if (type.equals("LoadBalancer")) {
            Fill.bool(spec, "allocateLoadBalancerNodePorts", true);
        }
    }

    private static void headless(ObjectNode spec) {
        Fill.text(spec, "internalTrafficPolicy", "Cluster");
        Fill.text(spec, "clusterIP", NO_ADDRESS);
        if (spec.path("clusterIPs").isEmpty()) {
            spec.putArray("clusterIPs").add(spec.path("clusterIP").asText());
        }
        if (spec.path("ipFamilies").isEmpty()) {
            spec.putArray("ipFamilies").add("IPv4");
        }
        Fill.text(spec, "ipFamilyPolicy", "SingleStack");
    }

    @Override
    public void prepareForCreate(ObjectNode service) {
        service.putObject("status").putObject("loadBalancer");
    }

    @Override
    public List<Status.Cause> validate(ApiObject service, Optional<ApiObject> old) {
        Problems problems = new Problems();
        if (old.isEmpty()) {
            Names.label1035(service.name(), "metadata.name", problems);
        }
        return problems.causes();
    }

    @Override
    public Map<String, String> selectableFields(ApiObject service) {
        return Map.of(
                "spec.clusterIP",
                service.text("/spec/clusterIP"),
                "spec.type",
                service.text("/spec/type"));
    }
}
