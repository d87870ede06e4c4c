package dev.kemudi.gateway;

import dev.kemudi.kernel.TraceContext;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.DuplexChannel;
import java.net.InetSocketAddress;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/*
 * One client connection
 * ---------------------
 * HEAD → EXCHANGE → HEAD … and from any of them to LINGER (answer sent, reading away what still comes) or
 * CLOSED; an upgraded connection stays in TUNNEL. Requests are served one after another: what a client sends
 * ahead stays in the socket, because reading stops while there is something unread and nowhere to put it.
 * That is also the back-pressure: a body is read only while the endpoint's socket takes it, a response only
 * while the client's does.
 */
final class FrontConnection extends ChannelInboundHandlerAdapter {
    private enum Phase {
        HEAD,
        EXCHANGE,
        TUNNEL,
        LINGER,
        CLOSED
    }

    private final Lane lane;
    private final int port;
    private final Channel channel;
    private final Request request;
    private final BodyReader body;
    private final String client;
    private Phase phase = Phase.HEAD;
    private @Nullable Exchange exchange;
    private @Nullable ByteBuf in;
    private int searched;
    private int slot;
    private boolean processing;
    private boolean keepAlive;
    private boolean flushing;
    private boolean fresh = true;
    private long sinceNanos;
    private long unwritableNanos;
    private long bodyBytes;

    FrontConnection(Lane lane, int port, Channel channel) {
        this.lane = lane;
        this.port = port;
        this.channel = channel;
        this.request = new Request(lane.limits());
        this.body = new BodyReader(lane.limits());
        this.client =
                channel.remoteAddress() instanceof InetSocketAddress address
                        ? address.getAddress().getHostAddress()
                        : "unknown";
        this.sinceNanos = lane.nanos();
    }

    Lane lane() {
        return lane;
    }

    Request request() {
        return request;
    }

    String client() {
        return client;
    }

    ByteBufAllocator allocator() {
        return channel.alloc();
    }

    int slot() {
        return slot;
    }

    void slot(int slot) {
        this.slot = slot;
    }

    /** Whether part of the request body has not been read yet. */
    boolean bodyPending() {
        return !body.done();
    }

    /** Whether the client does not read what was written. */
    boolean stalled() {
        return !channel.isWritable();
    }

    boolean mayKeepAlive() {
        return request.keepAlive && !lane.draining();
    }

    void keepAlive(boolean keep) {
        keepAlive = keep;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        if (phase == Phase.LINGER || phase == Phase.CLOSED) {
            bytes.release();
            return;
        }
        in = Buffers.join(context.alloc(), in, bytes);
        if (phase == Phase.TUNNEL) {
            sinceNanos = lane.coarseNanos();
        }
        process();
    }

    /* Not re-entrant: what ends an exchange while this runs only changes the phase and lets the loop go
     * on. */
    private void process() {
        if (processing) {
            return;
        }
        processing = true;
        boolean more = true;
        while (more && in != null && in.isReadable()) {
            more =
                    switch (phase) {
                        case HEAD -> readHead(in);
                        case EXCHANGE -> readBody(in);
                        case TUNNEL -> relay(in);
                        case LINGER, CLOSED -> {
                            in.skipBytes(in.readableBytes());
                            yield false;
                        }
                    };
        }
        processing = false;
        if (in != null && (!in.isReadable() || phase == Phase.CLOSED)) {
            in.release();
            in = null;
        }
        Exchange current = exchange;
        if (current != null) {
            current.flush();
        }
        updateRead();
        flush();
    }

    private boolean readHead(ByteBuf bytes) {
        if (searched == 0) {
            skipBlankLine(bytes);
            if (!bytes.isReadable()) {
                return false;
            }
            byte first = bytes.getByte(bytes.readerIndex());
            if (first == '\r' && bytes.readableBytes() == 1) {
                return false;
            }
            if (!Bytes.token(first)) {
                fault(Fault.REQUEST_LINE);
                return false;
            }
            sinceNanos = lane.coarseNanos();
        }
        int end = Head.end(bytes, bytes.readerIndex() + Math.max(0, searched - 3));
        int size = end - bytes.readerIndex();
        if (end < 0 || size > lane.limits().headBytesMax()) {
            searched = bytes.readableBytes();
            if (end >= 0 || searched >= lane.limits().headBytesMax()) {
                boolean line =
                        bytes.indexOf(
                                        bytes.readerIndex(),
                                        bytes.readerIndex() + lane.limits().targetBytesMax(),
                                        (byte) '\n')
                                >= 0;
                fault(line ? Fault.HEAD_TOO_LARGE : Fault.TARGET_TOO_LONG);
            }
            return false;
        }
        searched = 0;
        fresh = false;
        Head head = lane.head();
        Fault fault = head.readRequest(bytes, size);
        if (fault == Fault.NONE) {
            fault = request.read(head);
        }
        if (fault != Fault.NONE) {
            fault(fault);
            return false;
        }
        begin(head);
        return true;
    }

