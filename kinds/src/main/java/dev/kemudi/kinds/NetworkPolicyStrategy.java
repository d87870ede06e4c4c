package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ResourceDefinition.Column;
import dev.kemudi.api.Status;
import dev.kemudi.api.Strategy;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** NetworkPolicies: who may talk to the selected pods, and whom they may talk to. */
final class NetworkPolicyStrategy implements Strategy {
    private static final Set<String> TYPES = Set.of("Egress", "Ingress");
    private static final Set<String> PROTOCOLS = Set.of("TCP", "UDP", "SCTP");
    private static final List<String> SELECTORS = List.of("podSelector", "namespaceSelector");

    /** A direction, and the member of its rules that holds the peers. */
    private record Direction(String name, String peers) {}

    private static final List<Direction> DIRECTIONS =
            List.of(new Direction("ingress", "from"), new Direction("egress", "to"));

    static final List<Column> COLUMNS =
            List.of(
                    Columns.NAME,
                    Columns.text(
                            "Pod-Selector",
                            "The pods it is about.",
                            o -> Columns.selector(o.at("/spec/podSelector"))),
                    Columns.AGE);

    @Override
    public void applyDefaults(ObjectNode policy) {
        ObjectNode spec = Fill.object(policy, "spec");
        if (spec.path("policyTypes").isEmpty()) {
            ArrayNode types = spec.putArray("policyTypes").add("Ingress");
            if (!spec.path("egress").isEmpty()) {
                types.add("Egress");
            }
        }
        for (Direction direction : DIRECTIONS) {
            for (ObjectNode rule : Fill.items(spec, direction.name())) {
                Fill.items(rule, "ports").forEach(port -> Fill.text(port, "protocol", "TCP"));
            }
        }
    }

    /** It has no status, and counts its generations all the same. */
    @Override
    public void prepareForCreate(ObjectNode policy) {
        Fill.object(policy, "metadata").put("generation", 1);
    }

    @Override
    public void prepareForUpdate(ObjectNode policy, ApiObject old) {
        if (!policy.path("spec").equals(old.at("/spec"))) {
            Fill.object(policy, "metadata").put("generation", old.generation() + 1);
        }
    }

    @Override
    public List<Status.Cause> validate(ApiObject policy, Optional<ApiObject> old) {
        Problems problems = new Problems();
        JsonNode spec = policy.at("/spec");
        ObjectMetaRules.checkSelector(spec.path("podSelector"), "spec.podSelector", problems);
        for (Direction direction : DIRECTIONS) {
            int i = 0;
            for (JsonNode rule : spec.path(direction.name())) {
                String at = "spec." + direction.name() + "[" + i++ + "]";
                rule(rule, direction.peers(), at, problems);
            }
        }
        JsonNode types = spec.path("policyTypes");
        if (types.size() > TYPES.size()) {
            problems.invalid(
                    "spec.policyTypes", types, "may not specify more than two policyTypes");
        } else {
            int i = 0;
            for (JsonNode type : types) {
                String at = "spec.policyTypes[" + i++ + "]";
                if (!TYPES.contains(type.asText())) {
                    problems.notSupported(at, type.asText(), TYPES);
                }
            }
        }
        return problems.causes();
    }

    private static void rule(JsonNode rule, String peers, String at, Problems problems) {
        int i = 0;
        for (JsonNode port : rule.path("ports")) {
            port(port, at + ".ports[" + i++ + "]", problems);
        }
        i = 0;
        for (JsonNode peer : rule.path(peers)) {
            peer(peer, at + "." + peers + "[" + i++ + "]", problems);
        }
    }

    private static void port(JsonNode port, String at, Problems problems) {
        PodRules.oneOf(port, "protocol", PROTOCOLS, at, problems);
        JsonNode first = port.path("port");
        JsonNode last = port.path("endPort");
        if (first.isNumber() || first.isTextual()) {
            ProbeRules.port(first, at + ".port", problems);
        }
        if (!last.isNumber()) {
            return;
        }
        if (first.isMissingNode() || first.isNull()) {
            problems.invalid(
                    at + ".endPort",
                    last.asLong(),
                    "may not be specified when `port` is not specified");
        } else if (!first.isNumber()) {
            problems.invalid(
                    at + ".endPort",
                    last.asLong(),
                    "may not be specified when `port` is non-numeric");
        } else if (last.asLong() < first.asLong()) {
            problems.invalid(
                    at + ".endPort", last.asLong(), "must be greater than or equal to `port`");
        } else {
            ContainerRules.portNumber(last, at + ".endPort", problems);
        }
    }

    private static void peer(JsonNode peer, String at, Problems problems) {
        int kinds = 0;
        for (String name : SELECTORS) {
            if (peer.path(name).isObject()) {
                kinds++;
                ObjectMetaRules.checkSelector(peer.path(name), at + "." + name, problems);
            }
        }
        JsonNode block = peer.path("ipBlock");
        if (block.isObject()) {
            block(block, at + ".ipBlock", problems);
            if (kinds > 0) {
                problems.forbidden(at, "may not specify both ipBlock and another peer");
            }
        } else if (kinds == 0) {
            problems.required(at, "must specify a peer");
        }
    }

    private static void block(JsonNode block, String at, Problems problems) {
        if (block.path("cidr").asText("").isEmpty()) {
            problems.required(at + ".cidr");
            return;
        }
        Optional<Addresses.Range> whole =
                Addresses.checkRange(block.path("cidr"), at + ".cidr", problems);
        int i = 0;
        for (JsonNode except : block.path("except")) {
            String field = at + ".except[" + i++ + "]";
            Optional<Addresses.Range> hole = Addresses.checkRange(except, field, problems);
            if (whole.isPresent() && hole.isPresent() && !whole.get().strictlyHolds(hole.get())) {
                problems.invalid(field, except.asText(), "must be a strict subset of `cidr`");
            }
        }
    }

    @Override
    public String remark() {
        return "kept; nothing enforces it";
    }
}
