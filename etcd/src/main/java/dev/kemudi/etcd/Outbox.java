package dev.kemudi.etcd;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Gathers the small frames of one connection and writes them as one buffer when the connection is
 * flushed or something else is written, so that nothing is overtaken. Used on the connection's
 * event loop.
 */
final class Outbox extends ChannelOutboundHandlerAdapter {
    /** gRPC's prefix of a message: not compressed, and how long. */
    static final int PREFIX_BYTES = 5;

    /** What every client takes in one frame. */
    static final int FRAME_BYTES_MAX = 16_384;

    private static final int FRAME_HEAD_BYTES = 9;
    private static final int DATA = 0;
    private static final int HEADERS = 1;
    private static final int END_HEADERS = 4;
    private static final int END_STREAM_AND_HEADERS = 5;

    /** {@code :status: 200} and {@code content-type: application/grpc}; RFC 7541, 6.1 and 6.2.2. */
    private static final byte[] BEGIN = block(0x88, 0x0f, 0x10, 16, "application/grpc");

    /** {@code grpc-status: 0}. */
    private static final byte[] END = block(0x00, 11, "grpc-status", 1, "0");

    private static final int AROUND_BYTES =
            3 * FRAME_HEAD_BYTES + BEGIN.length + PREFIX_BYTES + END.length;

    private final int bytesMax;
    private ByteBuf gathered = Unpooled.EMPTY_BUFFER;
    private @Nullable ChannelHandlerContext context;
    private boolean flushDue;

    /**
     * @param bytesMax when that much has gathered it is written at once
     */
    Outbox(int bytesMax) {
        this.bytesMax = bytesMax;
    }

    private static byte[] block(Object... parts) {
        ByteBuf block = Unpooled.buffer();
        for (Object part : parts) {
            if (part instanceof Integer octet) {
                block.writeByte(octet);
            } else {
                block.writeCharSequence((String) part, StandardCharsets.US_ASCII);
            }
        }
        byte[] bytes = new byte[block.readableBytes()];
        block.readBytes(bytes);
        return bytes;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
    }

    /** A whole answer; it leaves with the next flush, which is soon. */
    void addAnswer(int stream, Payload message) {
        ByteBuf to = room(AROUND_BYTES + message.length());
        frame(to, BEGIN.length, HEADERS, END_HEADERS, stream).writeBytes(BEGIN);
        data(to, stream, message);
        frame(to, END.length, HEADERS, END_STREAM_AND_HEADERS, stream).writeBytes(END);
        flushSoon();
    }

    /** A message of a stream that goes on; it leaves with the next flush, which is soon. */
    void add(int stream, Payload message) {
        data(room(FRAME_HEAD_BYTES + PREFIX_BYTES + message.length()), stream, message);
        flushSoon();
    }

    private static void data(ByteBuf to, int stream, Payload message) {
        write(frame(to, PREFIX_BYTES + message.length(), DATA, 0, stream), message);
    }

    private static ByteBuf frame(ByteBuf to, int length, int type, int flags, int stream) {
        return to.writeMedium(length).writeByte(type).writeByte(flags).writeInt(stream);
    }

    /** A message with its prefix. */
    static void write(ByteBuf to, Payload message) {
        to.writeByte(0).writeInt(message.length());
        message.writeTo(to);
    }

    private ByteBuf room(int bytes) {
        if (gathered.readableBytes() + bytes > bytesMax) {
            flush(context());
        }
        if (!gathered.isReadable()) {
            gathered = context().alloc().ioBuffer(Math.max(bytes, bytesMax));
        }
        return gathered;
    }

    private ChannelHandlerContext context() {
        ChannelHandlerContext known = context;
        if (known == null) {
            throw new IllegalStateException("not in a pipeline");
        }
        return known;
    }

    private void push() {
        if (gathered.isReadable()) {
            ByteBuf all = gathered;
            gathered = Unpooled.EMPTY_BUFFER;
            context().write(all);
        }
    }

    /** Flushes once what waits for this loop now is done. */
    void flushSoon() {
        if (!flushDue) {
            flushDue = true;
            context().executor().execute(this::flushDue);
        }
    }

    private void flushDue() {
        flushDue = false;
        context().channel().flush();
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        push();
        ctx.write(message, promise);
    }

    @Override
    public void flush(ChannelHandlerContext ctx) {
        push();
        ctx.flush();
    }

    @Override
    public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
        flush(ctx);
        ctx.close(promise);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        gathered.release();
        gathered = Unpooled.EMPTY_BUFFER;
    }
}
