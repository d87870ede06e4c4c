package dev.kemudi.etcd;

import static dev.kemudi.etcd.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.kemudi.etcd.proto.KVGrpc;
import dev.kemudi.etcd.proto.PutRequest;
import dev.kemudi.etcd.proto.PutResponse;
import dev.kemudi.etcd.proto.RangeRequest;
import dev.kemudi.etcd.proto.RangeResponse;
import dev.kemudi.kernel.TimeSource;
import dev.kemudi.store.KemudiStore;
import dev.kemudi.store.Store;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Short calls in every shape that a client may give them: as usual, and otherwise. */
class UnaryStreamsTest {
    private static final String PUT = "/etcdserverpb.KV/Put";
    private static final String RANGE = "/etcdserverpb.KV/Range";
    private static final String OK = "0";

    private final PrometheusRegistry registry = new PrometheusRegistry();
    private Store store;
    private EtcdServer server;
    private RawConnection raw;

    /** Reads wait for it as they do while no majority is there. */
    private volatile CompletableFuture<Long> majority = CompletableFuture.completedFuture(0L);

    @BeforeEach
    void start() throws Exception {
        store = KemudiStore.inMemory(TimeSource.system(), registry);
        server =
                new EtcdServer(
                        new Config("127.0.0.1", 0), partitioned(), registry, Limits.defaults());
        server.start();
        raw = new RawConnection(server.port());
    }

    @AfterEach
    void stop() throws Exception {
        raw.close();
        server.close();
        store.close();
    }

    /** The store itself, but for reads that want a majority. */
    private Store partitioned() {
        return (Store)
                Proxy.newProxyInstance(
                        Store.class.getClassLoader(),
                        new Class<?>[] {Store.class},
                        (proxy, method, arguments) -> {
                            if (method.getName().equals("readBarrier")) {
                                return majority;
                            }
                            try {
                                return method.invoke(store, arguments);
                            } catch (InvocationTargetException e) {
                                throw e.getCause();
                            }
                        });
    }

    private static PutRequest put(String key, int bytes) {
        return PutRequest.newBuilder()
                .setKey(ByteString.copyFromUtf8(key))
                .setValue(ByteString.copyFrom(new byte[bytes]))
                .build();
    }

    private static RangeRequest range(String key) {
        return RangeRequest.newBuilder().setKey(ByteString.copyFromUtf8(key)).build();
    }

    private void stillServes() throws Exception {
        int stream = raw.call(PUT, put("still", 10).toByteArray());
        assertThat(raw.answer(stream).status()).isEqualTo(OK);
    }

    private double ended(String method, String code) {
        return registry.scrape(name -> name.equals("kemudi_etcd_calls")).stream()
                .flatMap(metric -> ((CounterSnapshot) metric).getDataPoints().stream())
                .filter(point ->
                        point.getLabels().get("method").equals("etcdserverpb.KV/" + method)
                                && point.getLabels().get("code").equals(code))
                .mapToDouble(CounterSnapshot.CounterDataPointSnapshot::getValue)
                .sum();
    }

    private double open() {
        return registry.scrape(name -> name.equals("kemudi_etcd_open_calls")).stream()
                .flatMap(metric -> ((GaugeSnapshot) metric).getDataPoints().stream())
                .mapToDouble(GaugeSnapshot.GaugeDataPointSnapshot::getValue)
                .sum();
    }

    @Test
    void aCallIsAnsweredWithHeadersMessageAndTrailersAndCounted() throws Exception {
        for (int i = 0; i < 3; i++) {
            RawConnection.Answer answer = raw.answer(raw.call(PUT, put("k", 256).toByteArray()));
            assertThat(answer.headers)
                    .containsEntry(":status", "200")
                    .containsEntry("content-type", "application/grpc")
                    .containsEntry("grpc-status", OK);
            assertThat(PutResponse.parseFrom(answer.message()).getHeader().getRevision())
                    .isEqualTo(2 + i);
        }
        RawConnection.Answer read = raw.answer(raw.call(RANGE, range("k").toByteArray()));
        assertThat(RangeResponse.parseFrom(read.message()).getKvs(0).getVersion()).isEqualTo(3);
        assertThat(ended("Put", "OK")).isEqualTo(3);
        assertThat(ended("Range", "OK")).isEqualTo(1);
        assertThat(open()).isZero();
    }

