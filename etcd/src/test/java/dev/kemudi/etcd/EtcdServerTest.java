package dev.kemudi.etcd;

import static dev.kemudi.etcd.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.kemudi.etcd.proto.HealthCheckRequest;
import dev.kemudi.etcd.proto.HealthCheckResponse;
import dev.kemudi.etcd.proto.HealthGrpc;
import dev.kemudi.etcd.proto.KVGrpc;
import dev.kemudi.etcd.proto.PutRequest;
import dev.kemudi.etcd.proto.RangeRequest;
import dev.kemudi.etcd.proto.RangeResponse;
import dev.kemudi.etcd.proto.RangeStreamResponse;
import dev.kemudi.etcd.proto.RequestOp;
import dev.kemudi.etcd.proto.TxnRequest;
import dev.kemudi.etcd.proto.TxnResponse;
import dev.kemudi.etcd.proto.WatchCancelRequest;
import dev.kemudi.etcd.proto.WatchCreateRequest;
import dev.kemudi.etcd.proto.WatchGrpc;
import dev.kemudi.etcd.proto.WatchProgressRequest;
import dev.kemudi.etcd.proto.WatchRequest;
import dev.kemudi.etcd.proto.WatchResponse;
import dev.kemudi.kernel.TimeSource;
import dev.kemudi.store.Bytes;
import dev.kemudi.store.KemudiStore;
import dev.kemudi.store.Op;
import dev.kemudi.store.Store;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.StreamObserver;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The protocol by its messages, beyond what client libraries show. */
class EtcdServerTest {
    private Store store;
    private EtcdServer server;
    private ManagedChannel channel;
    private KVGrpc.KVBlockingStub kv;

    @BeforeEach
    void start() throws Exception {
        PrometheusRegistry registry = new PrometheusRegistry();
        store = KemudiStore.inMemory(TimeSource.system(), registry);
        Limits defaults = Limits.defaults();
        Limits limits =
                new Limits(
                        defaults.requestBytesMax(),
                        defaults.messageBytesMax(),
                        defaults.callsMax(),
                        defaults.callsPerConnectionMax(),
                        3,
                        1_000,
                        defaults.inlineKeysMax(),
                        200,
                        1,
                        defaults.keepAliveFloorMillis(),
                        defaults.stopMillis(),
                        defaults.helloMillis(),
                        defaults.pipelinedMax(),
                        defaults.barrierMillis(),
                        defaults.passwordsAtATime(),
                        defaults.tokenUsesMax(),
                        defaults.answersBytesMax(),
                        defaults.snapshotsMax(),
                        defaults.snapshotChunkBytes(),
                        defaults.leaderlessMillis(),
                        defaults.lookMillis());
        server = new EtcdServer(new Config("127.0.0.1", 0), store, registry, limits);
        server.start();
        channel = NettyChannelBuilder.forAddress("127.0.0.1", server.port()).usePlaintext().build();
        kv = KVGrpc.newBlockingStub(channel);
    }

    @AfterEach
    void stop() throws Exception {
        channel.shutdownNow();
        channel.awaitTermination(5, TimeUnit.SECONDS);
        server.close();
        store.close();
    }

    private void put(String key, String value) {
        kv.put(
                PutRequest.newBuilder()
                        .setKey(ByteString.copyFromUtf8(key))
                        .setValue(ByteString.copyFromUtf8(value))
                        .build());
    }

    private static WatchRequest create(WatchCreateRequest.Builder request) {
        return WatchRequest.newBuilder().setCreateRequest(request).build();
    }

    private static WatchCreateRequest.Builder on(String key) {
        return WatchCreateRequest.newBuilder().setKey(ByteString.copyFromUtf8(key));
    }

    private static final class Heard implements StreamObserver<WatchResponse> {
        final List<WatchResponse> responses = new CopyOnWriteArrayList<>();

        @Override
        public void onNext(WatchResponse response) {
            responses.add(response);
        }

        @Override
        public void onError(Throwable failure) {}

        @Override
        public void onCompleted() {}
    }

