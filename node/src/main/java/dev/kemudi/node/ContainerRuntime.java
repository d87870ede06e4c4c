package dev.kemudi.node;

import dev.kemudi.api.PodStreams.ExecStreams;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * What runs containers beneath the node: processes today, an OCI runtime later. The node decides
 * when and what; the runtime only does. Calls block (use virtual threads); all are safe for use by
 * many threads, but calls about one pod come from one thread, exec and logs excepted.
 */
interface ContainerRuntime extends AutoCloseable {
    /**
     * As {@code status.nodeInfo.containerRuntimeVersion} and the scheme of container ids show it.
     */
    String name();

    /** Why {@code image} cannot run here, and what to do instead; empty when it can. */
    Optional<Refusal> refusal(String image);

    /**
     * Gives the pod its address, the one it had before when {@code previousAddress} is not empty
     * and free.
     *
     * @throws IOException when no address can be bound
     */
    String preparePod(String podUid, String previousAddress) throws IOException;

    /**
     * What the runtime adds to a container's environment, known before it starts so that {@code
     * $(NAME)} may use it.
     */
    Map<String, String> environment(String podUid, String container);

    /**
     * @throws StartException when the container cannot be started: not worth a retry before
     *     something changes
     */
    RunningContainer start(ContainerSpec spec)
            throws StartException, IOException, InterruptedException;

    /** Finds what an earlier life of this node started; empty when it is gone. */
    Optional<RunningContainer> adopt(String podUid, String container, int attempt);

    /**
     * Runs a command beside a container; interrupting the caller kills it.
     *
     * @return its exit code
     */
    int exec(ContainerSpec spec, List<String> command, ExecStreams streams)
            throws IOException, InterruptedException;

    /** The log of one container; {@code attempt} empty for the newest, otherwise that attempt's. */
    Optional<ContainerLog> log(String podUid, String container, OptionalInt attempt);

    /** Kills whatever the pod left behind. Answers how many processes would not go. */
    int sweep(String podUid) throws InterruptedException;

    /** Forgets the pod: address, log and folders. What still runs of it is swept first. */
    void removePod(String podUid) throws IOException, InterruptedException;

    /** Pods of which folders or processes are here. */
    Set<String> podUids() throws IOException;

    /** Detaches without stopping anything. */
    @Override
    void close();

    /**
     * @param reason such as {@code ErrImageNeverPull}
     */
    record Refusal(String reason, String message) {}

    /** Something in a folder that the container sees at a path of its own. */
    record Mount(String hostPath, String mountPath) {}

    /** What a container has as its standard input. */
    enum Stdin {
        /** It is at its end from the start. */
        NONE,
        /** It stays open, whoever comes and goes. */
        OPEN,
        /** It ends when the first client has left. */
        ONCE
    }

    /** How a container ended. {@code reason} is empty for the usual Completed or Error. */
    record Exit(int code, String reason, String message) {}

    /**
     * A container as resolved: variables expanded, references read.
     *
     * @param attempt 0 for the first start, then one more each
     * @param command the image's entry point when empty
     * @param stdin whether clients may attach to its standard input
     * @param memoryBytes 0 for no limit
     * @param cpuMillis 0 for no limit
     */
    record ContainerSpec(
            String podUid,
            String hostname,
            String container,
            int attempt,
            String image,
            List<String> command,
            List<String> args,
            Map<String, String> environment,
            String workingDir,
            List<Mount> mounts,
            Stdin stdin,
            long memoryBytes,
            long cpuMillis) {}

    /** A container that was started. */
    interface RunningContainer {
        String id();

        /**
         * Completes once, after the container and everything it left behind is gone. Never fails.
         */
        java.util.concurrent.CompletableFuture<Exit> exited();

        /**
         * Copies {@code client} to the container's standard input until its end; does nothing when
         * the container has none. Interrupting the caller ends it.
         */
        void feed(InputStream client) throws IOException, InterruptedException;

        /** Asks the main process to end. */
        void terminate();

        /**
         * Ends everything at once.
         *
         * @param reason told by {@link #exited()} such as {@code OOMKilled}; empty for none
         */
        void kill(String reason);
    }

    /** A container that cannot start as declared. */
    final class StartException extends Exception {
        private final String reason;

        StartException(String reason, String message) {
            super(message);
            this.reason = reason;
        }

        String reason() {
            return reason;
        }
    }
}
