package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ResourceDefinition.Column;
import dev.kemudi.api.Status;
import dev.kemudi.api.Strategy;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** EndpointSlices: the addresses behind a service. */
final class EndpointSliceStrategy implements Strategy {
    private static final Set<String> ADDRESS_TYPES = Set.of("IPv4", "IPv6", "FQDN");
    private static final int ENDPOINTS_MAX = 1000;
    private static final int ADDRESSES_MAX = 100;
    private static final int PORTS_MAX = 20_000;
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

    @Override
    public List<Status.Cause> validate(ApiObject slice, Optional<ApiObject> old) {
        Problems problems = new Problems();
        String type = slice.text("/addressType");
        if (type.isEmpty()) {
            problems.required("addressType");
        } else if (!ADDRESS_TYPES.contains(type)) {
            problems.notSupported("addressType", type, ADDRESS_TYPES);
        }
        if (old.isPresent() && !old.get().text("/addressType").equals(type)) {
            problems.immutable("addressType", type);
        }
        checkEndpoints(slice.at("/endpoints"), problems);
        checkPorts(slice.at("/ports"), problems);
        return problems.causes();
    }

    private static void checkEndpoints(JsonNode endpoints, Problems problems) {
        if (endpoints.size() > ENDPOINTS_MAX) {
            problems.tooMany("endpoints", endpoints.size(), ENDPOINTS_MAX);
        }
        int i = 0;
        for (JsonNode endpoint : endpoints) {
            String at = "endpoints[" + i++ + "].addresses";
            int addresses = endpoint.path("addresses").size();
            if (addresses == 0) {
                problems.required(at, "must contain at least 1 address");
            } else if (addresses > ADDRESSES_MAX) {
                problems.tooMany(at, addresses, ADDRESSES_MAX);
            }
        }
    }

    private static void checkPorts(JsonNode ports, Problems problems) {
        if (ports.size() > PORTS_MAX) {
            problems.tooMany("ports", ports.size(), PORTS_MAX);
        }
        Set<String> names = new HashSet<>();
        int i = 0;
        for (JsonNode port : ports) {
            String at = "ports[" + i++ + "]";
            String name = port.path("name").asText("");
            if (!name.isEmpty()) {
                Names.label(name, at + ".name", problems);
            }
            if (!names.add(name)) {
                problems.duplicate(at + ".name", name);
            }
            PodRules.oneOf(port, "protocol", Set.of("TCP", "UDP", "SCTP"), at, problems);
        }
    }

    private static String ports(ApiObject slice) {
        List<String> ports = new ArrayList<>();
        for (JsonNode port : slice.at("/ports")) {
            String name = Columns.orNone(port.path("name").asText(""));
            String all = name.equals(Columns.NONE) ? "*" : name;
            ports.add(port.path("port").isNumber() ? port.path("port").asText() : all);
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