    @Test
    void anOccupiedPortIsNamedInOneSentence() {
        EtcdServer second =
                new EtcdServer(
                        new Config("127.0.0.1", server.port()),
                        store,
                        new PrometheusRegistry(),
                        Limits.defaults());
        assertThatThrownBy(second::start)
                .isInstanceOf(IOException.class)
                .hasMessageContaining("etcd cannot listen on 127.0.0.1:" + server.port())
                .hasMessageContaining("choose another port");
        second.close();
    }

    @Test
    void healthIsServed() {
        HealthGrpc.HealthBlockingStub health = HealthGrpc.newBlockingStub(channel);
        assertThat(
                        health.check(
                                        HealthCheckRequest.newBuilder()
                                                .setService("etcdserverpb.KV")
                                                .build())
                                .getStatus())
                .isEqualTo(HealthCheckResponse.ServingStatus.SERVING);
        assertThatThrownBy(() ->
                        health.check(HealthCheckRequest.newBuilder().setService("no.Such").build()))
                .hasMessageContaining("NOT_FOUND");
    }

    @Test
    void refusalsHaveEtcdsWords() {
        assertThatThrownBy(() -> put("", "v"))
                .isInstanceOf(StatusRuntimeException.class)
                .hasMessage("INVALID_ARGUMENT: etcdserver: key is not provided");
        assertThatThrownBy(() ->
                        kv.put(
                                PutRequest.newBuilder()
                                        .setKey(ByteString.copyFromUtf8("k"))
                                        .setValue(ByteString.copyFromUtf8("v"))
                                        .setIgnoreValue(true)
                                        .build()))
                .hasMessage("INVALID_ARGUMENT: etcdserver: value is provided");
        assertThatThrownBy(() ->
                        kv.range(
                                RangeRequest.newBuilder()
                                        .setKey(ByteString.copyFromUtf8("k"))
                                        .setSortOrderValue(77)
                                        .build()))
                .hasMessage("INVALID_ARGUMENT: etcdserver: invalid sort option");
    }

    @Test
    void watchesOfOneStreamHaveIdsFiltersAndEnds() {
        Heard heard = new Heard();
        StreamObserver<WatchRequest> ask = WatchGrpc.newStub(channel).watch(heard);
        ask.onNext(create(on("k").addFilters(WatchCreateRequest.FilterType.NOPUT)));
        ask.onNext(create(on("k").setWatchId(7)));
        ask.onNext(create(on("k").setWatchId(7)));
        ask.onNext(create(on("z").setRangeEnd(ByteString.copyFromUtf8("a"))));
        ask.onNext(create(on("m")));
        ask.onNext(create(on("one too many")));
        eventually(() -> assertThat(heard.responses).hasSize(6));
        assertThat(heard.responses).allMatch(WatchResponse::getCreated);
        assertThat(heard.responses)
                .extracting(WatchResponse::getWatchId)
                .containsExactly(0L, 7L, -1L, -1L, 1L, -1L);
        assertThat(heard.responses)
                .extracting(WatchResponse::getCancelReason)
                .containsExactly(
                        "",
                        "",
                        "mvcc: duplicate watch ID provided on the WatchStream",
                        "mvcc: watcher range is empty",
                        "",
                        "etcdserver: too many watches on one stream");
        heard.responses.clear();
        put("k", "v");
        eventually(() -> assertThat(heard.responses).hasSize(1));
        assertThat(heard.responses.getFirst().getWatchId()).isEqualTo(7);
        heard.responses.clear();
        ask.onNext(
                WatchRequest.newBuilder()
                        .setCancelRequest(WatchCancelRequest.newBuilder().setWatchId(7))
                        .build());
        eventually(() -> assertThat(heard.responses).hasSize(1));
        assertThat(heard.responses.getFirst().getCanceled()).isTrue();
        ask.onError(Status.CANCELLED.asException());
        eventually(() -> assertThat(store.stats().watchers()).isZero());
    }

