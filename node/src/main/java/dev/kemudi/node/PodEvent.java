package dev.kemudi.node;

/**
 * What happened to a pod on this node, as the lifecycle broker tells it.
 *
 * @param container empty when the pod as a whole is meant
 * @param exitCode of {@link Kind#EXITED}, otherwise 0
 */
public record PodEvent(
        Kind kind,
        String namespace,
        String pod,
        String podUid,
        String container,
        int exitCode,
        String reason) {
    public enum Kind {
        STARTED,
        READY,
        UNREADY,
        EXITED,
        REMOVED
    }
}
