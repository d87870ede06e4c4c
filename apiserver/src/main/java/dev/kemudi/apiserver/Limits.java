package dev.kemudi.apiserver;

/**
 * What the API server holds at most.
 *
 * @param bodyBytesMax 3_145_728: Kubernetes' own limit for request bodies; the store refuses larger
 *     values anyway
 * @param bodyReadMillisMax 30_000: a client that has not finished its body by then is cut off;
 *     kubectl sends at once
 * @param headerBytesMax 65_536: certificates and tokens travel in headers; nothing legitimate is
 *     larger
 * @param readsInFlightMax 400: kube-apiserver's default; more waiting reads only grow the queue
 * @param writesInFlightMax 200: kube-apiserver's default; the log batches them anyway
 * @param watchesMax 12_000: the 10,000 watches we promise and some; an idle one holds about 32 KB
 * @param watchBufferEvents 1_024: a reader this far behind is cut and resumes by resourceVersion
 * @param watchBufferBytes 8_388_608: the same in bytes of JSON, for kinds with large objects
 * @param watchHistoryEvents 4_096: per kind; a watch that starts further back is told to list again
 * @param watchHistoryBytes 8_388_608: the same in bytes of JSON; parsed objects take several times
 *     that
 * @param watchSecondsDefault 1_800: watches end by themselves so that clients spread over restarts;
 *     clients resume
 * @param bookmarkMillis 30_000: idle watches learn the revision, and dead connections are noticed,
 *     this often
 * @param freshnessMillisMax 3_000: how long a read waits for the cache to catch up before saying
 *     504
 * @param listItemsMax 100_000: items of one unpaged answer; larger lists are paged
 * @param streamsPerConnectionMax 1_000: HTTP/2 streams; client-go puts all its watches on one
 *     connection
 * @param connectionsMax 12_000: TCP connections; each costs buffers and a virtual thread
 * @param idleMillisMax 300_000: connections that do nothing for five minutes are closed
 * @param writeRetriesMax 20: attempts of a patch that keeps losing the race for its object
 * @param patchOperationsMax 10_000: operations of one JSON patch, as kube-apiserver
 * @param execSessionsMax 100: exec, attach and port-forward; each exec holds a process of the node
 * @param execBufferBytesMax 1_048_576: one message, and what a command has not read of its stdin
 *     yet
 * @param forwardedConnectionsMax 256: TCP connections of one port-forward; a browser that loads a
 *     page through it opens some tens
 * @param forwardBufferBytesMax 65_536: what one of them has sent and the pod has not read yet
 * @param tokensRememberedMax 1_024: ServiceAccount tokens whose signature need not be checked
 *     again; the accounts that are busy at one time
 * @param disruptedPodsMax 2_000: evictions of one budget that no controller has confirmed yet, as
 *     kube-apiserver
 * @param drainMillis 2_000: what running requests get to finish when the server stops
 */
public record Limits(
        int bodyBytesMax,
        int bodyReadMillisMax,
        int headerBytesMax,
        int readsInFlightMax,
        int writesInFlightMax,
        int watchesMax,
        int watchBufferEvents,
        int watchBufferBytes,
        int watchHistoryEvents,
        int watchHistoryBytes,
        int watchSecondsDefault,
        int bookmarkMillis,
        int freshnessMillisMax,
        int listItemsMax,
        int streamsPerConnectionMax,
        int connectionsMax,
        int idleMillisMax,
        int writeRetriesMax,
        int patchOperationsMax,
        int execSessionsMax,
        int execBufferBytesMax,
        int forwardedConnectionsMax,
        int forwardBufferBytesMax,
        int tokensRememberedMax,
        int disruptedPodsMax,
        int drainMillis) {
    public static Limits defaults() {
        return new Limits(
                3_145_728, 30_000, 65_536, 400, 200, 12_000, 1_024, 8_388_608, 4_096, 8_388_608,
                1_800, 30_000, 3_000, 100_000, 1_000, 12_000, 300_000, 20, 10_000, 100, 1_048_576,
                256, 65_536, 1_024, 2_000, 2_000);
    }
}