    @Test
    void whoeverHasNothingMoreToAskIsStillToldUntilTheyLeave() {
        Heard heard = new Heard();
        StreamObserver<WatchRequest> ask = WatchGrpc.newStub(channel).watch(heard);
        ask.onNext(create(on("k")));
        ask.onCompleted();
        eventually(() -> assertThat(heard.responses).hasSize(1));
        put("k", "v");
        eventually(() -> assertThat(events(heard.responses)).isEqualTo(1));
        channel.shutdownNow();
        eventually(() -> assertThat(store.stats().watchers()).isZero());
    }

    @Test
    void aWatchFromBeforeTheFirstRevisionBeginsWithTheFirstThatIsKept() {
        put("k", "1");
        Heard all = new Heard();
        WatchGrpc.newStub(channel).watch(all).onNext(create(on("k").setStartRevision(-1)));
        eventually(() -> assertThat(events(all.responses)).isEqualTo(1));
        put("k", "2");
        store.compact(3).join();
        Heard late = new Heard();
        WatchGrpc.newStub(channel).watch(late).onNext(create(on("k").setStartRevision(-1)));
        eventually(() -> assertThat(late.responses).hasSize(2));
        assertThat(late.responses.getLast().getCanceled()).isTrue();
        assertThat(late.responses.getLast().getCompactRevision()).isEqualTo(3);
    }

    @Test
    void aTransactionWithinOneHasAHeaderWithoutRevision() {
        RequestOp put =
                RequestOp.newBuilder()
                        .setRequestPut(PutRequest.newBuilder().setKey(ByteString.copyFromUtf8("k")))
                        .build();
        TxnResponse inner =
                kv.txn(
                                TxnRequest.newBuilder()
                                        .addSuccess(
                                                RequestOp.newBuilder()
                                                        .setRequestTxn(
                                                                TxnRequest.newBuilder()
                                                                        .addSuccess(put)))
                                        .build())
                        .getResponses(0)
                        .getResponseTxn();
        assertThat(inner.hasHeader()).isTrue();
        assertThat(inner.getHeader().getRevision()).isZero();
        assertThat(inner.getResponses(0).getResponsePut().getHeader().getRevision()).isEqualTo(2);
        assertThatThrownBy(() ->
                        kv.txn(
                                TxnRequest.newBuilder()
                                        .addSuccess(RequestOp.getDefaultInstance())
                                        .build()))
                .hasMessage("INVALID_ARGUMENT: etcdserver: key not found");
    }

    @Test
    void aProgressRequestIsAnsweredForTheWholeStream() {
        Heard heard = new Heard();
        StreamObserver<WatchRequest> ask = WatchGrpc.newStub(channel).watch(heard);
        ask.onNext(create(on("a").setProgressNotify(true)));
        ask.onNext(create(on("b").setStartRevision(1)));
        put("other", "x");
        put("b", "x");
        ask.onNext(
                WatchRequest.newBuilder()
                        .setProgressRequest(WatchProgressRequest.getDefaultInstance())
                        .build());
        eventually(() ->
                assertThat(heard.responses)
                        .anyMatch(r -> r.getWatchId() == -1 && r.getHeader().getRevision() == 3));
        // Asked for at its creation, the quiet watch reports by itself, under its own id.
        eventually(() ->
                assertThat(heard.responses)
                        .anyMatch(r ->
                                r.getWatchId() == 0 && !r.getCreated() && r.getEventsCount() == 0));
        ask.onCompleted();
    }

    @Test
    void aLargeRevisionComesInFragmentsToThoseWhoAskedForThem() {
        Heard heard = new Heard();
        StreamObserver<WatchRequest> ask = WatchGrpc.newStub(channel).watch(heard);
        ask.onNext(create(on("f").setRangeEnd(ByteString.copyFromUtf8("g")).setFragment(true)));
        eventually(() -> assertThat(heard.responses).hasSize(1));
        Bytes value = Bytes.of(new byte[400]);
        List<Op> puts =
                List.of(
                        Op.Put.of(Bytes.utf8("f1"), value),
                        Op.Put.of(Bytes.utf8("f2"), value),
                        Op.Put.of(Bytes.utf8("f3"), value));
        store.txn(new Op.Txn(List.of(), puts, List.of())).join();
        eventually(() -> assertThat(heard.responses).hasSize(3));
        assertThat(heard.responses.get(1).getFragment()).isTrue();
        assertThat(heard.responses.get(1).getEventsCount()).isEqualTo(2);
        assertThat(heard.responses.get(2).getFragment()).isFalse();
        assertThat(heard.responses.get(2).getEventsCount()).isEqualTo(1);
        ask.onCompleted();
    }

