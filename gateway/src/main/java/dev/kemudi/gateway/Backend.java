package dev.kemudi.gateway;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The ready endpoints of one Service port. Routes point at it for its whole life; endpoints come
 * and go by one volatile write, so a pod that stops being ready takes no further request and no
 * table is rebuilt for it.
 */
final class Backend {
    private final String name;
    private volatile Endpoint[] endpoints = {};

    Backend(String name) {
        this.name = name;
    }

    String name() {
        return name;
    }

    Endpoint[] endpoints() {
        return endpoints;
    }

    void endpoints(Endpoint[] ready) {
        endpoints = ready;
    }

    /**
     * Power of two choices by requests in flight among endpoints that are neither ejected nor tried
     * already. When too many are ejected, ejection is ignored (panic): better some hope than none.
     *
     * @return null when there is no endpoint at all
     */
    @Nullable Endpoint pick(Lane lane, Set<Endpoint> tried, long nowNanos) {
        Endpoint[] all = endpoints;
        if (all.length == 0) {
            return null;
        }
        if (all.length == 1) {
            return all[0];
        }
        Endpoint first = all[lane.random(all.length)];
        Endpoint second = all[lane.random(all.length)];
        Endpoint better = first.active().get() <= second.active().get() ? first : second;
        if (tried.isEmpty() && !better.ejected(nowNanos)) {
            return better;
        }
        int ejected = 0;
        for (Endpoint endpoint : all) {
            ejected += endpoint.ejected(nowNanos) ? 1 : 0;
        }
        boolean panic = ejected * 100 > lane.limits().ejectedPercentMax() * all.length;
        Endpoint best = null;
        int from = lane.random(all.length);
        for (int i = 0; i < all.length; i++) {
            Endpoint candidate = all[(from + i) % all.length];
            boolean usable = !tried.contains(candidate) && (panic || !candidate.ejected(nowNanos));
            if (usable && (best == null || candidate.active().get() < best.active().get())) {
                best = candidate;
            }
        }
        return best != null ? best : all[from];
    }
}