    @Test
    void aSerializableReadMayBeOldUnlessItsHeaderSetsABound() throws Exception {
        byte[] read = range("k").toBuilder().setSerializable(true).build().toByteArray();
        String bound = "kemudi-staleness-max";
        majority = CompletableFuture.failedFuture(Errors.LEADERLESS.asRuntimeException());

        assertThat(raw.answer(raw.call(RANGE, read)).status()).isEqualTo(OK);
        assertThat(raw.answer(raw.call(RANGE, read, bound, "500ms")).headers)
                .containsEntry("grpc-message", "etcdserver: no leader");
        assertThat(raw.answer(raw.call(RANGE, read, bound, "soon")).headers)
                .containsEntry("grpc-status", "3")
                .hasEntrySatisfying(
                        "grpc-message",
                        message -> assertThat(message).startsWith(bound).contains("soon"));
        majority = CompletableFuture.completedFuture(0L);
        assertThat(raw.answer(raw.call(RANGE, read, bound, "500ms")).status()).isEqualTo(OK);
    }

    @Test
    void aMessageMayComeInPiecesAndEndByItself() throws Exception {
        byte[] whole = RawConnection.prefixed(put("pieces", 256).toByteArray());
        int stream = raw.headers(PUT);
        for (int at = 0; at < whole.length; at += 100) {
            int to = Math.min(at + 100, whole.length);
            byte[] piece = Arrays.copyOfRange(whole, at, to);
            raw.frame(RawConnection.DATA, 0, stream, piece);
        }
        raw.frame(RawConnection.DATA, RawConnection.END_STREAM, stream, new byte[0]);
        assertThat(raw.answer(stream).status()).isEqualTo(OK);
        // Whole, but its end comes later.
        int later = raw.headers(PUT);
        raw.frame(RawConnection.DATA, 0, later, whole);
        raw.frame(RawConnection.DATA, RawConnection.END_STREAM, later, new byte[0]);
        assertThat(raw.answer(later).status()).isEqualTo(OK);
        assertThat(store.revision()).isEqualTo(3);
        eventually(() -> assertThat(ended("Put", "OK")).isEqualTo(2));
    }

    @Test
    void whatIsNoRequestIsRefusedAndTheConnectionServesOn() throws Exception {
        byte[] good = put("k", 1).toByteArray();
        assertThat(raw.answer(raw.call("/etcdserverpb.KV/Nothing", good)).status()).isEqualTo("12");
        assertThat(raw.answer(raw.call(PUT, good, "grpc-encoding", "br")).status()).isEqualTo("12");
        RawConnection.Answer page = raw.answer(raw.call(PUT, good, "content-type", "text/plain"));
        assertThat(page.headers).containsEntry(":status", "415");
        RawConnection.Answer garbled = raw.answer(raw.call(PUT, new byte[] {10, 99, 1}));
        assertThat(garbled.status()).isEqualTo("13");
        assertThat(garbled.headers).containsEntry("grpc-message", "Invalid protobuf byte sequence");
        // More is announced than comes, and less.
        int cut = raw.headers(PUT);
        raw.frame(RawConnection.DATA, RawConnection.END_STREAM, cut, new byte[] {0, 0, 0, 9, 9, 1});
        assertThat(raw.answer(cut).status()).isNotEqualTo(OK);
        int empty = raw.headers(PUT);
        raw.frame(RawConnection.DATA, RawConnection.END_STREAM, empty, new byte[0]);
        assertThat(raw.answer(empty).status()).isNotEqualTo(OK);
        int huge = raw.headers(PUT);
        raw.frame(RawConnection.DATA, 0, huge, new byte[] {0, 127, 0, 0, 0});
        assertThat(raw.answer(huge).status()).isEqualTo("8");
        assertThat(raw.answer(raw.call(PUT, put("", 1).toByteArray())).headers)
                .containsEntry("grpc-message", "etcdserver: key is not provided");
        stillServes();
        eventually(() -> assertThat(open()).isZero());
    }

