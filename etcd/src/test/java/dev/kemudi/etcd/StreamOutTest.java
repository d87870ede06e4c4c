package dev.kemudi.etcd;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.kemudi.etcd.proto.WatchCreateRequest;
import dev.kemudi.etcd.proto.WatchRequest;
import dev.kemudi.etcd.proto.WatchResponse;
import dev.kemudi.kernel.TimeSource;
import dev.kemudi.store.Bytes;
import dev.kemudi.store.KemudiStore;
import dev.kemudi.store.Op;
import dev.kemudi.store.Store;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a watch is told, frame by frame. */
class StreamOutTest {
    private static final String WATCH = "/etcdserverpb.Watch/Watch";
    private static final int EVENTS = 500;

    private final PrometheusRegistry registry = new PrometheusRegistry();
    private Store store;
    private EtcdServer server;

    @BeforeEach
    void start() throws Exception {
        store = KemudiStore.inMemory(TimeSource.system(), registry);
        server = new EtcdServer(new Config("127.0.0.1", 0), store, registry, Limits.defaults());
        server.start();
    }

    @AfterEach
    void stop() {
        server.close();
        store.close();
    }

    private static int watch(RawConnection raw, int watches, String... headers) throws Exception {
        int stream = raw.headers(WATCH, headers);
        WatchCreateRequest create =
                WatchCreateRequest.newBuilder().setKey(ByteString.copyFromUtf8("k")).build();
        byte[] request =
                RawConnection.prefixed(
                        WatchRequest.newBuilder().setCreateRequest(create).build().toByteArray());
        for (int i = 0; i < watches; i++) {
            raw.frame(RawConnection.DATA, 0, stream, request);
        }
        while (told(raw, stream).size() < watches) {
            raw.read();
        }
        assertThat(told(raw, stream)).allMatch(WatchResponse::getCreated);
        return stream;
    }

    private static List<WatchResponse> told(RawConnection raw, int stream) throws Exception {
        ByteBuffer all = ByteBuffer.wrap(raw.soFar(stream).data.toByteArray());
        List<WatchResponse> told = new ArrayList<>();
        while (all.remaining() >= Outbox.PREFIX_BYTES) {
            assertThat(all.get()).isZero();
            int size = all.getInt();
            if (all.remaining() < size) {
                break;
            }
            told.add(WatchResponse.parseFrom(all.slice(all.position(), size)));
            all.position(all.position() + size);
        }
        return told;
    }

    private void put(int bytes) {
        store.put(Op.Put.of(Bytes.utf8("k"), Bytes.of(new byte[bytes]))).join();
    }

    private static List<Long> revisions(List<WatchResponse> told, long watch) {
        return told.stream()
                .filter(each -> each.getWatchId() == watch)
                .flatMap(each -> each.getEventsList().stream())
                .map(event -> event.getKv().getModRevision())
                .toList();
    }

    @Test
    void everyWatchOfAStreamIsToldEverythingInOrderWithinTheWindowsGiven() throws Exception {
        try (RawConnection raw = new RawConnection(server.port(), 4, 1_000)) {
            int stream = watch(raw, 3);
            for (int i = 0; i < EVENTS; i++) {
                put(i % 50 == 0 ? 20_000 : 10);
            }
            long given = 1_000;
            assertThat(raw.soFar(stream).data.size()).isLessThanOrEqualTo(1_000);
            raw.window(0, 1 << 30);
            while (revisions(told(raw, stream), 2).size() < EVENTS
                    || revisions(told(raw, stream), 1).size() < EVENTS
                    || revisions(told(raw, stream), 0).size() < EVENTS) {
                if (raw.soFar(stream).data.size() == given) {
                    raw.window(stream, 10_000);
                    given += 10_000;
                }
                raw.read();
                assertThat((long) raw.soFar(stream).data.size()).isLessThanOrEqualTo(given);
            }
            for (long watch = 0; watch < 3; watch++) {
                List<Long> revisions = revisions(told(raw, stream), watch);
                assertThat(revisions).hasSize(EVENTS).isSorted().doesNotHaveDuplicates();
            }
        }
    }

    @Test
    void theEndOfAStreamComesAfterWhatWasSaidBefore() throws Exception {
        try (RawConnection raw = new RawConnection(server.port())) {
            int stream = watch(raw, 1);
            for (int i = 0; i < EVENTS; i++) {
                put(10);
            }
            while (revisions(told(raw, stream), 0).size() < EVENTS) {
                raw.read();
            }
            server.close();
            assertThat(raw.answer(stream).headers)
                    .containsEntry("grpc-status", "14")
                    .containsEntry("grpc-message", "etcdserver: server stopped");
            assertThat(revisions(told(raw, stream), 0)).hasSize(EVENTS);
        }
    }

    @Test
    void whoIsToldSomethingBetweenItsPingsIsNotSentAway() throws Exception {
        try (RawConnection raw = new RawConnection(server.port())) {
            int stream = watch(raw, 1);
            for (int i = 1; i <= 10; i++) {
                raw.frame(RawConnection.PING, 0, 0, new byte[8]);
                put(10);
                while (revisions(told(raw, stream), 0).size() < i) {
                    raw.read();
                }
            }
            assertThat(raw.wasSentAway()).isFalse();
        }
    }

    @Test
    void aClientCannotNameTheStreamThatItsAnswersGoTo() throws Exception {
        try (RawConnection raw = new RawConnection(server.port())) {
            int other = watch(raw, 1);
            int stream = watch(raw, 1, "kemudi-stream", Integer.toString(other));
            assertThat(told(raw, stream)).hasSize(1);
            assertThat(told(raw, other)).hasSize(1);
        }
    }
}
