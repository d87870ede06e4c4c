package dev.kemudi.logratis;

import dev.kemudi.log.Proposals.Proposal;
import dev.kemudi.logratis.Batch.Origin;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;

/**
 * This node's batch that is on its way through the log. Whoever settles it first answers its
 * commands; all others leave it alone.
 */
record Flight<R>(
        Origin origin,
        List<Proposal<R>> proposals,
        ByteString encoded,
        AtomicBoolean settled,
        CompletableFuture<Void> landed) {
    static <R> Flight<R> of(Origin origin, List<Proposal<R>> proposals) {
        return new Flight<>(
                origin,
                proposals,
                Batch.encode(origin, proposals),
                new AtomicBoolean(),
                new CompletableFuture<>());
    }

    /** Whether the caller is the one to answer. */
    boolean settle() {
        return settled.compareAndSet(false, true);
    }
}
