package dev.kemudi.scheduler;

/**
 * What the scheduler does at most.
 *
 * @param bindingsInFlight 64: decisions that are being written at once; the log groups them into
 *     few fsyncs
 * @param retryFirstMillis 1_000: the first pause of a pod that fits nowhere, as kube-scheduler
 * @param retryMostMillis 10_000: the longest pause of such a pod once something changed, as
 *     kube-scheduler
 */
public record Limits(int bindingsInFlight, int retryFirstMillis, int retryMostMillis) {
    public static Limits defaults() {
        return new Limits(64, 1_000, 10_000);
    }
}
