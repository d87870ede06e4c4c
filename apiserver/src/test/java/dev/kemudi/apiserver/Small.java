package dev.kemudi.apiserver;

/** Limits small enough to be reached in a test. */
final class Small {
    private Small() {}

    static Limits limits() {
        Limits d = Limits.defaults();
        return new Limits(
                d.bodyBytesMax(),
                1_000,
                d.headerBytesMax(),
                d.readsInFlightMax(),
                d.writesInFlightMax(),
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
                500);
    }
}
