package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ResourceDefinition.Column;
import java.util.ArrayList;
import java.util.List;

/** The table view of services. */
final class ServiceColumns {
    private static final int LOAD_BALANCER_WIDTH = 16;

    static final List<Column> ALL =
            List.of(
                    Columns.NAME,
                    Columns.text("Type", "How the service is exposed.", o -> o.text("/spec/type")),
                    Columns.text(
                            "Cluster-IP",
                            "The virtual address; None for headless services.",
                            ServiceColumns::clusterIp),
                    Columns.text(
                            "External-IP",
                            "Addresses outside the cluster.",
                            ServiceColumns::externalIp),
                    Columns.text(
                            "Port(s)",
                            "The ports of the service.",
                            o -> ports(o.at("/spec/ports"))),
                    Columns.AGE,
                    Columns.wide(
                            "Selector",
                            "Selects the pods that serve.",
                            o -> Columns.map(o.at("/spec/selector"))));

    private ServiceColumns() {}

    private static String clusterIp(ApiObject service) {
        JsonNode first = service.at("/spec/clusterIPs/0");
        return Columns.orNone(
                first.isMissingNode() ? service.text("/spec/clusterIP") : first.asText());
    }

    private static String externalIp(ApiObject service) {
        String external = joined(service.at("/spec/externalIPs"));
        return switch (service.text("/spec/type")) {
            case "LoadBalancer" -> loadBalancer(service, external);
            case "ExternalName" -> service.text("/spec/externalName");
            default -> Columns.orNone(external);
        };
    }

    private static String loadBalancer(ApiObject service, String external) {
        String all = balancers(service);
        if (!external.isEmpty()) {
            all = all.isEmpty() ? external : all + "," + external;
        }
        return all.isEmpty() ? "<pending>" : all;
    }

    /** The addresses of {@code status.loadBalancer}, cut to a width that tables can bear. */
    static String balancers(ApiObject object) {
        List<String> addresses = new ArrayList<>();
        for (JsonNode ingress : object.at("/status/loadBalancer/ingress")) {
            String ip = ingress.path("ip").asText("");
            addresses.add(ip.isEmpty() ? ingress.path("hostname").asText("") : ip);
        }
        String all = String.join(",", addresses);
        return all.length() > LOAD_BALANCER_WIDTH && addresses.size() > 1
                ? all.substring(0, LOAD_BALANCER_WIDTH - 3) + "..."
                : all;
    }

    private static String joined(JsonNode texts) {
        List<String> all = new ArrayList<>();
        texts.forEach(t -> all.add(t.asText()));
        return String.join(",", all);
    }

    private static String ports(JsonNode ports) {
        List<String> all = new ArrayList<>();
        for (JsonNode port : ports) {
            int nodePort = port.path("nodePort").asInt();
            String number = port.path("port").asText() + (nodePort > 0 ? ":" + nodePort : "");
            all.add(number + "/" + port.path("protocol").asText("TCP"));
        }
        return all.isEmpty() ? Columns.NONE : String.join(",", all);
    }
}
