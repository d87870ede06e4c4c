package dev.kemudi.gateway;

import dev.kemudi.kernel.TraceContext;
import dev.kemudi.kernel.Tracer;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ConnectTimeoutException;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/*
 * One request on its way to an answer
 * -----------------------------------
 * The request head is encoded once and kept, with as much of the body as the retry limit allows, until the
 * first byte of a response. Until then a try that failed is repeated at another endpoint: always when no
 * connection came about, because then nothing was sent; only for idempotent methods when a connection was
 * lost, because then nobody knows.
 *
 * What holds always
 * -----------------
 * - No upstream yet means everything sent so far is kept: a new try starts from the first byte.
 * - Exactly one of answer, responseDone, abort and clientGone ends an exchange; done() is true from then on
 *   and every
 *   later call of a timer or a connection is ignored.
 */
final class Exchange {
    private static final int CLIENT_CLOSED = 499;

    private final FrontConnection front;
    private final Lane lane;
    private final Match match;
    private final Request request;
    private final TraceContext trace;
    private final long parentSpanId;
    private final long startNanos;
    private final Backend backend;
    private final ByteBuf head;
    private final ArrayDeque<ByteBuf> kept = new ArrayDeque<>(2);
    private int keptBytes;
    private boolean keeping = true;
    private @Nullable Set<Endpoint> tried;
    private @Nullable Endpoint endpoint;
    private @Nullable UpstreamConnection upstream;
    private @Nullable ScheduledFuture<?> requestTimer;
    private @Nullable ScheduledFuture<?> attemptTimer;
    private int attempts;
    private int status;
    private long heardNanos;
    private boolean responseStarted;
    private boolean chunkedToClient;
    private boolean composed;
    private boolean done;

    Exchange(
            FrontConnection front,
            Match match,
            Backend backend,
            TraceContext trace,
            long parentSpanId) {
        this.front = front;
        this.lane = front.lane();
        this.match = match;
        this.request = front.request();
        this.backend = backend;
        this.trace = trace;
        this.parentSpanId = parentSpanId;
        this.startNanos = lane.nanos();
        this.heardNanos = startNanos;
        Out out = lane.out().clear();
        HeadWriter.request(lane.head(), request, match, front.client(), trace, out);
        this.head = out.toBuffer(front.allocator());
    }

    FrontConnection front() {
        return front;
    }

    Request request() {
        return request;
    }

    boolean done() {
        return done;
    }

    boolean responseStarted() {
        return responseStarted;
    }

    boolean chunkedToClient() {
        return chunkedToClient;
    }

    /** Whether Out holds a composed head; answers true once. */
    boolean takeComposed() {
        boolean was = composed;
        composed = false;
        return was;
    }

    boolean awaits(Endpoint wanted) {
        return !done && upstream == null && endpoint == wanted;
    }

    void heard() {
        heardNanos = lane.coarseNanos();
    }

    void start() {
        if (match.rule().requestMillis() > 0) {
            requestTimer = timer(match.rule().requestMillis());
        }
        attempt();
    }

    private ScheduledFuture<?> timer(int millis) {
        return lane.loop()
                .schedule(() -> timedOut("no answer in time"), millis, TimeUnit.MILLISECONDS);
    }

    private void attempt() {
        attempts++;
        Endpoint chosen = backend.pick(lane, tried == null ? Set.of() : tried, lane.coarseNanos());
        if (chosen == null) {
            answer(503, "no ready endpoint for " + backend.name());
            return;
        }
        endpoint = chosen;
        chosen.active().incrementAndGet();
        if (match.rule().attemptMillis() > 0) {
            attemptTimer = timer(match.rule().attemptMillis());
        }
        if (!chosen.pool(lane).acquire(this, request.idempotent())) {
            answer(503, "too many requests waiting for " + backend.name());
        }
    }

    private void leaveEndpoint() {
        Endpoint left = endpoint;
        if (left != null) {
            left.active().decrementAndGet();
            endpoint = null;
            if (upstream == null) {
                EndpointPool pool = left.poolIfAny(lane);
                if (pool != null) {
                    pool.cancel(this);
                }
            }
        }
        cancel(attemptTimer);
        attemptTimer = null;
    }

    private static void cancel(@Nullable ScheduledFuture<?> timer) {
        if (timer != null) {
            timer.cancel(false);
        }
    }

    /** A connection is there: everything so far goes out. */
    void ready(UpstreamConnection connection) {
        upstream = connection;
        heard();
        connection.begin(this);
        connection.write(head.retainedDuplicate());
        for (ByteBuf piece : kept) {
            connection.write(piece.retainedDuplicate());
        }
        forgetIfLarge();
        front.upstreamReady();
    }

    void flush() {
        UpstreamConnection to = upstream;
        if (to != null) {
            to.flush();
        }
    }

    /** Whether more of the request body may be read now. */
    boolean wantsBody() {
        UpstreamConnection to = upstream;
        return to != null ? to.writable() : keptBytes <= lane.limits().retryBodyBytesMax();
    }

    /** Takes over a framed piece of the request body. */
    void body(ByteBuf piece) {
        UpstreamConnection to = upstream;
        heard();
        if (keeping) {
            kept.addLast(piece.retainedDuplicate());
            keptBytes += piece.readableBytes();
        }
        if (to == null) {
            piece.release();
        } else {
            to.write(piece);
            forgetIfLarge();
        }
    }

    private void forgetIfLarge() {
        if (keptBytes > lane.limits().retryBodyBytesMax()) {
            forget();
        }
    }

