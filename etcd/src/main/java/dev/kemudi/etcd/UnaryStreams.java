package dev.kemudi.etcd;

import static io.netty.handler.codec.http2.Http2CodecUtil.DEFAULT_PRIORITY_WEIGHT;

import dev.kemudi.etcd.proto.WatchGrpc;
import io.grpc.InternalMetadata;
import io.grpc.InternalStatus;
import io.grpc.Metadata;
import io.grpc.Status;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameListenerDecorator;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2RemoteFlowController;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.handler.codec.http2.ReadOnlyHttp2Headers;
import io.netty.util.AsciiString;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/*
 * A call without gRPC
 * -------------------
 * Most calls are one small message there and one back. gRPC surrounds each with two dozen objects (stream,
 * transport state, deframer, framer, context, listeners, promises): half of what the event loop did. This
 * listener stands before gRPC's on the same HTTP/2 connection, sees each frame first, and keeps for itself
 * the streams that are usual: headers as every client sends them, then one DATA frame that ends the stream
 * and holds exactly one uncompressed message. Until that frame is here the headers are only held; when
 * anything is otherwise, headers and frame go on to gRPC, which never learns that they waited. So whatever
 * is rare (large messages, compression, trailers, odd content types) is gRPC's still, and no byte is
 * gathered here.
 *
 * gRPC's handler passes over streams that it does not know; Netty's connection keeps windows, stream states
 * and the number of streams for both.
 *
 * An answer is three frames: headers, message, trailers. The first and the last are always the same bytes,
 * written without HPACK's table, so that they fit at any time. All answers of a moment leave in one buffer
 * (Outbox). That takes a window that has room now and a client that reads; otherwise the answer is given to
 * Netty's encoder, which waits for both and keeps the stream open meanwhile: a client that only asks runs
 * into its limit of streams.
 *
 * What holds always
 * - The first answer after SETTINGS goes by the encoder: a change of HPACK's table must be confirmed in the
 *   very next header block.
 * - So does the first after a PING: gRPC forgives pings only to clients that it writes to, and sees what the
 *   encoder writes.
 */
/** One connection's short calls. Used on its event loop, but where it says otherwise. */
final class UnaryStreams extends Http2FrameListenerDecorator {
    static final Status EXPIRED =
            Status.DEADLINE_EXCEEDED.withDescription("context deadline exceeded");

    private static final AsciiString TYPE = AsciiString.cached("content-type");
    private static final AsciiString GRPC = AsciiString.cached("application/grpc");
    private static final AsciiString OK = AsciiString.cached("200");
    private static final Http2Headers HEADERS =
            ReadOnlyHttp2Headers.serverHeaders(true, OK, TYPE, GRPC);
    private static final Http2Headers TRAILERS =
            ReadOnlyHttp2Headers.trailers(
                    true, AsciiString.cached("grpc-status"), AsciiString.cached("0"));

    private static final AsciiString WATCH =
            AsciiString.cached("/" + WatchGrpc.getWatchMethod().getFullMethodName());
    private static final AsciiString STREAM = AsciiString.cached("kemudi-stream");
    private static final Metadata.Key<String> STREAM_ID =
            Metadata.Key.of("kemudi-stream", Metadata.ASCII_STRING_MARSHALLER);

    private final UnaryCalls calls;
    private final Http2ConnectionHandler handler;
    private final Http2Connection connection;
    private final Http2RemoteFlowController windows;
    private final Http2Connection.PropertyKey key;
    private final Outbox outbox;
    private final String commonName;
    private @Nullable ChannelHandlerContext context;
    private boolean newTable = true;
    private boolean pinged = true;

    /** Bounded by what each stream may have waiting: senders ask whether it is ready. */
    private final Queue<Runnable> line = new ConcurrentLinkedQueue<>();

    private final AtomicBoolean lineDue = new AtomicBoolean();

    /** What waits for its message. */
    private record Held(UnaryCalls.Served served, Http2Headers headers) {}

    private UnaryStreams(
            UnaryCalls calls, Http2ConnectionHandler handler, Outbox outbox, String commonName) {
        super(handler.decoder().frameListener());
        this.calls = calls;
        this.handler = handler;
        this.connection = handler.connection();
        this.windows = handler.encoder().flowController();
        this.key = connection.newKey();
        this.outbox = outbox;
        this.commonName = commonName;
        connection.addListener(
                new Http2ConnectionAdapter() {
                    @Override
                    public void onStreamClosed(Http2Stream stream) {
                        if (stream.getProperty(key) instanceof UnaryStream call) {
                            call.gone();
                        }
                    }
                });
    }

