package dev.kemudi.kernel;

import dev.kemudi.kernel.Admission.Reason;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/*
 * Who may take a place
 * --------------------
 * A tenant with a reserve r always finds r places: nobody else may take them, not even while it is idle. So
 * another tenant is admitted only when, after it, every reserve that is not yet spent still fits:
 *
 *     free places - sum over other tenants of (reserve - running, if positive) >= 1
 *
 * Summed over one tenant's own tasks this says that no tenant holds more than permits - the others'
 * reserves. Tenants without a reserve share what is left.
 */
/** The arithmetic of permits and reserves; not thread-safe. */
final class Permits {
    private final int permits;
    private final Map<String, Integer> reserves;
    private final Map<String, Integer> runningReserved = new HashMap<>();
    private int running;
    private int unspent;

    Permits(int permits, Map<String, Integer> reserves) {
        this.permits = permits;
        this.reserves = Map.copyOf(reserves);
        for (Map.Entry<String, Integer> reserve : reserves.entrySet()) {
            if (reserve.getValue() < 1) {
                throw new IllegalArgumentException(
                        "the reserve of tenant %s is %d; leave it out instead"
                                .formatted(reserve.getKey(), reserve.getValue()));
            }
            unspent += reserve.getValue();
        }
        if (permits < 1 || unspent > permits) {
            throw new IllegalArgumentException(
                    "%d permits cannot hold reserves of %d".formatted(permits, unspent));
        }
    }

    /** Takes a place, or says why not. */
    @Nullable Reason take(String tenant) {
        int reserve = reserves.getOrDefault(tenant, 0);
        int held = reserve == 0 ? 0 : runningReserved.getOrDefault(tenant, 0);
        boolean fromReserve = held < reserve;
        int othersUnspent = fromReserve ? unspent - (reserve - held) : unspent;
        if (running >= permits) {
            return Reason.FULL;
        }
        if (permits - running - othersUnspent < 1) {
            return Reason.TENANT_SHARE_SPENT;
        }
        running++;
        unspent -= fromReserve ? 1 : 0;
        if (reserve > 0) {
            runningReserved.put(tenant, held + 1);
        }
        return null;
    }

    void give(String tenant) {
        running--;
        int reserve = reserves.getOrDefault(tenant, 0);
        if (reserve > 0) {
            int held = runningReserved.merge(tenant, -1, Integer::sum);
            unspent += held < reserve ? 1 : 0;
        }
    }

    int running() {
        return running;
    }

    int permits() {
        return permits;
    }
}
