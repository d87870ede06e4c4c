package dev.kemudi.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ObjectKey;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * Which endpoints stand behind which Service port, kept from EndpointSlices. Each change goes to
 * its back ends at once; an endpoint that no back end names any more is retired. Safe for use by
 * many threads.
 */
final class Endpoints {
    /**
     * @param portName the Service port's name, empty when it has none
     */
    private record Key(ObjectKey service, int port, String portName) {}

    private static final class Counted {
        final Endpoint endpoint;
        int references;

        Counted(Endpoint endpoint) {
            this.endpoint = endpoint;
        }
    }

    private final int lanes;
    private final Runnable retired;
    private final Function<ObjectKey, Collection<ApiObject>> slices;
    private final Map<Key, Backend> backends = new HashMap<>();
    private final Map<InetSocketAddress, Counted> endpoints = new HashMap<>();

    /**
     * @param slices the EndpointSlices of a Service as known now
     * @param retired called after endpoints went out of use
     */
    Endpoints(int lanes, Function<ObjectKey, Collection<ApiObject>> slices, Runnable retired) {
        this.lanes = lanes;
        this.slices = slices;
        this.retired = retired;
    }

    /** The back end of a Service port; the same object for as long as it is asked for. */
    synchronized Backend backend(ObjectKey service, int port, String portName) {
        Key key = new Key(service, port, portName);
        Backend known = backends.get(key);
        if (known == null) {
            known = new Backend(service + ":" + port);
            backends.put(key, known);
            fill(key, known);
        }
        return known;
    }

    /** An EndpointSlice of {@code service} came, changed or went. */
    synchronized void changed(ObjectKey service) {
        boolean gone = false;
        for (Map.Entry<Key, Backend> entry : backends.entrySet()) {
            if (entry.getKey().service().equals(service)) {
                gone |= fill(entry.getKey(), entry.getValue());
            }
        }
        if (gone) {
            retired.run();
        }
    }

    /** Forgets back ends that no route uses any more. */
    synchronized void retain(Set<Backend> used) {
        boolean gone = false;
        for (Key key : List.copyOf(backends.keySet())) {
            Backend backend = backends.get(key);
            if (backend != null && !used.contains(backend)) {
                backends.remove(key);
                gone |= replace(backend, Set.of());
            }
        }
        if (gone) {
            retired.run();
        }
    }

    private boolean fill(Key key, Backend backend) {
        Set<InetSocketAddress> ready = new HashSet<>();
        for (ApiObject slice : slices.apply(key.service())) {
            collect(slice, key.portName(), ready);
        }
        return replace(backend, ready);
    }

    private static void collect(ApiObject slice, String portName, Set<InetSocketAddress> ready) {
        for (JsonNode port : slice.at("/ports")) {
            if (!port.path("name").asText("").equals(portName) || !port.path("port").isInt()) {
                continue;
            }
            for (JsonNode endpoint : slice.at("/endpoints")) {
                if (endpoint.path("conditions").path("ready").asBoolean(true)) {
                    for (JsonNode address : endpoint.path("addresses")) {
                        add(address.asText(), port.path("port").asInt(), ready);
                    }
                }
            }
        }
    }

    private static void add(String address, int port, Set<InetSocketAddress> ready) {
        try {
            ready.add(new InetSocketAddress(InetAddress.ofLiteral(address), port));
        } catch (IllegalArgumentException e) {
            System.getLogger(Endpoints.class.getName())
                    .log(
                            System.Logger.Level.WARNING,
                            "expected an IP address in an EndpointSlice, found " + address);
        }
    }

    /** Answers whether an endpoint went out of use. */
    private boolean replace(Backend backend, Set<InetSocketAddress> ready) {
        List<Endpoint> next = new ArrayList<>(ready.size());
        for (InetSocketAddress address : ready) {
            Counted counted =
                    endpoints.computeIfAbsent(address, a -> new Counted(new Endpoint(a, lanes)));
            counted.references++;
            next.add(counted.endpoint);
        }
        Endpoint[] before = backend.endpoints();
        backend.endpoints(next.toArray(Endpoint[]::new));
        boolean gone = false;
        for (Endpoint endpoint : before) {
            Counted counted = endpoints.get(endpoint.address());
            if (counted != null && --counted.references == 0) {
                endpoints.remove(endpoint.address());
                endpoint.retire();
                gone = true;
            }
        }
        return gone;
    }
}