    /**
     * Goes before gRPC on a connection.
     *
     * @param handler gRPC's
     * @param outbox stands between {@code handler} and the socket
     * @param commonName of the client's verified certificate; empty when there is none
     */
    static UnaryStreams precede(
            UnaryCalls calls, Http2ConnectionHandler handler, Outbox outbox, String commonName) {
        UnaryStreams streams = new UnaryStreams(calls, handler, outbox, commonName);
        handler.decoder().frameListener(streams);
        return streams;
    }

    @Override
    public void onSettingsRead(ChannelHandlerContext ctx, Http2Settings settings)
            throws Http2Exception {
        context = ctx;
        newTable = true;
        super.onSettingsRead(ctx, settings);
    }

    @Override
    public void onPingRead(ChannelHandlerContext ctx, long data) throws Http2Exception {
        pinged = true;
        super.onPingRead(ctx, data);
    }

    @Override
    public void onHeadersRead(
            ChannelHandlerContext ctx,
            int id,
            Http2Headers headers,
            int dependency,
            short weight,
            boolean exclusive,
            int padding,
            boolean end)
            throws Http2Exception {
        Http2Stream stream = connection.stream(id);
        if (stream.getProperty(key) instanceof Held held) {
            handOver(ctx, stream, held); // these are its trailers
        } else if (!end) {
            UnaryCalls.Served served = calls.served(headers);
            if (served != null && !connection.goAwaySent()) {
                stream.setProperty(key, new Held(served, headers));
                return;
            }
        }
        if (WATCH.equals(headers.path())) {
            headers.set(STREAM, AsciiString.of(Integer.toString(id)));
        }
        super.onHeadersRead(ctx, id, headers, dependency, weight, exclusive, padding, end);
    }

    /** The stream of a call of Watch, which is just being begun on the loop. */
    Http2Stream stream(Metadata headers) {
        return connection.stream(Integer.parseInt(headers.get(STREAM_ID)));
    }

    /** Lets gRPC have it. */
    private void handOver(ChannelHandlerContext ctx, Http2Stream stream, Held held)
            throws Http2Exception {
        stream.removeProperty(key);
        super.onHeadersRead(
                ctx, stream.id(), held.headers, 0, DEFAULT_PRIORITY_WEIGHT, false, 0, false);
    }

    @Override
    public int onDataRead(ChannelHandlerContext ctx, int id, ByteBuf data, int padding, boolean end)
            throws Http2Exception {
        Http2Stream stream = connection.stream(id);
        if (stream.getProperty(key) instanceof Held held) {
            if (end && isWhole(data)) {
                int bytes = data.readableBytes() + padding;
                begin(ctx, stream, held, data);
                return bytes;
            }
            handOver(ctx, stream, held);
        }
        return super.onDataRead(ctx, id, data, padding, end);
    }

    private boolean isWhole(ByteBuf data) {
        int at = data.readerIndex();
        int length = data.readableBytes() - Outbox.PREFIX_BYTES;
        return length >= 0 && data.getByte(at) == 0 && data.getInt(at + 1) == length;
    }

    private void begin(ChannelHandlerContext ctx, Http2Stream stream, Held held, ByteBuf data) {
        UnaryStream call = new UnaryStream(this, stream, held.served.kind());
        stream.setProperty(key, call);
        Status refused = calls.refusal(held.served, held.headers);
        if (refused != null) {
            call.onError(refused.asRuntimeException());
            return;
        }
        held.served.kind().received(data.readableBytes() - Outbox.PREFIX_BYTES);
        long timeoutNanos = UnaryCalls.timeoutNanos(held.headers);
        if (timeoutNanos >= 0) {
            call.expires(
                    ctx.executor().schedule(call::expired, timeoutNanos, TimeUnit.NANOSECONDS));
        }
        held.served
                .method()
                .call(
                        UnaryCalls.who(held.headers, commonName),
                        data.nioBuffer(
                                data.readerIndex() + Outbox.PREFIX_BYTES,
                                data.readableBytes() - Outbox.PREFIX_BYTES),
                        call);
    }

