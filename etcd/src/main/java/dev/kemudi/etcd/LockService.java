package dev.kemudi.etcd;

import dev.kemudi.etcd.proto.LockGrpc;
import dev.kemudi.etcd.proto.LockRequest;
import dev.kemudi.etcd.proto.LockResponse;
import dev.kemudi.etcd.proto.UnlockRequest;
import dev.kemudi.etcd.proto.UnlockResponse;
import dev.kemudi.store.Bytes;
import io.grpc.stub.StreamObserver;

/**
 * Locks. As in etcd they are leases with a queue: the holder whose lease runs out has lost the lock
 * whether it knows or not, so what it guards must check the key's revision.
 */
final class LockService extends LockGrpc.LockImplBase {
    private final KeyQueue queue;
    private final Member member;

    LockService(KeyQueue queue, Member member) {
        this.queue = queue;
        this.member = member;
    }

    @Override
    public void lock(LockRequest request, StreamObserver<LockResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    KeyQueue.Place place =
                            queue.enter(
                                    Wire.bytes(request.getName()),
                                    queue.lease(request.getLease()),
                                    Bytes.EMPTY);
                    long revision;
                    try {
                        revision = queue.awaitTurn(place);
                    } catch (RuntimeException e) {
                        queue.delete(place.key());
                        throw e;
                    }
                    if (queue.get(place.key()).isEmpty()) {
                        throw Errors.SESSION_EXPIRED.asRuntimeException();
                    }
                    return LockResponse.newBuilder()
                            .setHeader(member.header(revision))
                            .setKey(Wire.string(place.key()))
                            .build();
                });
    }

    @Override
    public void unlock(UnlockRequest request, StreamObserver<UnlockResponse> observer) {
        Unary.answer(
                observer,
                () ->
                        UnlockResponse.newBuilder()
                                .setHeader(
                                        member.header(queue.delete(Wire.bytes(request.getKey()))))
                                .build());
    }
}
