package dev.kemudi.apiserver;

/** Limits small enough to be reached in a test. */
final class Small {
    private Small() {}

    static Limits limits() {
        Limits d = Limits.defaults();
        return limits(d.readsInFlightMax(), d.writesInFlightMax(), d.queuedMillisMax());
    }

    /** A server with few seats. */
    static Limits narrow() {
        return limits(8, 4, 15_000);
    }

    /** Nobody waits for a seat for long. */
    static Limits impatient() {
        return limits(8, 4, 50);
    }

    private static Limits limits(int reads, int writes, int queuedMillis) {
        Limits d = Limits.defaults();
        return new Limits(
                d.bodyBytesMax(),
                1_000,
                d.headerBytesMax(),
                reads,
                writes,
                d.watchesMax(),
                16,
                32_768,
                64,
                65_536,
                d.watchSecondsDefault(),
                500,
                d.freshnessMillisMax(),
                d.listItemsMax(),
                d.streamsPerConnectionMax(),
                d.connectionsMax(),
                d.idleMillisMax(),
                d.writeRetriesMax(),
                d.patchOperationsMax(),
                d.execSessionsMax(),
                d.execBufferBytesMax(),
                d.forwardedConnectionsMax(),
                d.forwardBufferBytesMax(),
                4,
                d.disruptedPodsMax(),
                d.auditQueueEventsMax(),
                d.auditQueueBytesMax(),
                65_536,
                d.exemptInFlightMax(),
                queuedMillis,
                d.fairQueuesMax(),
                500);
    }
}