    private void forget() {
        keeping = false;
        ByteBuf piece;
        while ((piece = kept.pollFirst()) != null) {
            piece.release();
        }
    }

    void connectFailed(Endpoint refusing, Optional<Throwable> cause) {
        if (done || endpoint != refusing) {
            return;
        }
        refusing.eject(lane.nanos(), lane.limits().ejectionMillis());
        lane.metrics().ejections.inc();
        boolean timeout = cause.isPresent() && cause.get() instanceof ConnectTimeoutException;
        if (mayRetry()) {
            lane.metrics().connectRetries.inc();
            retry();
        } else if (timeout) {
            answer(504, "connecting to " + backend.name() + " took too long");
        } else {
            answer(503, "no endpoint of " + backend.name() + " accepts connections");
        }
    }

    /** The connection went away before any byte of a response. */
    void lost() {
        upstream = null;
        if (keeping && request.idempotent() && mayRetry()) {
            lane.metrics().lostRetries.inc();
            retry();
        } else {
            answer(502, "endpoint closed the connection without an answer");
        }
    }

    private boolean mayRetry() {
        return attempts < lane.limits().attemptsMax() && lane.spendRetry();
    }

    private void retry() {
        Set<Endpoint> before = tried;
        if (before == null) {
            before = new HashSet<>();
            tried = before;
        }
        if (endpoint != null) {
            before.add(endpoint);
        }
        leaveEndpoint();
        attempt();
        flush();
    }

    void badResponse(String why) {
        if (responseStarted) {
            abort(why);
        } else {
            answer(502, "bad response from endpoint: " + why);
        }
    }

    private void timedOut(String why) {
        if (done) {
            return;
        }
        if (responseStarted) {
            abort(why);
        } else {
            answer(504, why);
        }
        front.flush();
    }

    /** Looks for silence; called by the front's tick. */
    void tick(long now) {
        long idle = now - heardNanos;
        if (front.bodyPending() && wantsBody()) {
            return; // the front watches over a slow client
        }
        if (idle > lane.limits().responseIdleMillis() * 1_000_000L && !front.stalled()) {
            timedOut("endpoint was silent for too long");
        }
    }

    void interim(Head read, int code) {
        if (request.http10 || (code == 100 && !request.expectsContinue)) {
            return;
        }
        Out out = lane.out().clear();
        HeadWriter.response(read, lane.response(), HeaderEdit.NONE, false, true, false, out);
        front.write(out.toBuffer(front.allocator()));
        out.clear();
    }

    boolean switchProtocols(Head read) {
        if (!request.upgrade) {
            return false;
        }
        startResponse(101);
        Out out = lane.out().clear();
        HeadWriter.switching(read, out);
        front.write(out.toBuffer(front.allocator()));
        out.clear();
        front.tunnel();
        return true;
    }

    private void startResponse(int code) {
        responseStarted = true;
        status = code;
        forget();
    }

    void composeHead(Head read, Response response, Out out) {
        startResponse(response.status);
        boolean delimited =
                response.framing == Framing.CHUNKED || response.framing == Framing.UNTIL_CLOSE;
        chunkedToClient = delimited && !request.http10;
        boolean keepAlive = front.mayKeepAlive() && !(delimited && request.http10);
        front.keepAlive(keepAlive);
        HeadWriter.response(
                read,
                response,
                match.rule().responseEdit(),
                chunkedToClient,
                keepAlive,
                request.http10,
                out);
        composed = true;
    }

    void readUpstream(boolean on) {
        UpstreamConnection from = upstream;
        if (from != null) {
            from.autoRead(on);
        }
    }

    /** For tunnels: the client's bytes as they are. */
    void tunnel(ByteBuf bytes) {
        UpstreamConnection to = upstream;
        if (to == null) {
            bytes.release();
        } else {
            to.write(bytes);
        }
    }

    void responseDone(boolean reuse) {
        if (!done) {
            boolean whole = !front.bodyPending();
            end(reuse && whole, "");
            front.exchangeDone(whole);
        }
    }

    /**
     * The response cannot be completed: the client sees a broken connection, never a whole-looking
     * half.
     */
    void abort(String why) {
        if (!done) {
            end(false, why);
            front.close();
        }
    }

    private void answer(int code, String why) {
        if (!done) {
            status = code;
            end(false, why);
            front.answer(code, why);
        }
    }

    /** The request turned out malformed, or the client stopped sending it. */
    void requestFailed(int code, String why) {
        if (responseStarted) {
            abort(why);
        } else {
            answer(code, why);
        }
    }

    void clientGone() {
        if (!done) {
            status = status == 0 ? CLIENT_CLOSED : status;
            end(false, status == 101 ? "" : "client closed the connection");
        }
    }

    private void end(boolean reuse, String error) {
        done = true;
        cancel(requestTimer);
        leaveEndpoint();
        UpstreamConnection from = upstream;
        upstream = null;
        if (from != null) {
            from.detach(reuse);
        }
        forget();
        head.release();
        long nanos = lane.nanos() - startNanos;
        match.rule().metrics().finished(status, nanos);
        if (trace.sampled()) {
            report(nanos, error.isEmpty() && status >= 500 ? "status " + status : error);
        }
    }

    private void report(long nanos, String error) {
        long startEpoch = lane.time().epochMillis() * 1_000_000L - nanos;
        String name = request.method + " " + Objects.requireNonNull(match.rule().metrics().route());
        lane.tracer()
                .finished(
                        new Tracer.Span(
                                trace,
                                parentSpanId,
                                name,
                                Tracer.Kind.SERVER,
                                startEpoch,
                                nanos,
                                error));
    }
}