    @Test
    void aClientThatNeverReadsItsWatchHoldsNobodyUpAndGetsAllInTheEnd() {
        List<WatchResponse> slow = new CopyOnWriteArrayList<>();
        ClientCallStreamObserver<?>[] call = new ClientCallStreamObserver<?>[1];
        StreamObserver<WatchRequest> ask =
                WatchGrpc.newStub(channel)
                        .watch(
                                new ClientResponseObserver<WatchRequest, WatchResponse>() {
                                    @Override
                                    public void beforeStart(
                                            ClientCallStreamObserver<WatchRequest> stream) {
                                        stream.disableAutoRequestWithInitial(1);
                                        call[0] = stream;
                                    }

                                    @Override
                                    public void onNext(WatchResponse response) {
                                        slow.add(response);
                                    }

                                    @Override
                                    public void onError(Throwable failure) {}

                                    @Override
                                    public void onCompleted() {}
                                });
        ask.onNext(create(on("s")));
        eventually(() -> assertThat(slow).hasSize(1));
        Heard quick = new Heard();
        StreamObserver<WatchRequest> other = WatchGrpc.newStub(channel).watch(quick);
        other.onNext(create(on("s")));
        eventually(() -> assertThat(quick.responses).hasSize(1));
        // More than window and buffer of the slow one hold: it must go on from the store's history.
        Bytes value = Bytes.of(new byte[64_000]);
        int puts = 300;
        for (int i = 0; i < puts; i++) {
            store.put(Op.Put.of(Bytes.utf8("s"), value)).join();
        }
        eventually(() -> assertThat(events(quick.responses)).isEqualTo(puts));
        assertThat(events(slow)).isZero();
        call[0].request(Integer.MAX_VALUE);
        eventually(() -> assertThat(events(slow)).isEqualTo(puts));
        ask.onCompleted();
        other.onCompleted();
    }

    private static int events(List<WatchResponse> responses) {
        return responses.stream().mapToInt(WatchResponse::getEventsCount).sum();
    }

    @Test
    void garbageIsRefusedAndServingGoesOn() throws Exception {
        try (java.net.Socket socket = new java.net.Socket("127.0.0.1", server.port())) {
            socket.getOutputStream().write(new byte[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
            socket.getOutputStream().flush();
        }
        put("after", "fine");
        assertThat(store.revision()).isEqualTo(2);
    }

    @Test
    void aStreamedRangeIsTheRangeInPieces() {
        byte[] large = new byte[300_000];
        for (int i = 0; i < 20; i++) {
            kv.put(
                    PutRequest.newBuilder()
                            .setKey(ByteString.copyFromUtf8("stream/" + (char) ('a' + i)))
                            .setValue(ByteString.copyFrom(large))
                            .build());
        }
        KVGrpc.KVBlockingStub generous = kv.withMaxInboundMessageSize(16 << 20);
        for (int limit : new int[] {0, 7, 100}) {
            RangeRequest request =
                    RangeRequest.newBuilder()
                            .setKey(ByteString.copyFromUtf8("stream/"))
                            .setRangeEnd(ByteString.copyFromUtf8("stream0"))
                            .setLimit(limit)
                            .build();
            RangeResponse.Builder merged = RangeResponse.newBuilder();
            int pieces = 0;
            for (Iterator<RangeStreamResponse> each = generous.rangeStream(request);
                    each.hasNext(); ) {
                merged.mergeFrom(each.next().getRangeResponse());
                pieces++;
            }
            assertThat(merged.build()).isEqualTo(generous.range(request));
            assertThat(pieces).isEqualTo(limit == 7 ? 2 : 4);
        }
    }
}
