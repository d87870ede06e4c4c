package dev.kemudi.node;

/**
 * What one node may hold and for how long it may wait.
 *
 * @param podsMax 110: what Kubernetes allows a node; each pod costs a virtual thread, a folder and
 *     an address
 * @param containersPerPodMax 32: each container costs a process, two pipes and a log
 * @param startsAtOnceMax 8: a wave of new pods starts a few processes at a time instead of freezing
 *     the machine
 * @param execsAtOnceMax 64: one exec is a process and three copying threads
 * @param probesAtOnceMax 64: probes that run at the same moment; more wait for a free place
 * @param logFileBytesMax 10_485_760: one log file; Kubernetes' own containerLogMaxSize
 * @param logFilesMax 3: files kept of one container, the one being written included
 * @param logLineBytesMax 16_384: longer lines are cut into partial ones, as the CRI log format has
 *     it
 * @param attachBufferBytesMax 1_048_576: what a container printed and an attached client has not
 *     read yet; one that falls further behind is cut off, and the log has the rest
 * @param connectMillisMax 5_000: how long a forwarded connection waits for the pod to take it
 * @param backoffFirstMillis 10_000: wait before the second restart, doubled by each further one
 * @param backoffMillisMax 300_000: longest wait between restarts
 * @param backoffResetMillis 600_000: a container that ran so long starts again with no wait
 * @param sweepMillisMax 4_000: how long leftovers of a pod are killed again and again before the
 *     node gives up loudly
 * @param closeMillisMax 8_000: what stopping all pods may take; the process promises ten seconds
 * @param lifecycleSubscriberEventsMax 1_024: events that a slow reader of the lifecycle broker may
 *     lag behind
 * @param probeAnswerBytesMax 10_240: what is read of an HTTP probe's answer, as much as Kubernetes
 *     reads
 * @param volumeBytesMax 4_194_304: bytes of one configMap, secret or projected volume; objects are
 *     smaller than 1.5 MB
 * @param volumeRefreshMillis 30_000: how old a mounted ConfigMap or Secret may be
 */
public record Limits(
        int podsMax,
        int containersPerPodMax,
        int startsAtOnceMax,
        int execsAtOnceMax,
        int probesAtOnceMax,
        int logFileBytesMax,
        int logFilesMax,
        int logLineBytesMax,
        int attachBufferBytesMax,
        int connectMillisMax,
        int backoffFirstMillis,
        int backoffMillisMax,
        int backoffResetMillis,
        int sweepMillisMax,
        int closeMillisMax,
        int lifecycleSubscriberEventsMax,
        int probeAnswerBytesMax,
        int volumeBytesMax,
        int volumeRefreshMillis) {
    static final Limits DEFAULTS =
            new Limits(
                    110,
                    32,
                    8,
                    64,
                    64,
                    10_485_760,
                    3,
                    16_384,
                    1_048_576,
                    5_000,
                    10_000,
                    300_000,
                    600_000,
                    4_000,
                    8_000,
                    1_024,
                    10_240,
                    4_194_304,
                    30_000);

    public static Limits defaults() {
        return DEFAULTS;
    }
}