    /* RFC 9112 §2.2: one empty line before a request is forgiven. */
    private static void skipBlankLine(ByteBuf bytes) {
        int at = bytes.readerIndex();
        if (bytes.readableBytes() >= 2
                && bytes.getByte(at) == '\r'
                && bytes.getByte(at + 1) == '\n') {
            bytes.skipBytes(2);
        }
    }

    private void begin(Head head) {
        lane.earn();
        phase = Phase.EXCHANGE;
        bodyBytes = 0;
        body.begin(request.framing, request.length);
        keepAlive = mayKeepAlive();
        Match match = lane.table().find(port, request, head);
        if (match == null) {
            lane.metrics().none().finished(404, 0);
            answer(404, "no route matches");
            return;
        }
        Rule rule = match.rule();
        if (rule.redirect().isPresent()) {
            Redirect redirect = rule.redirect().get();
            rule.metrics().finished(redirect.status(), 0);
            String location = redirect.location(request, match.prefixLength());
            Answer.Extra extra =
                    new Answer.Extra("Location: " + location + "\r\n", rule.responseEdit());
            answer(redirect.status(), "see " + location, extra);
            return;
        }
        Optional<Backend> backend =
                rule.pick(rule.totalWeight() == 0 ? 0 : lane.random(rule.totalWeight()));
        if (backend.isEmpty()) {
            rule.metrics().finished(500, 0);
            answer(500, "route has no valid back end");
            return;
        }
        forward(head, match, backend.get());
    }

    private void forward(Head head, Match match, Backend backend) {
        int header = head.find(Field.TRACEPARENT);
        Optional<TraceContext> parent =
                header < 0 ? Optional.empty() : TraceContext.parse(head.value(header));
        TraceContext span =
                parent.isPresent() ? parent.get().child() : TraceContext.root(lane.sampleTrace());
        long parentSpan = parent.isPresent() ? parent.get().spanId() : 0;
        Exchange started = new Exchange(this, match, backend, span, parentSpan);
        exchange = started;
        started.start();
    }

    private boolean readBody(ByteBuf bytes) {
        Exchange current = exchange;
        if (current == null || body.done() || !current.wantsBody()) {
            return false;
        }
        sinceNanos = lane.coarseNanos();
        ByteBuf piece = body.next(bytes);
        if (piece != null) {
            bodyBytes += piece.readableBytes();
            if (bodyBytes > lane.limits().bodyBytesMax()) {
                piece.release();
                current.requestFailed(Fault.BODY_TOO_LARGE.status(), Fault.BODY_TOO_LARGE.text());
                return false;
            }
            current.body(body.framing() == Framing.CHUNKED ? chunk(piece) : piece);
        } else if (body.fault() != Fault.NONE) {
            current.requestFailed(body.fault().status(), body.fault().text());
            return false;
        }
        if (body.done() && body.framing() == Framing.CHUNKED && exchange == current) {
            endChunks(current);
        }
        return bytes.isReadable() && !body.done();
    }

    private ByteBuf chunk(ByteBuf piece) {
        Out out = lane.out().clear();
        if (piece.readableBytes() <= 4096) {
            ByteBuf framed = out.chunk(piece).toBuffer(allocator());
            piece.release();
            out.clear();
            return framed;
        }
        ByteBuf prefix = out.shortHex(piece.readableBytes()).crlf().toBuffer(allocator());
        out.clear();
        return Unpooled.wrappedBuffer(prefix, piece, out.crlf().toBuffer(allocator()));
    }

    private void endChunks(Exchange current) {
        Out out = lane.out().clear().put('0').crlf();
        int size = body.trailerSize();
        if (size > 0 && !Trailers.copy(body.trailers(), size, lane.head(), out)) {
            out.clear();
            current.requestFailed(Fault.TRAILER.status(), Fault.TRAILER.text());
            return;
        }
        current.body(out.crlf().toBuffer(allocator()));
        out.clear();
    }

    private boolean relay(ByteBuf bytes) {
        Exchange current = exchange;
        if (current != null) {
            current.heard();
            current.tunnel(bytes.readRetainedSlice(bytes.readableBytes()));
        }
        return false;
    }

    /** The exchange has a connection: let the body come. */
    void upstreamReady() {
        if (!processing) {
            process();
        }
    }

    void tunnel() {
        phase = Phase.TUNNEL;
    }

    void write(ByteBuf bytes) {
        channel.write(bytes, channel.voidPromise());
        flushing = true;
    }

    void flush() {
        if (flushing) {
            flushing = false;
            channel.flush();
        }
    }

