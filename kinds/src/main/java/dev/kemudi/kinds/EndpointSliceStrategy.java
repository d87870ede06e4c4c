package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ResourceDefinition.Column;
import dev.kemudi.api.Strategy;
import java.util.ArrayList;
import java.util.List;

/** EndpointSlices: the addresses behind a service. */
final class EndpointSliceStrategy implements Strategy {
    private static final int SHOWN_MAX = 3;

    static final List<Column> COLUMNS =
            List.of(
                    Columns.NAME,
                    Columns.text(
                            "AddressType", "The kind of address.", o -> o.text("/addressType")),
                    Columns.text(
                            "Ports", "The ports of every address.", EndpointSliceStrategy::ports),
                    Columns.text("Endpoints", "The addresses.", EndpointSliceStrategy::endpoints),
                    Columns.AGE);

    @Override
    public void applyDefaults(ObjectNode slice) {
        for (ObjectNode port : Fill.items(slice, "ports")) {
            if (Fill.absent(port, "name")) {
                port.put("name", "");
            }
            Fill.text(port, "protocol", "TCP");
        }
        if (Fill.absent(slice, "endpoints")) {
            slice.putArray("endpoints");
        }
    }

    private static String ports(ApiObject slice) {
        List<String> ports = new ArrayList<>();
        for (JsonNode port : slice.at("/ports")) {
            ports.add(port.path("port").isNumber() ? port.path("port").asText() : "*");
        }
        return shortened(ports, Columns.UNSET);
    }

    private static String endpoints(ApiObject slice) {
        List<String> addresses = new ArrayList<>();
        for (JsonNode endpoint : slice.at("/endpoints")) {
            endpoint.path("addresses").forEach(a -> addresses.add(a.asText()));
        }
        return shortened(addresses, Columns.UNSET);
    }

    private static String shortened(List<String> all, String none) {
        if (all.isEmpty()) {
            return none;
        }
        if (all.size() <= SHOWN_MAX) {
            return String.join(",", all);
        }
        String shown = String.join(",", all.subList(0, SHOWN_MAX));
        return shown + " + " + (all.size() - SHOWN_MAX) + " more...";
    }
}
