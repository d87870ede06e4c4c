package dev.kemudi.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ObjectKey;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * One pass over everything declared: gathers listeners, attaches routes, and collects what the
 * table and the statuses are to say. Used once, by one thread.
 */
final class Snapshot {
    private final Map<ObjectKey, List<Listener>> listeners = new LinkedHashMap<>();
    private final Map<ObjectKey, ApiObject> gateways = new LinkedHashMap<>();
    private final Map<ObjectKey, ArrayNode> parents = new HashMap<>();
    private final RouteTable.Builder table = new RouteTable.Builder();
    private final Set<Backend> backends = new HashSet<>();
    private final Function<String, Optional<Map<String, String>>> namespaceLabels;
    private final String now;

    Snapshot(Function<String, Optional<Map<String, String>>> namespaceLabels, String now) {
        this.namespaceLabels = namespaceLabels;
        this.now = now;
    }

    /** Takes in a Gateway of one of our classes; the oldest first. */
    void gateway(ApiObject gateway) {
        List<Listener> own = new ArrayList<>();
        Set<String> taken = new HashSet<>();
        for (JsonNode spec : gateway.at("/spec/listeners")) {
            Listener listener = new Listener(gateway, spec);
            boolean conflicts = !taken.add(listener.port() + "/" + listener.host());
            boolean http = listener.http();
            listener.conditions
                    .set(
                            "Accepted",
                            http && !conflicts,
                            conflicts
                                    ? "HostnameConflict"
                                    : http ? "Accepted" : "UnsupportedProtocol",
                            conflicts
                                    ? "another listener of this Gateway has the same port and hostname"
                                    : http
                                            ? ""
                                            : "protocol "
                                                    + listener.protocol()
                                                    + " is not supported, use HTTP")
                    .set(
                            "Conflicted",
                            conflicts,
                            conflicts ? "HostnameConflict" : "NoConflicts",
                            "");
            boolean kinds = listener.kindsSupported();
            listener.conditions.set(
                    "ResolvedRefs",
                    kinds,
                    kinds ? "ResolvedRefs" : "InvalidRouteKinds",
                    kinds ? "" : "only HTTPRoute is supported");
            own.add(listener);
        }
        gateways.put(gateway.key(), gateway);
        listeners.put(gateway.key(), own);
    }

    /** Ports of accepted listeners, in order of claim. */
    List<Integer> ports() {
        return listeners.values().stream()
                .flatMap(List::stream)
                .filter(l -> l.conditions.holds("Accepted"))
                .map(Listener::port)
                .distinct()
                .toList();
    }

    /** Tells listeners where they are served; those whose port could not be opened say so. */
    void place(Ports ports) {
        for (Listener listener :
                (Iterable<Listener>) listeners.values().stream().flatMap(List::stream)::iterator) {
            boolean accepted = listener.conditions.holds("Accepted");
            Optional<String> failure = accepted ? ports.failure(listener.port()) : Optional.empty();
            if (failure.isPresent()) {
                listener.conditions.set("Accepted", false, "PortUnavailable", failure.get());
            }
            boolean programmed = accepted && failure.isEmpty();
            listener.conditions.set(
                    "Programmed",
                    programmed,
                    programmed ? "Programmed" : "Invalid",
                    failure.orElse(""));
            if (programmed) {
                listener.key = ports.key(listener.port());
                table.listener(listener.key, listener.host());
            }
        }
    }

    /** Attaches a compiled route to every parent that is ours. */
    void route(ApiObject route, RouteCompiler.Compiled compiled) {
        ArrayNode statuses = JsonNodeFactory.instance.arrayNode();
        for (JsonNode old : route.at("/status/parents")) {
            if (!old.path("controllerName").asText().equals(GatewayKinds.CONTROLLER)) {
                statuses.add(old);
            }
        }
        boolean ours = false;
        for (JsonNode parent : route.at("/spec/parentRefs")) {
            ObjectKey key =
                    new ObjectKey(
                            parent.path("namespace").asText(route.namespace()),
                            parent.path("name").asText());
            List<Listener> candidates = listeners.get(key);
            boolean gateway =
                    parent.path("kind").asText("Gateway").equals("Gateway")
                            && parent.path("group")
                                    .asText(GatewayKinds.GROUP)
                                    .equals(GatewayKinds.GROUP);
            if (candidates == null || !gateway) {
                continue;
            }
            ours = true;
            Conditions conditions = attach(route, parent, candidates, compiled);
            boolean resolved = compiled.unresolved().isEmpty();
            conditions.set(
                    "ResolvedRefs",
                    resolved,
                    resolved ? "ResolvedRefs" : compiled.unresolved(),
                    compiled.message());
            ObjectNode status = statuses.addObject();
            status.set("parentRef", parent);
            status.put("controllerName", GatewayKinds.CONTROLLER);
            status.set(
                    "conditions",
                    conditions.toTree(before(route, parent), route.generation(), now));
        }
        boolean had = route.at("/status/parents").size() > 0;
        if (ours || had) {
            parents.put(route.key(), statuses);
        }
        backends.addAll(compiled.backends());
    }