    private ChannelHandlerContext context() {
        ChannelHandlerContext known = context;
        if (known == null) {
            throw new IllegalStateException("a client's first frame is SETTINGS");
        }
        return known;
    }

    /** On any thread. */
    boolean inEventLoop() {
        return context().executor().inEventLoop();
    }

    /** On any thread: runs it on the loop. */
    void execute(Runnable task) {
        context().executor().execute(task);
    }

    /** Sends it, and ends the stream. */
    void answer(Http2Stream stream, Payload message) {
        int bytes = message.length() + Outbox.PREFIX_BYTES;
        if (!fits(stream, bytes) || newTable) {
            newTable = false;
            encode(stream, message, bytes);
            return;
        }
        outbox.addAnswer(stream.id(), message);
        take(connection.connectionStream(), bytes);
        handler.closeStreamLocal(stream, context().newSucceededFuture());
    }

    private void encode(Http2Stream stream, Payload message, int bytes) {
        ChannelHandlerContext ctx = context();
        ByteBuf data = ctx.alloc().ioBuffer(bytes);
        Outbox.write(data, message);
        handler.encoder().writeHeaders(ctx, stream.id(), HEADERS, 0, false, ctx.newPromise());
        handler.encoder().writeData(ctx, stream.id(), data, 0, false, ctx.newPromise());
        handler.encoder().writeHeaders(ctx, stream.id(), TRAILERS, 0, true, ctx.newPromise());
        outbox.flushSoon();
    }

    /**
     * Runs it on the loop after all that stands in line already; one task takes many. On any
     * thread.
     */
    void line(Runnable next) {
        line.add(next);
        if (!lineDue.getAndSet(true)) {
            try {
                execute(this::advance);
            } catch (RejectedExecutionException stopped) {
                line.clear(); // the server has stopped, and the connection with it
            }
        }
    }

    private void advance() {
        lineDue.set(false);
        for (Runnable next = line.poll(); next != null; next = line.poll()) {
            next.run();
        }
    }

    /** Sends one of its messages. */
    void send(StreamOut out, WatchMessage message) {
        Http2Stream stream = out.stream;
        int size = message.length();
        if (stream.state() != Http2Stream.State.OPEN
                && stream.state() != Http2Stream.State.HALF_CLOSED_REMOTE) {
            out.left(size);
            return;
        }
        int bytes = size + Outbox.PREFIX_BYTES;
        if (fits(stream, bytes) && !windows.hasFlowControlled(stream)) {
            outbox.add(stream.id(), message);
            take(stream, bytes);
            take(connection.connectionStream(), bytes);
            out.left(size);
            return;
        }
        ChannelHandlerContext ctx = context();
        ByteBuf data = ctx.alloc().ioBuffer(bytes);
        Outbox.write(data, message);
        handler.encoder()
                .writeData(ctx, stream.id(), data, 0, false, ctx.newPromise())
                .addListener(written -> out.left(size));
        outbox.flushSoon();
    }

    /** Whether a message of so many bytes may go by the outbox now. */
    private boolean fits(Http2Stream stream, int bytes) {
        boolean fits =
                !pinged
                        && bytes <= Outbox.FRAME_BYTES_MAX
                        && bytes <= windows.windowSize(stream)
                        && bytes <= windows.windowSize(connection.connectionStream())
                        && context().channel().isWritable();
        pinged = false;
        return fits;
    }

    private void take(Http2Stream window, int bytes) {
        try {
            windows.incrementWindowSize(window, -bytes);
        } catch (Http2Exception e) {
            throw new IllegalStateException("a window that was large enough", e);
        }
    }

    /** Sends why there is no answer, and ends the stream. */
    void refuse(Http2Stream stream, Status status) {
        Metadata why = new Metadata();
        why.put(InternalStatus.CODE_KEY, status);
        if (status.getDescription() != null) {
            why.put(InternalStatus.MESSAGE_KEY, status.getDescription());
        }
        byte[][] pairs = InternalMetadata.serialize(why);
        Http2Headers headers = new DefaultHttp2Headers().status(OK).set(TYPE, GRPC);
        for (int i = 0; i < pairs.length; i += 2) {
            headers.add(new AsciiString(pairs[i], false), new AsciiString(pairs[i + 1], false));
        }
        ChannelHandlerContext ctx = context();
        handler.encoder().writeHeaders(ctx, stream.id(), headers, 0, true, ctx.newPromise());
        outbox.flushSoon();
    }
}
