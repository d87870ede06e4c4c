package dev.kemudi.conformance.testing;

import dev.kemudi.conformance.testing.History.Call;
import dev.kemudi.conformance.testing.History.Cell;
import dev.kemudi.conformance.testing.History.Guard;
import dev.kemudi.conformance.testing.History.LeaseAct;
import dev.kemudi.conformance.testing.History.LeaseCall;
import dev.kemudi.conformance.testing.History.Outcome;
import dev.kemudi.conformance.testing.History.Request;
import dev.kemudi.conformance.testing.History.Result;
import dev.kemudi.conformance.testing.History.Step;
import dev.kemudi.conformance.testing.History.Target;
import dev.kemudi.etcd.proto.KVGrpc;
import dev.kemudi.etcd.proto.LeaseGrantRequest;
import dev.kemudi.etcd.proto.LeaseGrantResponse;
import dev.kemudi.etcd.proto.LeaseGrpc;
import dev.kemudi.etcd.proto.LeaseKeepAliveRequest;
import dev.kemudi.etcd.proto.LeaseKeepAliveResponse;
import dev.kemudi.etcd.proto.LeaseRevokeRequest;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * One client: reads and writes a few keys that all clients share, with values that nobody else
 * writes, and notes what it asked and was told.
 */
final class Traffic implements Runnable {
    static final int KEYS = 8;
    static final String FIRST_KEY = "a";
    static final String LAST_KEY = "zz";
    private static final int TTL_SECONDS = 4;
    private static final long DEADLINE_MILLIS = 2_500;

    private final int client;
    private final List<Node> nodes;
    private final History history;
    private final Random random;
    private final AtomicBoolean stop;
    private final int pauseMillisMax;
    private int at;
    private long count;
    private long revision;
    private long lease;
    private String swapKey = "";
    private @Nullable Cell swapCell;

    Traffic(
            int client,
            List<Node> nodes,
            History history,
            long seed,
            AtomicBoolean stop,
            int pauseMillisMax) {
        this.client = client;
        this.nodes = nodes;
        this.history = history;
        this.random = new Random(seed);
        this.stop = stop;
        this.pauseMillisMax = pauseMillisMax;
        at = client % nodes.size();
    }

    @Override
    public void run() {
        while (!stop.get()) {
            if (random.nextInt(100) < 6) {
                leases();
            } else {
                call(next());
            }
            Pace.millis(random.nextInt(pauseMillisMax + 1));
        }
    }

    private String key() {
        return "k" + random.nextInt(KEYS);
    }

    private String value() {
        return "c" + client + "-" + ++count;
    }

    private Request next() {
        int dice = random.nextInt(100);
        if (swapCell != null) {
            Guard guard =
                    random.nextBoolean()
                            ? new Guard(swapKey, Target.VALUE, swapCell.value())
                            : new Guard(swapKey, Target.MOD, Long.toString(swapCell.mod()));
            return new Request(
                    List.of(guard),
                    List.of(new Step.Put(swapKey, value(), 0)),
                    List.of(new Step.Get(swapKey, "")),
                    false,
                    0);
        }
        if (dice < 25) {
            return Request.of(new Step.Put(key(), value(), 0));
        }
        if (dice < 35) {
            String value = value();
            return Request.of(
                    new Step.Put(key(), value + "l", 0), new Step.Put("r" + key(), value + "r", 0));
        }
        if (dice < 42) {
            return Request.of(new Step.Delete(key()));
        }
        if (dice < 48) {
            String fresh = "new/" + random.nextInt(KEYS);
            return new Request(
                    List.of(new Guard(fresh, Target.CREATE, "0")),
                    List.of(new Step.Put(fresh, value(), 0)),
                    List.of(new Step.Delete(fresh)),
                    false,
                    0);
        }
        boolean serializable = dice >= 80;
        boolean all = dice % 5 == 0;
        Step get = all ? new Step.Get(FIRST_KEY, LAST_KEY) : new Step.Get(key(), "");
        long past = dice % 7 == 0 && revision > 20 ? revision - random.nextInt(20) : 0;
        return new Request(List.of(), List.of(get), List.of(), serializable, past);
    }

