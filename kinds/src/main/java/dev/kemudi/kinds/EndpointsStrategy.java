package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ResourceDefinition.Column;
import dev.kemudi.api.Status;
import dev.kemudi.api.Strategy;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Endpoints: the older, unsliced form of a service's addresses. Kubernetes refuses loopback
 * addresses here; this runtime's pods have no others, so they are taken.
 */
final class EndpointsStrategy implements Strategy {
    private static final Set<String> PROTOCOLS = Set.of("TCP", "UDP", "SCTP");
    private static final List<String> ADDRESS_LISTS = List.of("addresses", "notReadyAddresses");
    private static final int SHOWN_MAX = 3;

    static final List<Column> COLUMNS =
            List.of(
                    Columns.NAME,
                    Columns.text("Endpoints", "Addresses with ports.", EndpointsStrategy::shown),
                    Columns.AGE);

    @Override
    public void applyDefaults(ObjectNode endpoints) {
        for (ObjectNode subset : Fill.items(endpoints, "subsets")) {
            Fill.items(subset, "ports").forEach(port -> Fill.text(port, "protocol", "TCP"));
        }
    }

    @Override
    public List<Status.Cause> validate(ApiObject endpoints, Optional<ApiObject> old) {
        Problems problems = new Problems();
        int i = 0;
        for (JsonNode subset : endpoints.at("/subsets")) {
            subset(subset, "subsets[" + i++ + "]", problems);
        }
        return problems.causes();
    }

    private static void subset(JsonNode subset, String at, Problems problems) {
        if (ADDRESS_LISTS.stream().allMatch(list -> subset.path(list).isEmpty())) {
            problems.required(at, "must specify `addresses` or `notReadyAddresses`");
        }
        for (String list : ADDRESS_LISTS) {
            int i = 0;
            for (JsonNode address : subset.path(list)) {
                address(address, at + "." + list + "[" + i++ + "]", problems);
            }
        }
        JsonNode ports = subset.path("ports");
        int i = 0;
        for (JsonNode port : ports) {
            port(port, ports.size() > 1, at + ".ports[" + i++ + "]", problems);
        }
    }

    private static void address(JsonNode address, String at, Problems problems) {
        String ip = address.path("ip").asText("");
        Optional<InetAddress> parsed = Addresses.parse(ip);
        if (parsed.isEmpty()) {
            problems.invalid(at + ".ip", ip, Addresses.IP_RULE);
        } else if (parsed.get().isAnyLocalAddress()) {
            problems.invalid(at + ".ip", ip, "may not be unspecified (0.0.0.0 or ::)");
        } else if (parsed.get().isLinkLocalAddress()) {
            problems.invalid(
                    at + ".ip",
                    ip,
                    "may not be in the link-local range (169.254.0.0/16, fe80::/10)");
        } else if (parsed.get().isMCLinkLocal()) {
            problems.invalid(
                    at + ".ip",
                    ip,
                    "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)");
        }
        String host = address.path("hostname").asText("");
        if (!host.isEmpty()) {
            Names.label(host, at + ".hostname", problems);
        }
        String node = address.path("nodeName").asText("");
        if (!node.isEmpty()) {
            Names.subdomain(node, at + ".nodeName", problems);
        }
    }

    private static void port(JsonNode port, boolean several, String at, Problems problems) {
        String name = port.path("name").asText("");
        if (!name.isEmpty()) {
            Names.label(name, at + ".name", problems);
        } else if (several) {
            problems.required(at + ".name");
        }
        ContainerRules.portNumber(port.path("port"), at + ".port", problems);
        PodRules.oneOf(port, "protocol", PROTOCOLS, at, problems);
        String application = port.path("appProtocol").asText("");
        if (!application.isEmpty()) {
            Names.qualified(application, at + ".appProtocol", problems);
        }
    }

    private static String shown(ApiObject endpoints) {
        List<String> all = new ArrayList<>();
        for (JsonNode subset : endpoints.at("/subsets")) {
            JsonNode ports = subset.path("ports");
            if (ports.isEmpty()) {
                subset.path("addresses").forEach(a -> all.add(a.path("ip").asText("")));
            }
            for (JsonNode port : ports) {
                for (JsonNode address : subset.path("addresses")) {
                    String ip = address.path("ip").asText("");
                    all.add(
                            (ip.contains(":") ? "[" + ip + "]" : ip)
                                    + ":"
                                    + port.path("port").asText());
                }
            }
        }
        return Columns.shortened(all, SHOWN_MAX, " + %d more...");
    }
}
