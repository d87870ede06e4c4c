package dev.kemudi.gateway;

import java.util.Optional;

/** How a listener's host name and a route's combine. Empty stands for every host. */
final class Hostnames {
    private Hostnames() {}

    /** The more specific of the two when they overlap, otherwise empty. */
    static Optional<String> intersect(String listener, String route) {
        if (listener.isEmpty() || listener.equals(route)) {
            return Optional.of(route);
        }
        if (route.isEmpty()) {
            return Optional.of(listener);
        }
        if (covers(listener, route)) {
            return Optional.of(route);
        }
        return covers(route, listener) ? Optional.of(listener) : Optional.empty();
    }

    private static boolean covers(String wildcard, String host) {
        if (!wildcard.startsWith("*.")) {
            return false;
        }
        String suffix = wildcard.substring(1);
        return host.endsWith(suffix) && host.length() > suffix.length();
    }
}