    @Test
    void trailersOfAClientGoToWhoUnderstandsThem() throws Exception {
        int stream = raw.headers(PUT);
        raw.frame(
                RawConnection.HEADERS,
                RawConnection.END_HEADERS | RawConnection.END_STREAM,
                stream,
                new byte[] {0, 1, 'x', 1, 'y'});
        assertThat(raw.answer(stream).status()).isNotEqualTo(OK);
        stillServes();
    }

    @Test
    void aCallThatIsResetIsOverWhereverItWas() throws Exception {
        majority = new CompletableFuture<>();
        int headersOnly = raw.headers(PUT);
        raw.frame(RawConnection.RST_STREAM, 0, headersOnly, new byte[] {0, 0, 0, 8});
        int waiting = raw.call(RANGE, range("k").toByteArray());
        eventually(() -> assertThat(open()).isEqualTo(1));
        raw.frame(RawConnection.RST_STREAM, 0, waiting, new byte[] {0, 0, 0, 8});
        eventually(() -> assertThat(open()).isZero());
        assertThat(ended("Range", "CANCELLED")).isEqualTo(1);
        majority.complete(0L);
        stillServes();
        assertThat(raw.soFar(waiting).headers).isEmpty();
    }

    @Test
    void aConnectionThatGoesAwayEndsItsCalls() throws Exception {
        majority = new CompletableFuture<>();
        for (int i = 0; i < 10; i++) {
            raw.call(RANGE, range("k").toByteArray());
        }
        eventually(() -> assertThat(open()).isEqualTo(10));
        raw.close();
        eventually(() -> assertThat(open()).isZero());
        majority.complete(0L);
        assertThat(ended("Range", "CANCELLED")).isEqualTo(10);
        assertThat(ended("Range", "OK")).isZero();
    }

    @Test
    void aCallIsAnsweredWhenItsTimeIsUp() throws Exception {
        majority = new CompletableFuture<>();
        int stream = raw.call(RANGE, range("k").toByteArray(), "grpc-timeout", "50m");
        RawConnection.Answer answer = raw.answer(stream);
        assertThat(answer.status()).isEqualTo("4");
        assertThat(ended("Range", "DEADLINE_EXCEEDED")).isEqualTo(1);
        majority.complete(0L);
        assertThat(
                        raw.answer(raw.call(RANGE, range("k").toByteArray(), "grpc-timeout", "9H"))
                                .status())
                .isEqualTo(OK);
        assertThat(ended("Range", "OK")).isEqualTo(1);
    }

    @Test
    void tooManyCallsAtATimeAreToldToComeAgain() throws Exception {
        majority = new CompletableFuture<>();
        List<RawConnection> others = new ArrayList<>();
        int max = Limits.defaults().callsMax();
        for (int i = 0; i < 2; i++) {
            RawConnection other = new RawConnection(server.port());
            others.add(other);
            for (int j = 0; j < max / 2; j++) {
                other.call(RANGE, range("k").toByteArray());
            }
        }
        eventually(() -> assertThat(open()).isEqualTo(max));
        RawConnection.Answer refused = raw.answer(raw.call(RANGE, range("k").toByteArray()));
        assertThat(refused.headers)
                .containsEntry("grpc-status", "8")
                .containsEntry("grpc-message", "etcdserver: too many requests");
        majority.complete(0L);
        for (RawConnection other : others) {
            assertThat(other.answer(1).status()).isEqualTo(OK);
            assertThat(other.answer(max - 1).status()).isEqualTo(OK);
            other.close();
        }
        stillServes();
    }

    @Test
    void anAnswerWaitsForTheClientsWindow() throws Exception {
        try (RawConnection narrow = new RawConnection(server.port(), 4, 10)) {
            int stream = narrow.call(PUT, put("k", 10).toByteArray());
            while (narrow.soFar(stream).data.size() < 10) {
                narrow.read();
            }
            assertThat(narrow.soFar(stream).ended).isFalse();
            narrow.window(stream, 1_000);
            assertThat(narrow.answer(stream).status()).isEqualTo(OK);
            assertThat(narrow.answer(stream).message()).isNotEmpty();
        }
    }

