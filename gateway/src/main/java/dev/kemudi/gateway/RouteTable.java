package dev.kemudi.gateway;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/*
 * How a request finds its rule
 * ----------------------------
 * port → the one most specific listener for the host → hosts of that listener from most to least specific →
 * exact path, then prefixes from longest to shortest → the candidates of that path in the order of
 * precedence. Each step but the last is one hash look-up: a path has as many prefixes as it has slashes, so a
 * thousand routes cost as much as ten.
 *
 * What holds always
 * -----------------
 * A table never changes once built. The data path takes the table once for each request and never looks
 * again, so a swap is one volatile write and no request sees half of a change.
 */
final class RouteTable {
    static final RouteTable EMPTY = new RouteTable(Map.of());

    private final int[] ports;
    private final HostMap<HostMap<PathMap>>[] listeners;

    @SuppressWarnings({
        "unchecked",
        "rawtypes"
    }) // arrays of a generic class; filled with nothing else
    private RouteTable(Map<Integer, HostMap<HostMap<PathMap>>> byPort) {
        ports = byPort.keySet().stream().mapToInt(Integer::intValue).toArray();
        listeners = new HostMap[ports.length];
        for (int i = 0; i < ports.length; i++) {
            listeners[i] = byPort.get(ports[i]);
        }
    }

    /**
     * The match for a request that came in through {@code port}; null when nothing fits, which
     * means 404.
     */
    @Nullable Match find(int port, Request request, Head head) {
        for (int i = 0; i < ports.length; i++) {
            if (ports[i] == port) {
                HostMap<PathMap> listener = listeners[i].first(request.host);
                return listener == null
                        ? null
                        : listener.search(request.host, p -> p.find(request, head));
            }
        }
        return null;
    }

    /** Values by host name: exact ones, wildcards, and one for every host. */
    static final class HostMap<T> {
        private final Map<String, T> exact = new HashMap<>();
        private final List<Map.Entry<String, T>> wildcards = new ArrayList<>();
        private @Nullable T any;

        /**
         * @param host empty for every host, {@code *.suffix}, or a name; all in lower case
         */
        T computeIfAbsent(String host, java.util.function.Supplier<T> create) {
            if (host.isEmpty()) {
                T value = any;
                if (value == null) {
                    value = create.get();
                    any = value;
                }
                return value;
            }
            if (!host.startsWith("*.")) {
                return exact.computeIfAbsent(host, h -> create.get());
            }
            String suffix = host.substring(1);
            for (Map.Entry<String, T> entry : wildcards) {
                if (entry.getKey().equals(suffix)) {
                    return entry.getValue();
                }
            }
            T value = create.get();
            wildcards.add(Map.entry(suffix, value));
            wildcards.sort(Comparator.comparingInt(e -> -e.getKey().length()));
            return value;
        }

        @Nullable T first(String host) {
            return search(host, v -> v);
        }

        <R> @Nullable R search(String host, java.util.function.Function<T, @Nullable R> look) {
            if (!exact.isEmpty()) {
                T value = exact.get(host);
                R found = value == null ? null : look.apply(value);
                if (found != null) {
                    return found;
                }
            }
            for (Map.Entry<String, T> entry : wildcards) {
                String suffix = entry.getKey();
                if (host.length() > suffix.length() && host.endsWith(suffix)) {
                    R found = look.apply(entry.getValue());
                    if (found != null) {
                        return found;
                    }
                }
            }
            T last = any;
            return last == null ? null : look.apply(last);
        }
    }

    /** Candidates by path for one host. */
    static final class PathMap {
        private final Map<String, List<Match>> exact = new HashMap<>();
        private final Map<String, List<Match>> prefixes = new HashMap<>();

        void add(Match match) {
            List<Match> list =
                    (match.exact() ? exact : prefixes)
                            .computeIfAbsent(match.path(), p -> new ArrayList<>(1));
            int at = Collections.binarySearch(list, match);
            list.add(at < 0 ? -at - 1 : at + 1, match);
        }

        @Nullable Match find(Request request, Head head) {
            String path = request.path;
            if (!exact.isEmpty()) {
                Match found = fitting(exact.get(path), request, head);
                if (found != null) {
                    return found;
                }
            }
            int end = path.length() > 1 && path.endsWith("/") ? path.length() - 1 : path.length();
            while (end > 1) {
                Match found = fitting(prefixes.get(path.substring(0, end)), request, head);
                if (found != null) {
                    return found;
                }
                end = path.lastIndexOf('/', end - 1);
            }
            return fitting(prefixes.get("/"), request, head);
        }

        private static @Nullable Match fitting(
                @Nullable List<Match> candidates, Request request, Head head) {
            if (candidates != null) {
                for (Match match : candidates) {
                    if (match.fits(request, head)) {
                        return match;
                    }
                }
            }
            return null;
        }
    }

    /** Gathers listeners and matches; not safe for use by many threads. */
    static final class Builder {
        private final Map<Integer, HostMap<HostMap<PathMap>>> byPort = new HashMap<>();

        /** Declares a listener, so that it claims its host even when no route is attached. */
        HostMap<PathMap> listener(int port, String host) {
            return byPort.computeIfAbsent(port, p -> new HostMap<>())
                    .computeIfAbsent(host, HostMap::new);
        }

        Builder add(int port, String listenerHost, String routeHost, Match match) {
            listener(port, listenerHost).computeIfAbsent(routeHost, PathMap::new).add(match);
            return this;
        }

        RouteTable build() {
            return new RouteTable(byPort);
        }
    }
}
