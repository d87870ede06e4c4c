package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Status;
import dev.kemudi.api.Strategy;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Services. This runtime has no virtual addresses: pods are processes on the host's own loopback
 * network, and nobody rewrites packets for them. So every service is headless ({@code clusterIP:
 * None}); clients reach it through the gateway, through its EndpointSlices or by name. A manifest
 * that asks for a particular cluster address is refused rather than stored with an address at which
 * nothing listens.
 */
final class ServiceStrategy implements Strategy {
    private static final String NO_ADDRESS = "None";
    private static final Set<String> TYPES =
            Set.of("ClusterIP", "NodePort", "LoadBalancer", "ExternalName");
    private static final Set<String> TRAFFIC_POLICIES = Set.of("Cluster", "Local");

    /** How clients write "the same as port": not at all, or as the zero of JSON and protobuf. */
    private static final Set<String> UNSET_PORTS = Set.of("", "0", "null");

    private static final int AFFINITY_SECONDS = 10_800;

    @Override
    public void applyDefaults(ObjectNode service) {
        ObjectNode spec = Fill.object(service, "spec");
        Fill.text(spec, "type", "ClusterIP");
        Fill.text(spec, "sessionAffinity", "None");
        if (spec.path("sessionAffinity").asText().equals("ClientIP")) {
            ObjectNode clientIp =
                    Fill.object(Fill.object(spec, "sessionAffinityConfig"), "clientIP");
            Fill.number(clientIp, "timeoutSeconds", AFFINITY_SECONDS);
        }
        for (ObjectNode port : Fill.items(spec, "ports")) {
            Fill.text(port, "protocol", "TCP");
            if (UNSET_PORTS.contains(port.path("targetPort").asText("")) && port.has("port")) {
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
        // A name that is no subdomain either is reported with the metadata of every kind.
        if (old.isEmpty() && Names.isSubdomain(service.name())) {
            Names.label1035(service.name(), "metadata.name", problems);
        }
        JsonNode spec = service.at("/spec");
        PodRules.oneOf(spec, "type", TYPES, "spec", problems);
        PodRules.oneOf(spec, "sessionAffinity", Set.of("None", "ClientIP"), "spec", problems);
        PodRules.oneOf(spec, "internalTrafficPolicy", TRAFFIC_POLICIES, "spec", problems);
        PodRules.oneOf(spec, "externalTrafficPolicy", TRAFFIC_POLICIES, "spec", problems);
        if (service.text("/spec/type").equals("ExternalName")) {
            externalName(service.text("/spec/externalName"), problems);
        } else {
            address(service.text("/spec/clusterIP"), problems);
        }
        ObjectMetaRules.checkLabels(spec.path("selector"), "spec.selector", problems);
        ports(spec.path("ports"), problems);
        return problems.causes();
    }

    private static void externalName(String name, Problems problems) {
        if (name.isEmpty()) {
            problems.required("spec.externalName");
        } else {
            Names.subdomain(
                    name.endsWith(".") ? name.substring(0, name.length() - 1) : name,
                    "spec.externalName",
                    problems);
        }
    }

    private static void address(String clusterIp, Problems problems) {
        if (!clusterIp.equals(NO_ADDRESS)) {
            problems.invalid(
                    "spec.clusterIPs[0]",
                    clusterIp,
                    "must be empty or \"None\": this runtime has no virtual addresses, so every "
                            + "Service is headless");
        }
    }

    private static void ports(JsonNode ports, Problems problems) {
        Set<String> names = new HashSet<>();
        Set<String> numbers = new HashSet<>();
        int i = 0;
        for (JsonNode port : ports) {
            String at = "spec.ports[" + i++ + "]";
            String name = port.path("name").asText("");
            if (!name.isEmpty()) {
                Names.label(name, at + ".name", problems);
            } else if (ports.size() > 1) {
                problems.required(at + ".name");
            }
            if (!name.isEmpty() && !names.add(name)) {
                problems.duplicate(at + ".name", name);
            }
            ContainerRules.portNumber(port.path("port"), at + ".port", problems);
            PodRules.oneOf(port, "protocol", Set.of("TCP", "UDP", "SCTP"), at, problems);
            ProbeRules.port(port.path("targetPort"), at + ".targetPort", problems);
            if (!numbers.add(port.path("protocol").asText() + port.path("port").asText())) {
                problems.duplicate(at, port);
            }
        }
    }

    @Override
    public Map<String, String> selectableFields(ApiObject service) {
        return Map.of(
                "spec.clusterIP",
                service.text("/spec/clusterIP"),
                "spec.type",
                service.text("/spec/type"));
    }

    @Override
    public String remark() {
        return "every Service is headless: there are no virtual addresses and no node"
                + " ports; a given clusterIP is refused";
    }
}