    private static JsonNode before(ApiObject route, JsonNode parent) {
        for (JsonNode old : route.at("/status/parents")) {
            boolean same =
                    old.path("controllerName").asText().equals(GatewayKinds.CONTROLLER)
                            && old.path("parentRef").equals(parent);
            if (same) {
                return old.path("conditions");
            }
        }
        return JsonNodeFactory.instance.arrayNode();
    }

    private Conditions attach(
            ApiObject route,
            JsonNode parent,
            List<Listener> candidates,
            RouteCompiler.Compiled compiled) {
        Conditions conditions = new Conditions();
        if (!compiled.refusal().isEmpty()) {
            return conditions.set("Accepted", false, "UnsupportedValue", compiled.refusal());
        }
        String section = parent.path("sectionName").asText("");
        int port = parent.path("port").asInt(0);
        String refusal = "NoMatchingParent";
        boolean attached = false;
        for (Listener listener : candidates) {
            boolean named =
                    (section.isEmpty() || section.equals(listener.name()))
                            && (port == 0 || port == listener.port());
            if (!named) {
                continue;
            }
            if (!listener.allowsRoutes()
                    || !listener.allowsNamespace(route.namespace(), namespaceLabels)) {
                refusal = refusal.equals("NoMatchingParent") ? "NotAllowedByListeners" : refusal;
                continue;
            }
            Set<String> hosts = hosts(listener, route);
            if (hosts.isEmpty()) {
                refusal = "NoMatchingListenerHostname";
                continue;
            }
            attached = true;
            listener.attached++;
            if (listener.conditions.holds("Programmed")) {
                for (String host : hosts) {
                    compiled.matches()
                            .forEach(m -> table.add(listener.key, listener.host(), host, m));
                }
            }
        }
        return conditions.set(
                "Accepted",
                attached,
                attached ? "Accepted" : refusal,
                attached ? "" : "no listener of the Gateway takes this route");
    }

    private static Set<String> hosts(Listener listener, ApiObject route) {
        Set<String> hosts = new HashSet<>();
        JsonNode declared = route.at("/spec/hostnames");
        if (declared.isEmpty()) {
            hosts.add(listener.host());
        }
        for (JsonNode host : declared) {
            Hostnames.intersect(listener.host(), host.asText().toLowerCase(Locale.ROOT))
                    .ifPresent(hosts::add);
        }
        return hosts;
    }

    RouteTable table() {
        return table.build();
    }

    Set<Backend> backends() {
        return backends;
    }

    /** What a route's {@code status} is to be; empty when nothing is to be said. */
    Optional<ObjectNode> routeStatus(ObjectKey route) {
        ArrayNode own = parents.get(route);
        return own == null
                ? Optional.empty()
                : Optional.of(JsonNodeFactory.instance.objectNode().set("parents", own));
    }

    /** What a Gateway's {@code status} is to be. */
    ObjectNode gatewayStatus(ObjectKey key, String address) {
        ApiObject gateway = gateways.get(key);
        List<Listener> own = listeners.get(key);
        if (gateway == null || own == null) {
            throw new IllegalArgumentException("expected a Gateway of this snapshot, found " + key);
        }
        long programmed = own.stream().filter(l -> l.conditions.holds("Programmed")).count();
        boolean some = programmed > 0;
        boolean all = programmed == own.size();
        Conditions conditions =
                new Conditions()
                        .set(
                                "Accepted",
                                some,
                                all ? "Accepted" : "ListenersNotValid",
                                all ? "" : "see the listeners")
                        .set(
                                "Programmed",
                                some,
                                some ? "Programmed" : "Invalid",
                                some ? "" : "no listener is programmed");
        ObjectNode status = JsonNodeFactory.instance.objectNode();
        status.putArray("addresses").addObject().put("type", "IPAddress").put("value", address);
        status.set(
                "conditions",
                conditions.toTree(gateway.at("/status/conditions"), gateway.generation(), now));
        ArrayNode array = status.putArray("listeners");
        for (Listener listener : own) {
            ObjectNode node =
                    array.addObject()
                            .put("name", listener.name())
                            .put("attachedRoutes", listener.attached);
            ArrayNode kinds = node.putArray("supportedKinds");
            if (listener.allowsRoutes() && listener.http()) {
                kinds.addObject().put("group", GatewayKinds.GROUP).put("kind", "HTTPRoute");
            }
            JsonNode before = JsonNodeFactory.instance.arrayNode();
            for (JsonNode old : gateway.at("/status/listeners")) {
                before =
                        old.path("name").asText().equals(listener.name())
                                ? old.path("conditions")
                                : before;
            }
            node.set("conditions", listener.conditions.toTree(before, gateway.generation(), now));
        }
        return status;
    }
}