    @Test
    void manyAnswersUseUpTheConnectionsWindowAndNoMore() throws Exception {
        raw.answer(raw.call(PUT, put("k", 8_000).toByteArray()));
        int last = 0;
        for (int i = 0; i < 20; i++) {
            last = raw.call(RANGE, range("k").toByteArray());
        }
        // 65,535 bytes are a connection's until the client says more.
        long data = 0;
        while (data < 65_535 - 50) {
            raw.read();
            data = 0;
            for (int stream = 1; stream <= last; stream += 2) {
                data += raw.soFar(stream).data.size();
            }
        }
        assertThat(data).isLessThanOrEqualTo(65_535);
        assertThat(raw.soFar(last).ended).isFalse();
        raw.window(0, 1_000_000);
        for (int stream = 1; stream <= last; stream += 2) {
            assertThat(raw.answer(stream).status()).isEqualTo(OK);
        }
        stillServes();
    }

    @Test
    void aSmallerTableOfHeadersIsConfirmedInTheNextAnswer() throws Exception {
        stillServes();
        raw.headerTableSize(0);
        // The decoder fails upon a block that does not begin with the confirmation.
        stillServes();
        stillServes();
        raw.headerTableSize(4_096);
        stillServes();
    }

    @Test
    void pingsBetweenCallsAreForgivenAndPingsAloneAreNot() throws Exception {
        for (int i = 0; i < 10; i++) {
            raw.frame(RawConnection.PING, 0, 0, new byte[8]);
            stillServes();
        }
        assertThat(raw.wasSentAway()).isFalse();
        for (int i = 0; i < 10; i++) {
            raw.frame(RawConnection.PING, 0, 0, new byte[8]);
        }
        raw.awaitSentAway();
    }

    @Test
    void largeCompressedAndManyCallsOfAClientLibraryAreAllAnswered() throws Exception {
        ManagedChannel channel =
                NettyChannelBuilder.forAddress("127.0.0.1", server.port()).usePlaintext().build();
        try {
            KVGrpc.KVBlockingStub keys = KVGrpc.newBlockingStub(channel);
            keys.put(put("large", 1_000_000));
            keys.withCompression("gzip").put(put("compressed", 5_000));
            assertThat(keys.withDeadlineAfter(10, TimeUnit.SECONDS).range(range("large")).getKvs(0))
                    .satisfies(kv -> assertThat(kv.getValue().size()).isEqualTo(1_000_000));
            assertThat(keys.range(range("compressed")).getKvs(0).getValue().size())
                    .isEqualTo(5_000);
            assertThatThrownBy(() -> keys.put(put("too large", 1_600_000)))
                    .hasMessageContaining("etcdserver: request is too large");
            KVGrpc.KVFutureStub soon = KVGrpc.newFutureStub(channel);
            List<Future<PutResponse>> all = new ArrayList<>();
            for (int i = 0; i < 500; i++) {
                all.add(soon.put(put("many", i)));
            }
            for (Future<PutResponse> each : all) {
                assertThat(each.get(10, TimeUnit.SECONDS).getHeader().getRevision()).isPositive();
            }
            assertThat(keys.range(range("many")).getKvs(0).getVersion()).isEqualTo(500);
        } finally {
            channel.shutdownNow();
        }
    }

    @Test
    void aServerThatStopsLetsCallsFinish() throws Exception {
        majority = new CompletableFuture<>();
        int stream = raw.call(RANGE, range("k").toByteArray());
        eventually(() -> assertThat(open()).isEqualTo(1));
        Thread closing = Thread.startVirtualThread(server::close);
        raw.awaitSentAway();
        majority.complete(0L);
        assertThat(raw.answer(stream).status()).isEqualTo(OK);
        closing.join();
    }

    @Test
    void howLongAClientWaitsIsReadAsGrpcWritesIt() {
        assertThat(Timeout.nanos("7n")).isEqualTo(7);
        assertThat(Timeout.nanos("20m")).isEqualTo(20_000_000);
        assertThat(Timeout.nanos("99999999H")).isPositive();
        for (String odd : List.of("", "S", "5", "5s", "-1S", "123456789S", "1x0S")) {
            assertThat(Timeout.nanos(odd)).as(odd).isNegative();
        }
    }
}
