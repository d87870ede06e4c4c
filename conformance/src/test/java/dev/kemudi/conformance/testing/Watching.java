package dev.kemudi.conformance.testing;

import dev.kemudi.conformance.testing.History.Change;
import dev.kemudi.conformance.testing.History.Delivery;
import dev.kemudi.conformance.testing.History.WatchRun;
import dev.kemudi.conformance.testing.History.WatchSpec;
import dev.kemudi.etcd.proto.WatchCreateRequest;
import dev.kemudi.etcd.proto.WatchGrpc;
import dev.kemudi.etcd.proto.WatchProgressRequest;
import dev.kemudi.etcd.proto.WatchRequest;
import dev.kemudi.etcd.proto.WatchResponse;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.ArrayList;
import java.util.List;

/**
 * One watch on one stream, from its creation to its end, written down as it is told. Safe for use
 * by many threads.
 */
final class Watching implements ClientResponseObserver<WatchRequest, WatchResponse> {
    private final Node node;
    private final WatchSpec spec;
    private final boolean fragment;
    private final List<Delivery> deliveries = new ArrayList<>();

    @SuppressWarnings("NullAway.Init") // gRPC gives it before anything else
    private ClientCallStreamObserver<WatchRequest> requests;

    private long lastRevision;
    private long lastHeardNanos = System.nanoTime();
    private boolean created;
    private boolean ended;
    private long compactedAt;

    private Watching(Node node, WatchSpec spec, boolean fragment) {
        this.node = node;
        this.spec = spec;
        this.fragment = fragment;
    }

    static Watching open(Node node, WatchSpec spec, boolean fragment) {
        Watching watching = new Watching(node, spec, fragment);
        node.channel().resetConnectBackoff();
        WatchGrpc.newStub(node.channel()).watch(watching);
        watching.create();
        return watching;
    }

    private synchronized void create() {
        WatchCreateRequest.Builder create =
                WatchCreateRequest.newBuilder()
                        .setKey(Wires.bytes(spec.key()))
                        .setRangeEnd(Wires.bytes(spec.end()))
                        .setStartRevision(spec.startRevision())
                        .setFragment(fragment)
                        .setPrevKv(spec.prevKv());
        if (spec.noPut()) {
            create.addFilters(WatchCreateRequest.FilterType.NOPUT);
        }
        if (spec.noDelete()) {
            create.addFilters(WatchCreateRequest.FilterType.NODELETE);
        }
        requests.onNext(WatchRequest.newBuilder().setCreateRequest(create).build());
    }

    /** Asks how far this watch is; the answer is a promise that is checked. */
    synchronized void askProgress() {
        if (created && !ended) {
            requests.onNext(
                    WatchRequest.newBuilder()
                            .setProgressRequest(WatchProgressRequest.getDefaultInstance())
                            .build());
        }
    }

    @Override
    public synchronized void beforeStart(ClientCallStreamObserver<WatchRequest> stream) {
        requests = stream;
    }

    @Override
    public synchronized void onNext(WatchResponse answer) {
        if (ended) {
            return;
        }
        lastHeardNanos = System.nanoTime();
        created |= answer.getCreated();
        if (answer.getCanceled()) {
            compactedAt = answer.getCompactRevision();
            ended = true;
        }
        List<Change> changes = answer.getEventsList().stream().map(Wires::change).toList();
        boolean progress = changes.isEmpty() && !answer.getCreated() && !answer.getCanceled();
        if (progress || !changes.isEmpty()) {
            deliveries.add(
                    new Delivery(
                            lastHeardNanos,
                            answer.getHeader().getRevision(),
                            answer.getFragment(),
                            progress,
                            changes));
        }
        for (Change change : changes) {
            lastRevision = Math.max(lastRevision, change.cell().mod());
        }
    }

    @Override
    public synchronized void onError(Throwable why) {
        ended = true;
    }

    @Override
    public synchronized void onCompleted() {
        ended = true;
    }

    /** Ends the watch; nothing told afterwards is written down. */
    void end() {
        ClientCallStreamObserver<WatchRequest> stream;
        synchronized (this) {
            ended = true;
            stream = requests;
        }
        // Outside of the lock: cancelling may call back.
        stream.cancel("done", Status.CANCELLED.asException());
    }

    synchronized boolean ended() {
        return ended;
    }

    synchronized long silentNanos() {
        return System.nanoTime() - lastHeardNanos;
    }

    synchronized long lastRevision() {
        return lastRevision;
    }

    /** The compact revision with which the server cut it off; 0 when it did not. */
    synchronized long compactedAt() {
        return compactedAt;
    }

    synchronized WatchRun run() {
        // A revision that was only half told when the watch ended is not judged.
        List<Delivery> told = new ArrayList<>(deliveries);
        while (!told.isEmpty() && told.getLast().fragment()) {
            told.removeLast();
        }
        return new WatchRun(node.name(), spec, told);
    }
}