    /** Asks, and notes what came of it. */
    void call(Request request) {
        Node node = nodes.get(at);
        long called = System.nanoTime();
        Outcome outcome;
        try {
            KVGrpc.KVBlockingStub kv =
                    KVGrpc.newBlockingStub(node.channel())
                            .withDeadlineAfter(DEADLINE_MILLIS, TimeUnit.MILLISECONDS);
            if (client % 2 == 0) {
                kv = kv.withWaitForReady();
            }
            outcome = Wires.call(kv, request);
        } catch (StatusRuntimeException e) {
            outcome = failed(e.getStatus());
            moveOn(node);
        }
        long returned = outcome instanceof Outcome.Unknown ? History.NEVER : System.nanoTime();
        history.add(new Call(client, node.name(), called, returned, request, outcome));
        swapCell = null;
        if (outcome instanceof Outcome.Done done) {
            revision = done.revision();
            if (done.results().getFirst() instanceof Result.Got got
                    && request.atRevision() == 0
                    && random.nextInt(3) == 0) {
                got.cells().entrySet().stream()
                        .filter(entry -> entry.getKey().startsWith("k"))
                        .findFirst()
                        .ifPresent(entry -> {
                            swapKey = entry.getKey();
                            swapCell = entry.getValue();
                        });
            }
        }
    }

    private void moveOn(Node node) {
        node.channel().resetConnectBackoff();
        if (random.nextInt(3) == 0) {
            at = (at + 1) % nodes.size();
        }
        Pace.millis(100 + random.nextInt(200));
    }

    /** Only what is decided before or by the state machine is certain to have had no effect. */
    static Outcome failed(Status status) {
        String text = status.getCode() + " " + status.getDescription();
        return switch (status.getCode()) {
            case INVALID_ARGUMENT, OUT_OF_RANGE, FAILED_PRECONDITION, NOT_FOUND, UNIMPLEMENTED ->
                    new Outcome.Refused(text);
            default -> new Outcome.Unknown(text);
        };
    }

    /** Grants, attaches, keeps alive, revokes, or forgets: what is forgotten must run out. */
    private void leases() {
        Node node = nodes.get(at);
        int dice = random.nextInt(10);
        try {
            if (lease == 0) {
                grant(node);
            } else if (dice < 3) {
                String value = value();
                call(
                        Request.of(
                                new Step.Put("lease/" + client + "/a", value + "a", lease),
                                new Step.Put("lease/" + client + "/b", value + "b", lease)));
            } else if (dice < 8) {
                keep(node);
            } else if (dice < 9) {
                revoke(node);
            } else {
                lease = 0;
            }
        } catch (StatusRuntimeException e) {
            lease = 0;
            moveOn(node);
        }
    }

    private LeaseGrpc.LeaseBlockingStub leaseStub(Node node) {
        return LeaseGrpc.newBlockingStub(node.channel())
                .withDeadlineAfter(DEADLINE_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void grant(Node node) {
        long called = System.nanoTime();
        LeaseGrantRequest request = LeaseGrantRequest.newBuilder().setTTL(TTL_SECONDS).build();
        LeaseGrantResponse answer = leaseStub(node).leaseGrant(request);
        lease = answer.getID();
        note(LeaseAct.GRANT, answer.getTTL(), called, true);
    }

    private void note(LeaseAct act, long ttl, long called, boolean known) {
        history.add(new LeaseCall(act, lease, ttl, called, System.nanoTime(), known));
    }

    private void revoke(Node node) {
        long called = System.nanoTime();
        boolean known = false;
        try {
            leaseStub(node).leaseRevoke(LeaseRevokeRequest.newBuilder().setID(lease).build());
            known = true;
        } finally {
            note(LeaseAct.REVOKE, 0, called, known);
            lease = 0;
        }
    }

    private void keep(Node node) {
        long called = System.nanoTime();
        CompletableFuture<Long> ttl = new CompletableFuture<>();
        StreamObserver<LeaseKeepAliveRequest> requests =
                LeaseGrpc.newStub(node.channel())
                        .withDeadlineAfter(DEADLINE_MILLIS, TimeUnit.MILLISECONDS)
                        .leaseKeepAlive(new KeptAlive(ttl));
        requests.onNext(LeaseKeepAliveRequest.newBuilder().setID(lease).build());
        try {
            long granted = ttl.get(DEADLINE_MILLIS + 500, TimeUnit.MILLISECONDS);
            note(LeaseAct.KEEP, granted, called, true);
            requests.onCompleted();
            if (granted == 0) {
                lease = 0;
            }
        } catch (ExecutionException | TimeoutException | InterruptedException e) {
            note(LeaseAct.KEEP, 0, called, false);
            moveOn(node);
        }
    }

    private record KeptAlive(CompletableFuture<Long> ttl)
            implements StreamObserver<LeaseKeepAliveResponse> {
        @Override
        public void onNext(LeaseKeepAliveResponse answer) {
            ttl.complete(answer.getTTL());
        }

        @Override
        public void onError(Throwable why) {
            ttl.completeExceptionally(why);
        }

        @Override
        public void onCompleted() {
            ttl.completeExceptionally(Status.CANCELLED.asException());
        }
    }
}
