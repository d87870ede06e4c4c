package dev.kemudi.server;

import dev.kemudi.api.ApiException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Asks the API again while the store has no leader: an election takes a second, and whoever waits
 * for something that is declared can wait for that too. For requests that may be made twice: a
 * write that found no answer in time may have been made.
 */
final class Patience {
    private static final int RETRY_MILLIS = 100;
    private static final int SECONDS_MAX = 60;
    private static final int UNAVAILABLE = 503;
    private static final int TIMEOUT = 504;

    private Patience() {}

    /**
     * @throws ApiException any other refusal at once; that there is no leader after a minute
     */
    static <T> T with(Supplier<T> request) throws InterruptedException {
        long untilNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS_MAX);
        while (true) {
            try {
                return request.get();
            } catch (ApiException e) {
                if (!isPassing(e) || System.nanoTime() - untilNanos > 0) {
                    throw e;
                }
            }
            Thread.sleep(RETRY_MILLIS);
        }
    }

    /** Whether nothing is wrong but that there is no leader now. */
    static boolean isPassing(ApiException refusal) {
        int code = refusal.status().code();
        return code == UNAVAILABLE || code == TIMEOUT;
    }
}
