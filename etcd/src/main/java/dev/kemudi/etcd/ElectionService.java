package dev.kemudi.etcd;

import dev.kemudi.etcd.proto.CampaignRequest;
import dev.kemudi.etcd.proto.CampaignResponse;
import dev.kemudi.etcd.proto.ElectionGrpc;
import dev.kemudi.etcd.proto.LeaderKey;
import dev.kemudi.etcd.proto.LeaderRequest;
import dev.kemudi.etcd.proto.LeaderResponse;
import dev.kemudi.etcd.proto.ProclaimRequest;
import dev.kemudi.etcd.proto.ProclaimResponse;
import dev.kemudi.etcd.proto.ResignRequest;
import dev.kemudi.etcd.proto.ResignResponse;
import dev.kemudi.store.Answer;
import dev.kemudi.store.Bytes;
import dev.kemudi.store.KeyRange;
import dev.kemudi.store.KeyValue;
import dev.kemudi.store.Op;
import dev.kemudi.store.Store;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.Comparator;
import java.util.Optional;

/** Elections: the leader is whoever's key under the election's name was created first. */
final class ElectionService extends ElectionGrpc.ElectionImplBase {
    private final Store store;
    private final KeyQueue queue;
    private final Member member;
    private final OpenStreams streams;
    private final Guard guard;

    ElectionService(Store store, KeyQueue queue, Member member, OpenStreams streams, Guard guard) {
        this.guard = guard;
        this.store = store;
        this.queue = queue;
        this.member = member;
        this.streams = streams;
    }

    @Override
    public void campaign(CampaignRequest request, StreamObserver<CampaignResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    Bytes value = Wire.bytes(request.getValue());
                    long lease = queue.lease(request.getLease());
                    KeyQueue.Place place = queue.enter(Wire.bytes(request.getName()), lease, value);
                    Optional<KeyValue> existing = place.existing();
                    if (existing.isPresent() && !existing.get().value().equals(value)) {
                        proclaim(place.key(), place.createRevision(), lease, value);
                    }
                    long revision;
                    try {
                        revision = queue.awaitTurn(place);
                    } catch (RuntimeException e) {
                        queue.ifStill(
                                place.key(),
                                place.createRevision(),
                                new Op.Delete(KeyRange.single(place.key()), false));
                        throw e;
                    }
                    return CampaignResponse.newBuilder()
                            .setHeader(member.header(revision))
                            .setLeader(
                                    LeaderKey.newBuilder()
                                            .setName(request.getName())
                                            .setKey(Wire.string(place.key()))
                                            .setRev(place.createRevision())
                                            .setLease(lease))
                            .build();
                });
    }

    private long proclaim(Bytes key, long createRevision, long lease, Bytes value) {
        Answer.Txn txn =
                queue.ifStill(
                        key, createRevision, new Op.Put(key, value, lease, false, false, false));
        if (!txn.succeeded()) {
            throw Errors.NOT_LEADER.asRuntimeException();
        }
        return txn.revision();
    }

    /** etcd's own words, and its lack of a code. */
    private static void expectLeader(boolean given) {
        if (!given) {
            throw Status.UNKNOWN
                    .withDescription("\"leader\" field must be provided")
                    .asRuntimeException();
        }
    }

    @Override
    public void proclaim(ProclaimRequest request, StreamObserver<ProclaimResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    expectLeader(request.hasLeader());
                    LeaderKey leader = request.getLeader();
                    long revision =
                            proclaim(
                                    Wire.bytes(leader.getKey()),
                                    leader.getRev(),
                                    leader.getLease(),
                                    Wire.bytes(request.getValue()));
                    return ProclaimResponse.newBuilder().setHeader(member.header(revision)).build();
                });
    }

    @Override
    public void leader(LeaderRequest request, StreamObserver<LeaderResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    KeyRange range =
                            KeyRange.prefix(KeyQueue.prefix(Wire.bytes(request.getName())));
                    Errors.await(store.readBarrier());
                    guard.read(Credential.current(), range);
                    Answer.Ranged ranged =
                            Errors.expect(store.range(Op.Range.of(range)), Answer.Ranged.class);
                    KeyValue leader =
                            ranged.kvs().stream()
                                    .min(Comparator.comparingLong(KeyValue::createRevision))
                                    .orElseThrow(Errors.NO_LEADER::asRuntimeException);
                    return LeaderResponse.newBuilder()
                            .setHeader(member.header(ranged.revision()))
                            .setKv(Wire.kv(leader))
                            .build();
                });
    }

    @Override
    public void observe(LeaderRequest request, StreamObserver<LeaderResponse> observer) {
        KeyRange range = KeyRange.prefix(KeyQueue.prefix(Wire.bytes(request.getName())));
        try {
            Errors.await(store.readBarrier());
            guard.read(Credential.current(), range);
        } catch (RuntimeException e) {
            observer.onError(Errors.told(e));
            return;
        }
        Observation observation =
                new Observation(
                        store,
                        member,
                        range,
                        (ServerCallStreamObserver<LeaderResponse>) observer,
                        streams);
        streams.add(observation);
        observation.start();
    }

    @Override
    public void resign(ResignRequest request, StreamObserver<ResignResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    expectLeader(request.hasLeader());
                    Bytes key = Wire.bytes(request.getLeader().getKey());
                    Answer.Txn txn =
                            queue.ifStill(
                                    key,
                                    request.getLeader().getRev(),
                                    new Op.Delete(KeyRange.single(key), false));
                    return ResignResponse.newBuilder()
                            .setHeader(member.header(txn.revision()))
                            .build();
                });
    }
}
