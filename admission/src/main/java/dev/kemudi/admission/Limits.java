package dev.kemudi.admission;

/**
 * What admission holds and waits for at most.
 *
 * @param answerBytesMax 3_145_728: what a webhook may answer; a patch is no larger than a request
 *     body
 * @param clientsMax 64: HTTP clients kept, one for each webhook server's authority; the one used
 *     longest ago is closed
 * @param callsMax 256: webhook calls under way; kube-apiserver's writes in flight, and some
 * @param connectMillis 5_000: a server that has not taken the connection by then is not there
 * @param patchOperationsMax 10_000: operations of one JSON patch, as in requests
 * @param paramsMax 1_000: objects that one binding's selector may choose as parameters
 * @param quotaRetriesMax 3: lost races for a quota's status before the creator is told to try
 *     again, as in Kubernetes
 * @param quotaStripes 64: namespaces whose creators wait for one another by accident are one in so
 *     many
 * @param warningCharsMax 256: one warning of a webhook; HTTP headers are no place for prose
 * @param auditCharsMax 10_240: one audit annotation, as in Kubernetes
 * @param conversionObjectsMax 100: objects that one call of a conversion webhook converts; a list
 *     of more takes several
 * @param conversionBytes 1_048_576: a call takes no further object from here on, so that its answer
 *     fits {@code answerBytesMax}
 */
public record Limits(
        int answerBytesMax,
        int clientsMax,
        int callsMax,
        int connectMillis,
        int patchOperationsMax,
        int paramsMax,
        int quotaRetriesMax,
        int quotaStripes,
        int warningCharsMax,
        int auditCharsMax,
        int conversionObjectsMax,
        int conversionBytes) {
    public static Limits defaults() {
        return new Limits(
                3_145_728, 64, 256, 5_000, 10_000, 1_000, 3, 64, 256, 10_240, 100, 1_048_576);
    }
}
