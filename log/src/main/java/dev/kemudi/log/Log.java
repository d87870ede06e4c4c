package dev.kemudi.log;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * The one write path: append, commit, apply. A command is answered only after it is durable (on a
 * majority, where there are several nodes) and applied. Safe for use by many threads.
 *
 * @param <R> what the state machine answers
 */
public interface Log<R> extends AutoCloseable {
    /**
     * Offers a command. Commands from one thread are applied in the order offered.
     *
     * @param traceparent W3C trace context, empty for none
     * @return the state machine's answer; fails with {@link LogRefusedException} when the command
     *     was certainly not accepted, with another exception when its fate is unknown
     */
    CompletableFuture<R> propose(byte[] command, String traceparent);

    /**
     * Completes once this node has applied everything that was committed when the call began: a
     * linearizable read.
     */
    CompletableFuture<Long> readBarrier();

    /** Index of the last applied entry. */
    long appliedIndex();

    /** Where this node stands among its peers. */
    default Standing standing() {
        return Standing.alone(appliedIndex());
    }

    /** What can be done with peers; empty on a single node. */
    default Optional<Quorum> quorum() {
        return Optional.empty();
    }

    /** First index still held. */
    long firstIndex();

    /** Bytes the log holds on disk. */
    long bytesOnDisk();

    /**
     * Forgets entries up to and including {@code index}, or up to the state machine's durable index
     * if that is lower.
     */
    void truncate(long index);

    /**
     * Finishes what was accepted, flushes the state machine, and releases every file and thread.
     */
    @Override
    void close();
}
