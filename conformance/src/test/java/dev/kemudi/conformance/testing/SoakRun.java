package dev.kemudi.conformance.testing;

import com.google.protobuf.ByteString;
import dev.kemudi.conformance.testing.History.WatchSpec;
import dev.kemudi.etcd.proto.DeleteRangeRequest;
import dev.kemudi.etcd.proto.KVGrpc;
import dev.kemudi.etcd.proto.LeaseGrantRequest;
import dev.kemudi.etcd.proto.LeaseGrpc;
import dev.kemudi.etcd.proto.LeaseRevokeRequest;
import dev.kemudi.etcd.proto.LockGrpc;
import dev.kemudi.etcd.proto.LockRequest;
import dev.kemudi.etcd.proto.PutRequest;
import dev.kemudi.etcd.proto.UnlockRequest;
import dev.kemudi.etcd.proto.WatchCreateRequest;
import dev.kemudi.etcd.proto.WatchGrpc;
import dev.kemudi.etcd.proto.WatchRequest;
import dev.kemudi.etcd.proto.WatchResponse;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The program behind {@code soak.sh}: rounds of a mixed load on one server that runs already. Each
 * round brings connections of its own and takes them away again, and compacts behind itself, so
 * that what grows is a leak and not history. A leak can be planted, to see that it is found.
 */
final class SoakRun {
    private static final int CLIENTS = 8;
    private static final int WATCHES = 24;
    private static final int LOCKERS = 4;
    private static final int HTTP_CALLS = 10;
    private static final int LEAKED = 1_000;
    private static final int FILL_VALUE_BYTES = 100_000;
    private static final int FILL_PUTS = 400;
    private static final long ROUND_MILLIS = 2_000;
    private static final long LOCK_MILLIS = 300;
    private static final Node.Setup SETUP = new Node.Setup("", Path.of("."), 1, false, "", "", "");

    /** What a round may leave behind on purpose. */
    private enum Leak {
        NONE,
        CONNECTIONS,
        WATCHES,
        LEASES
    }

    private final int port;
    private final Leak leak;
    private final Random random;
    private final Node steady;
    private final List<Node> leaked = new ArrayList<>();
    private final AtomicLong others = new AtomicLong();
    private long calls;
    private long watches;

    private SoakRun(int port, long seed, Leak leak) {
        this.port = port;
        this.leak = leak;
        random = new Random(seed);
        steady = Node.at(SETUP, port);
    }

    /** Arguments: port of the server at 127.0.0.1, seconds, seed, what to leak or none. */
    public static void main(String[] arguments)
            throws InterruptedException, IOException, StatusRuntimeException {
        Leak leak = arguments.length > 3 ? Leak.valueOf(arguments[3]) : Leak.NONE;
        int port = Integer.parseInt(arguments[0]);
        SoakRun run = new SoakRun(port, Long.parseLong(arguments[2]), leak);
        run.fill();
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(Long.parseLong(arguments[1]));
        int rounds = 0;
        while (System.nanoTime() < end) {
            run.round();
            rounds++;
        }
        System.out.printf(
                "%d rounds: %d calls, %d watches, %d locks and HTTP requests%n",
                rounds, run.calls, run.watches, run.others.get());
        run.steady.channel().shutdownNow();
        run.leaked.forEach(node -> node.channel().shutdownNow());
    }

    /**
     * What the store keeps of recent writes has a bound; it is reached before anything is judged.
     */
    private void fill() {
        ByteString value = ByteString.copyFrom(new byte[FILL_VALUE_BYTES]);
        KVGrpc.KVBlockingStub kv = KVGrpc.newBlockingStub(steady.channel());
        PutRequest put =
                PutRequest.newBuilder().setKey(Wires.bytes("fill")).setValue(value).build();
        for (int i = 0; i < FILL_PUTS; i++) {
            kv.put(put);
        }
        kv.deleteRange(DeleteRangeRequest.newBuilder().setKey(put.getKey()).build());
    }

