package dev.kemudi.etcd;

import dev.kemudi.etcd.proto.LeaseGrantRequest;
import dev.kemudi.etcd.proto.LeaseGrantResponse;
import dev.kemudi.etcd.proto.LeaseGrpc;
import dev.kemudi.etcd.proto.LeaseKeepAliveRequest;
import dev.kemudi.etcd.proto.LeaseKeepAliveResponse;
import dev.kemudi.etcd.proto.LeaseLeasesRequest;
import dev.kemudi.etcd.proto.LeaseLeasesResponse;
import dev.kemudi.etcd.proto.LeaseRevokeRequest;
import dev.kemudi.etcd.proto.LeaseRevokeResponse;
import dev.kemudi.etcd.proto.LeaseStatus;
import dev.kemudi.etcd.proto.LeaseTimeToLiveRequest;
import dev.kemudi.etcd.proto.LeaseTimeToLiveResponse;
import dev.kemudi.store.Answer;
import dev.kemudi.store.Store;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.Optional;

/**
 * Leases. A keep-alive of a lease that is gone is answered with time to live 0, not with an error,
 * as in etcd.
 */
final class LeaseService extends LeaseGrpc.LeaseImplBase {
    private final Store store;
    private final Member member;
    private final OpenStreams streams;
    private final Guard guard;

    LeaseService(Store store, Member member, OpenStreams streams, Guard guard) {
        this.guard = guard;
        this.store = store;
        this.member = member;
        this.streams = streams;
    }

    @Override
    public void leaseGrant(LeaseGrantRequest request, StreamObserver<LeaseGrantResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    Answer.LeaseGranted granted =
                            Errors.await(
                                    guard.grant(
                                            request.getID(),
                                            request.getTTL(),
                                            request.getSerializedSize()),
                                    Answer.LeaseGranted.class);
                    return LeaseGrantResponse.newBuilder()
                            .setHeader(member.header(granted.revision()))
                            .setID(granted.id())
                            .setTTL(granted.ttlSeconds())
                            .build();
                });
    }

    @Override
    public void leaseRevoke(
            LeaseRevokeRequest request, StreamObserver<LeaseRevokeResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    Answer.LeaseRevoked revoked =
                            Errors.await(
                                    guard.revoke(Credential.current(), request.getID()),
                                    Answer.LeaseRevoked.class);
                    return LeaseRevokeResponse.newBuilder()
                            .setHeader(member.header(revoked.revision()))
                            .build();
                });
    }

    @Override
    public void leaseTimeToLive(
            LeaseTimeToLiveRequest request, StreamObserver<LeaseTimeToLiveResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    LeaseTimeToLiveResponse.Builder builder =
                            LeaseTimeToLiveResponse.newBuilder()
                                    .setHeader(member.header(store.revision()))
                                    .setID(request.getID());
                    Optional<Store.Lease> found = Errors.await(store.lease(request.getID()));
                    if (found.isEmpty()) {
                        return builder.setTTL(-1).build();
                    }
                    Store.Lease lease = found.get();
                    if (request.getKeys()) {
                        guard.leaseKeysRead(Credential.current(), lease.keys());
                        lease.keys().forEach(key -> builder.addKeys(Wire.string(key)));
                    }
                    return builder.setTTL(lease.remainingSeconds())
                            .setGrantedTTL(lease.grantedTtlSeconds())
                            .build();
                });
    }

    @Override
    public void leaseLeases(
            LeaseLeasesRequest request, StreamObserver<LeaseLeasesResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    LeaseLeasesResponse.Builder builder =
                            LeaseLeasesResponse.newBuilder()
                                    .setHeader(member.header(store.revision()));
                    store.leases()
                            .forEach(id -> builder.addLeases(LeaseStatus.newBuilder().setID(id)));
                    return builder.build();
                });
    }

    @Override
    public StreamObserver<LeaseKeepAliveRequest> leaseKeepAlive(
            StreamObserver<LeaseKeepAliveResponse> observer) {
        KeepAliveStream stream =
                new KeepAliveStream(
                        (ServerCallStreamObserver<LeaseKeepAliveResponse>) observer,
                        this::renew,
                        streams);
        streams.add(stream);
        return stream;
    }

    private LeaseKeepAliveResponse renew(long id) {
        Answer answer = Errors.await(store.leaseKeepAlive(id));
        long ttl = answer instanceof Answer.LeaseRenewed renewed ? renewed.ttlSeconds() : 0;
        return LeaseKeepAliveResponse.newBuilder()
                .setHeader(member.header(store.revision()))
                .setID(id)
                .setTTL(ttl)
                .build();
    }
}