    /**
     * Reads only while there is somewhere to put what comes; otherwise the client waits in its
     * socket.
     */
    void updateRead() {
        Exchange current = exchange;
        boolean on =
                switch (phase) {
                    case HEAD, LINGER -> true;
                    case EXCHANGE ->
                            body.done() ? in == null : current != null && current.wantsBody();
                    case TUNNEL -> current != null && current.wantsBody();
                    case CLOSED -> false;
                };
        if (channel.config().isAutoRead() != on) {
            channel.config().setAutoRead(on);
        }
        if (on && phase == Phase.EXCHANGE && in != null && !body.done() && !processing) {
            process();
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        boolean writable = channel.isWritable();
        unwritableNanos = lane.coarseNanos();
        Exchange current = exchange;
        if (current != null) {
            current.heard();
            current.readUpstream(writable);
        }
    }

    private void fault(Fault fault) {
        lane.metrics().none().finished(fault.status(), 0);
        keepAlive = false;
        request.http10 = false;
        request.method = "";
        answer(fault.status(), fault.text(), Answer.Extra.CLOSING);
    }

    void answer(int status, String text) {
        answer(status, text, Answer.Extra.NONE);
    }

    private void answer(int status, String text, Answer.Extra extra) {
        exchange = null;
        boolean keep = keepAlive && body.done() && phase == Phase.EXCHANGE && !extra.closing();
        write(Answer.compose(status, text, extra, request, keep, lane.out()).toBuffer(allocator()));
        lane.out().clear();
        if (keep) {
            nextRequest();
            if (!processing) {
                flush();
            }
        } else {
            linger();
        }
    }

    /** The response is complete. */
    void exchangeDone(boolean requestWhole) {
        exchange = null;
        if (phase == Phase.TUNNEL || !keepAlive || !requestWhole) {
            linger();
        } else {
            nextRequest();
        }
    }

    private void nextRequest() {
        phase = Phase.HEAD;
        sinceNanos = lane.coarseNanos();
        if (lane.draining() && in == null) {
            linger();
        } else if (!processing) {
            if (in != null) {
                process();
            } else {
                updateRead();
            }
        }
    }

    /* Closing at once with bytes unread would reset the connection and could take the answer away from the
     * client. */
    private void linger() {
        if (phase == Phase.CLOSED || phase == Phase.LINGER) {
            return;
        }
        boolean clean = body.done() && in == null && phase != Phase.HEAD;
        phase = Phase.LINGER;
        sinceNanos = lane.coarseNanos();
        if (clean) {
            channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
        } else {
            channel.writeAndFlush(Unpooled.EMPTY_BUFFER)
                    .addListener(f -> {
                        if (channel instanceof DuplexChannel duplex && channel.isActive()) {
                            duplex.shutdownOutput();
                        }
                    });
            channel.config().setAutoRead(true);
        }
        flushing = false;
    }

    void close() {
        channel.close();
    }

    /** Closes now when idle, after the response otherwise. */
    void drain() {
        if (phase == Phase.HEAD && in == null) {
            close();
        }
    }

    void tick(long now) {
        Limits limits = lane.limits();
        long idle = (now - sinceNanos) / 1_000_000L;
        switch (phase) {
            case HEAD -> {
                boolean partial = in != null;
                if (partial && idle > limits.headerTimeoutMillis()) {
                    lane.metrics().none().finished(408, 0);
                    keepAlive = false;
                    answer(408, "request head took too long", Answer.Extra.CLOSING);
                } else if (!partial
                        && idle
                                > (fresh
                                        ? limits.headerTimeoutMillis()
                                        : limits.keepAliveMillis())) {
                    close();
                }
            }
            case EXCHANGE -> tickExchange(now, idle);
            case TUNNEL -> {
                if (idle > limits.tunnelIdleMillis()) {
                    close();
                }
            }
            case LINGER -> {
                if (idle > limits.lingerMillis()) {
                    close();
                }
            }
            case CLOSED -> {}
        }
    }

    private void tickExchange(long now, long idle) {
        Limits limits = lane.limits();
        Exchange current = exchange;
        if (stalled()) {
            if ((now - unwritableNanos) / 1_000_000L > limits.bodyIdleMillis()) {
                close();
            }
        } else if (current != null) {
            if (bodyPending() && current.wantsBody() && idle > limits.bodyIdleMillis()) {
                current.requestFailed(408, "request body took too long");
                flush();
            } else {
                current.tick(now);
            }
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        // A reset connection, or a write to one: channelInactive follows and ends the exchange.
        close();
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        phase = Phase.CLOSED;
        Exchange current = exchange;
        exchange = null;
        if (current != null) {
            current.clientGone();
        }
        ByteBuf rest = in;
        if (rest != null && !processing) {
            rest.release();
            in = null;
        }
        lane.remove(this);
    }
}