    private void round() throws InterruptedException, IOException {
        // A fresh history each round: this program must not leak what it looks for.
        History history = new History();
        AtomicBoolean stop = new AtomicBoolean();
        List<Node> nodes = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
            Node node = Node.at(SETUP, port);
            nodes.add(node);
            threads.add(
                    Thread.ofVirtual()
                            .start(
                                    new Traffic(
                                            i,
                                            List.of(node),
                                            history,
                                            random.nextLong(),
                                            stop,
                                            2)));
        }
        for (int i = 0; i < LOCKERS; i++) {
            Node node = nodes.get(i);
            threads.add(Thread.ofVirtual().start(() -> lock(node)));
        }
        List<Watching> watching = watch(nodes);
        http();
        Pace.millis(ROUND_MILLIS);
        stop.set(true);
        for (Thread thread : threads) {
            thread.join();
        }
        // Half are ended by their clients, the others with their connections.
        watching.stream().limit(WATCHES / 2).forEach(Watching::end);
        plant();
        nodes.forEach(node -> node.channel().shutdownNow());
        calls += history.calls().size();
        watches += watching.size();
        Faulty.compact(steady, Faulty.revision(steady) - 1, random.nextBoolean());
    }

    private List<Watching> watch(List<Node> nodes) {
        long revision = Faulty.revision(steady);
        List<Watching> made = new ArrayList<>();
        for (int i = 0; i < WATCHES; i++) {
            boolean all = i % 3 == 0;
            long from = i % 4 == 0 ? revision : 0;
            WatchSpec spec =
                    new WatchSpec(
                            all ? Traffic.FIRST_KEY : "k" + i % Traffic.KEYS,
                            all ? Traffic.LAST_KEY : "",
                            from,
                            i % 2 == 0,
                            false,
                            i % 5 == 0);
            made.add(Watching.open(nodes.get(i % CLIENTS), spec, i % 7 == 0));
        }
        return made;
    }

    /** Takes a lock that others want too; who does not get it in time goes away. */
    private void lock(Node node) {
        var leases = LeaseGrpc.newBlockingStub(node.channel());
        long lease = leases.leaseGrant(LeaseGrantRequest.newBuilder().setTTL(60).build()).getID();
        var locks =
                LockGrpc.newBlockingStub(node.channel())
                        .withDeadlineAfter(LOCK_MILLIS, TimeUnit.MILLISECONDS);
        LockRequest wanted =
                LockRequest.newBuilder().setName(Wires.bytes("lock")).setLease(lease).build();
        try {
            var key = locks.lock(wanted).getKey();
            Pace.millis(LOCK_MILLIS / 2);
            LockGrpc.newBlockingStub(node.channel())
                    .unlock(UnlockRequest.newBuilder().setKey(key).build());
        } catch (StatusRuntimeException late) {
            if (late.getStatus().getCode() != Status.Code.DEADLINE_EXCEEDED) {
                throw late;
            }
        }
        leases.leaseRevoke(LeaseRevokeRequest.newBuilder().setID(lease).build());
        others.incrementAndGet();
    }

    private void http() throws IOException, InterruptedException {
        try (HttpClient client =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
            for (int i = 0; i < HTTP_CALLS; i++) {
                boolean page = i % 2 == 0;
                URI uri = URI.create(steady.clientUrl() + (page ? "/metrics" : "/v3/kv/range"));
                HttpRequest.Builder request = HttpRequest.newBuilder(uri);
                if (!page) {
                    request.POST(HttpRequest.BodyPublishers.ofString("{\"key\":\"azE=\"}"));
                }
                int code =
                        client.send(request.build(), HttpResponse.BodyHandlers.ofString())
                                .statusCode();
                if (code != 200) {
                    throw new IOException(uri + " answered " + code);
                }
                others.incrementAndGet();
            }
        }
    }

    private void plant() {
        switch (leak) {
            case NONE -> {}
            case CONNECTIONS -> {
                Node node = Node.at(SETUP, port);
                Faulty.revision(node);
                leaked.add(node);
            }
            case WATCHES -> {
                // A stream holds so many watches and no more: each round has one of its own.
                StreamObserver<WatchRequest> endless =
                        WatchGrpc.newStub(steady.channel()).watch(new Deaf());
                for (int i = 1; i <= LEAKED; i++) {
                    endless.onNext(
                            WatchRequest.newBuilder()
                                    .setCreateRequest(
                                            WatchCreateRequest.newBuilder()
                                                    .setKey(Wires.bytes("never"))
                                                    .setWatchId(i))
                                    .build());
                }
            }
            case LEASES -> {
                // One after the other: so many at once would be too many requests.
                var leases = LeaseGrpc.newBlockingStub(steady.channel());
                LeaseGrantRequest day = LeaseGrantRequest.newBuilder().setTTL(86_400).build();
                for (int i = 0; i < LEAKED; i++) {
                    leases.leaseGrant(day);
                }
            }
        }
    }

    /** Who is told of what was leaked, and does not care. */
    private record Deaf() implements StreamObserver<WatchResponse> {
        @Override
        public void onNext(WatchResponse told) {}

        @Override
        public void onError(Throwable ended) {}

        @Override
        public void onCompleted() {}
    }
}
