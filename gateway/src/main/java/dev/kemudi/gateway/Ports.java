package dev.kemudi.gateway;

import java.io.IOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Which socket serves which listener port. The process's own gateway port is always open; it serves
 * the listeners that name this very port or, when none does, those of the first HTTP listener's
 * port (so that a Gateway on port 80 works without root). Every other port gets a socket of its own
 * where the machine allows.
 */
final class Ports {
    /** Key of the process's own gateway port in the route table. */
    static final int MAIN = 0;

    private final Proxy proxy;
    private final String address;
    private final int configured;
    private final Set<Integer> bound = new HashSet<>();
    private final Map<Integer, String> failures = new HashMap<>();

    Ports(Proxy proxy, String address, int configured) {
        this.proxy = proxy;
        this.address = address;
        this.configured = configured;
    }

    /**
     * Opens what {@code wanted} needs and closes what nobody needs; the first port has the first
     * claim.
     */
    void assign(List<Integer> wanted) {
        int main = wanted.isEmpty() || wanted.contains(configured) ? configured : wanted.getFirst();
        Set<Integer> own = new HashSet<>(wanted);
        own.remove(main);
        for (Integer port : Set.copyOf(bound)) {
            if (!own.contains(port)) {
                proxy.unbind(port);
                bound.remove(port);
            }
        }
        failures.clear();
        for (Integer port : own) {
            if (!bound.contains(port)) {
                try {
                    proxy.bind(port, address, port);
                    bound.add(port);
                } catch (IOException e) {
                    failures.put(port, String.valueOf(e.getMessage()));
                }
            }
        }
    }

    int key(int port) {
        return bound.contains(port) ? port : MAIN;
    }

    Optional<String> failure(int port) {
        return Optional.ofNullable(failures.get(port));
    }
}
