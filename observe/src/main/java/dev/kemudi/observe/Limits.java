package dev.kemudi.observe;

/**
 * What observing may cost.
 *
 * @param scrapesMax 4: answers built at once, each of some hundred kilobytes; Prometheus asks one
 *     at a time
 * @param connectionsMax 64: open connections to the metrics port; set process-wide for the JDK's
 *     HTTP server
 * @param requestSeconds 10: a client that has not finished its request, or not read its answer, by
 *     then is cut off
 * @param spansKept 2_048: the last spans, to be read at /debug/traces; about half a megabyte
 * @param spansQueued 4_096: waiting for the collector; what comes beyond is dropped and counted
 * @param batchSpans 512: sent in one request, about 150 kilobytes
 * @param batchMillis 1_000: how long a span may wait for company
 * @param exportMillis 5_000: time for one request to the collector
 * @param exportAttempts 3: requests for one batch before it is dropped and counted
 */
public record Limits(
        int scrapesMax,
        int connectionsMax,
        int requestSeconds,
        int spansKept,
        int spansQueued,
        int batchSpans,
        int batchMillis,
        int exportMillis,
        int exportAttempts) {
    public static Limits defaults() {
        return new Limits(4, 64, 10, 2_048, 4_096, 512, 1_000, 5_000, 3);
    }
}
