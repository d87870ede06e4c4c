package dev.kemudi.gateway;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/*
 * One connection to an endpoint
 * -----------------------------
 * It carries one exchange at a time. Response heads are read whole and checked before a byte of them is
 * passed on; bodies are passed on as they come. Bytes that belong to no exchange, or that follow a complete
 * response, mean that the two sides disagree about framing: the connection is closed and never used again.
 */
final class UpstreamConnection extends ChannelInboundHandlerAdapter {
    private static final int COALESCE_BYTES = 4096;

    private final EndpointPool pool;
    private final Lane lane;
    private final BodyReader body;
    private final long bornNanos;
    private @Nullable Channel channel;
    private @Nullable Exchange exchange;
    private @Nullable ByteBuf in;
    private int searched;
    private boolean headRead;
    private boolean responseBytes;
    private boolean tunnel;
    private boolean broken;
    private boolean spoiled;
    private boolean flushing;
    private long idleSinceNanos;

    UpstreamConnection(EndpointPool pool, Lane lane) {
        this.pool = pool;
        this.lane = lane;
        this.body = new BodyReader(lane.limits());
        this.bornNanos = lane.coarseNanos();
    }

    private Channel channel() {
        return Objects.requireNonNull(channel, "not connected yet");
    }

    long idleSinceNanos() {
        return idleSinceNanos;
    }

    void idleSince(long nanos) {
        idleSinceNanos = nanos;
    }

    boolean usable(long now) {
        return !spoiled
                && channel().isActive()
                && now - bornNanos < lane.limits().upstreamAgeMillis() * 1_000_000L;
    }

    void begin(Exchange exchange) {
        this.exchange = exchange;
        headRead = false;
        responseBytes = false;
        searched = 0;
    }

    boolean writable() {
        return channel().isWritable();
    }

    void write(ByteBuf buffer) {
        Channel to = channel();
        to.write(buffer, to.voidPromise());
        flushing = true;
    }

    void flush() {
        if (flushing) {
            flushing = false;
            channel().flush();
        }
    }

    void autoRead(boolean on) {
        if (channel().config().isAutoRead() != on) {
            channel().config().setAutoRead(on);
        }
    }

    void close() {
        spoiled = true;
        channel().close();
    }

    /** Lets go of the exchange; the connection lives on only when {@code reuse}. */
    void detach(boolean reuse) {
        exchange = null;
        if (reuse && !spoiled) {
            autoRead(true);
            pool.release(this);
        } else {
            close();
        }
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        channel = context.channel();
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        Exchange current = exchange;
        if (current == null || spoiled) {
            bytes.release();
            close();
            return;
        }
        responseBytes = true;
        FrontConnection front = current.front();
        if (tunnel) {
            current.heard();
            front.write(bytes);
        } else {
            in = Buffers.join(context.alloc(), in, bytes);
            process(current);
            releaseIfEmpty();
        }
        front.flush();
    }

    private void releaseIfEmpty() {
        ByteBuf rest = in;
        if (rest != null && !rest.isReadable()) {
            rest.release();
            in = null;
        }
    }

    private void process(Exchange current) {
        ByteBuf bytes = Objects.requireNonNull(in);
        current.heard();
        while (!headRead) {
            if (!readHead(current, bytes)) {
                return;
            }
        }
        if (!tunnel) {
            forwardBody(current, bytes, lane.out());
        }
    }

    /** Reads one response head, interim ones included; answers whether to go on. */
    private boolean readHead(Exchange current, ByteBuf bytes) {
        int end = Head.end(bytes, bytes.readerIndex() + Math.max(0, searched - 3));
        int size = end - bytes.readerIndex();
        if (end < 0 || size > lane.limits().headBytesMax()) {
            searched = bytes.readableBytes();
            if (end >= 0 || searched >= lane.limits().headBytesMax()) {
                spoiled = true;
                current.badResponse("response head too large");
            }
            return false;
        }
        searched = 0;
        Head head = lane.head();
        Response response = lane.response();
        Fault fault = head.readResponse(bytes, size);
        if (fault == Fault.NONE) {
            fault = response.read(head, current.request().isHead());
        }
        if (fault != Fault.NONE) {
            spoiled = true;
            current.badResponse(fault.text());
            return false;
        }
        if (response.status == 101) {
            if (!response.switching || !current.switchProtocols(head)) {
                spoiled = true;
                current.badResponse("unexpected 101");
                return false;
            }
            headRead = true;
            tunnel = true;
            if (bytes.isReadable()) {
                current.front().write(bytes.readRetainedSlice(bytes.readableBytes()));
            }
            return true;
        }
        if (response.status < 200) {
            current.interim(head, response.status);
            return bytes.isReadable();
        }
        headRead = true;
        spoiled |= !response.keepAlive;
        body.begin(response.framing, response.length);
        current.composeHead(head, response, lane.out().clear());
        return true;
    }

    /* Out holds the composed head on the first call after it; small pieces join it so that one write
     * carries all. */
    private void forwardBody(Exchange current, ByteBuf bytes, Out out) {
        FrontConnection front = current.front();
        boolean chunked = current.chunkedToClient();
        if (!current.takeComposed()) {
            out.clear();
        }
        ByteBuf piece;
        while ((piece = body.next(bytes)) != null) {
            int size = piece.readableBytes();
            if (out.size() + size <= COALESCE_BYTES) {
                if (chunked) {
                    out.chunk(piece);
                } else {
                    out.put(piece);
                }
                piece.release();
                continue;
            }
            if (chunked) {
                out.shortHex(size).crlf();
            }
            emit(front, out);
            front.write(piece);
            if (chunked) {
                out.crlf();
            }
        }
        if (body.fault() != Fault.NONE) {
            spoiled = true;
            out.clear();
            current.abort("malformed response body");
            return;
        }
        if (body.done()) {
            finish(current, out);
        } else {
            emit(front, out);
        }
    }

    private void finish(Exchange current, Out out) {
        if (current.chunkedToClient()) {
            out.put('0').crlf();
            int trailers = body.framing() == Framing.CHUNKED ? body.trailerSize() : 0;
            if (trailers > 0 && !Trailers.copy(body.trailers(), trailers, lane.head(), out)) {
                spoiled = true;
                out.clear();
                current.abort("malformed response trailers");
                return;
            }
            out.crlf();
        }
        ByteBuf rest = in;
        spoiled |= rest != null && rest.isReadable();
        emit(current.front(), out);
        current.responseDone(!spoiled);
    }

    private void emit(FrontConnection front, Out out) {
        if (out.size() > 0) {
            front.write(out.toBuffer(channel().alloc()));
            out.clear();
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        Exchange current = exchange;
        if (current != null) {
            current.heard(); // it takes bytes again: as good as a word
            current.front().updateRead();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        // A reset connection: channelInactive follows and tells the exchange.
        broken = true;
        close();
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        spoiled = true;
        Exchange current = exchange;
        exchange = null;
        if (current != null) {
            ended(current);
        }
        ByteBuf rest = in;
        if (rest != null) {
            rest.release();
            in = null;
        }
        pool.closed(this);
    }

    private void ended(Exchange current) {
        FrontConnection front = current.front();
        if (tunnel) {
            current.responseDone(false);
        } else if (!headRead) {
            if (responseBytes) {
                current.badResponse("response head cut short");
            } else {
                current.lost();
            }
        } else if (body.framing() == Framing.UNTIL_CLOSE && !broken) {
            body.closed();
            finish(current, lane.out().clear());
        } else {
            current.abort("response body cut short");
        }
        front.flush();
    }
}
