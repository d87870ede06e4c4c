package dev.kemudi.gateway;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/*
 * How a body is taken apart
 * -------------------------
 * next() hands out slices of the read buffer without copying and keeps only where it stands. Chunked bodies
 * are decoded completely (RFC 9112 §7.1) and framed anew by the sender, so that no chunk extension, no odd
 * chunk size and no unchecked trailer ever crosses the gateway. Lines end in CR LF here as well; extensions
 * are bounded over the whole body because one per byte of data is a cheap way to keep a server busy.
 */
final class BodyReader {
    private static final int EXTENSION_LINE_MAX = 256;
    private static final byte[] NO_TRAILERS = {};

    private enum State {
        SIZE,
        EXTENSION,
        SIZE_LINE_FEED,
        BYTES,
        BYTES_RETURN,
        BYTES_LINE_FEED,
        TRAILER,
        DONE
    }

    private final int extensionMax;
    private final int trailerMax;
    private Framing framing = Framing.NONE;
    private State state = State.DONE;
    private long remaining;
    private int sizeDigits;
    private int extension;
    private int extensionLine;
    private byte[] trailers = NO_TRAILERS;
    private int trailerSize;
    private int lineSize;
    private Fault fault = Fault.NONE;

    BodyReader(Limits limits) {
        extensionMax = limits.chunkExtensionBytesMax();
        trailerMax = limits.trailerBytesMax();
    }

    void begin(Framing framing, long length) {
        this.framing = framing;
        remaining = framing == Framing.LENGTH ? length : 0;
        sizeDigits = 0;
        extension = 0;
        extensionLine = 0;
        trailerSize = 0;
        lineSize = 0;
        fault = Fault.NONE;
        state =
                switch (framing) {
                    case NONE -> State.DONE;
                    case LENGTH -> length == 0 ? State.DONE : State.BYTES;
                    case CHUNKED -> State.SIZE;
                    case UNTIL_CLOSE -> State.BYTES;
                };
    }

    boolean done() {
        return state == State.DONE;
    }

    Framing framing() {
        return framing;
    }

    /** What went wrong; asked when {@link #next} answers null. */
    Fault fault() {
        return fault;
    }

    /** The sender of a close-delimited body has closed. */
    void closed() {
        if (framing == Framing.UNTIL_CLOSE) {
            state = State.DONE;
        }
    }

    byte[] trailers() {
        return trailers;
    }

    /** Size of the trailer section with its blank line; 0 when there are no trailers. */
    int trailerSize() {
        return trailerSize > 2 ? trailerSize : 0;
    }

    /** The next piece of body, to be released by the caller; null when there is none now. */
    @Nullable ByteBuf next(ByteBuf in) {
        if (framing == Framing.CHUNKED) {
            return nextOfChunks(in);
        }
        if (state == State.DONE || !in.isReadable()) {
            return null;
        }
        if (framing == Framing.UNTIL_CLOSE) {
            return in.readRetainedSlice(in.readableBytes());
        }
        int size = (int) Math.min(remaining, in.readableBytes());
        remaining -= size;
        if (remaining == 0) {
            state = State.DONE;
        }
        return in.readRetainedSlice(size);
    }

    private @Nullable ByteBuf nextOfChunks(ByteBuf in) {
        while (state != State.DONE && fault == Fault.NONE && in.isReadable()) {
            if (state == State.BYTES) {
                int size = (int) Math.min(remaining, in.readableBytes());
                remaining -= size;
                if (remaining == 0) {
                    state = State.BYTES_RETURN;
                }
                return in.readRetainedSlice(size);
            }
            step(in.readByte());
        }
        return null;
    }

    private void step(byte b) {
        switch (state) {
            case SIZE -> size(b);
            case EXTENSION -> extension(b);
            case SIZE_LINE_FEED -> {
                expect(b, '\n', remaining == 0 ? State.TRAILER : State.BYTES);
                sizeDigits = 0;
                extensionLine = 0;
            }
            case BYTES_RETURN -> expect(b, '\r', State.BYTES_LINE_FEED);
            case BYTES_LINE_FEED -> expect(b, '\n', State.SIZE);
            case TRAILER -> trailer(b);
            case BYTES, DONE ->
                    throw new IllegalStateException("no framing byte expected in " + state);
        }
    }

    private void expect(byte b, char wanted, State next) {
        if (b == wanted) {
            state = next;
        } else {
            fault = Fault.CHUNK;
        }
    }

    private void size(byte b) {
        int digit = Bytes.hex(b);
        if (digit >= 0) {
            if (sizeDigits == 0) {
                remaining = 0;
            }
            if (++sizeDigits > 15) {
                fault = Fault.CHUNK;
            }
            remaining = remaining * 16 + digit;
        } else if (sizeDigits > 0 && b == '\r') {
            state = State.SIZE_LINE_FEED;
        } else if (sizeDigits > 0 && b == ';') {
            state = State.EXTENSION;
        } else {
            fault = Fault.CHUNK;
        }
    }

    private void extension(byte b) {
        if (b == '\r') {
            state = State.SIZE_LINE_FEED;
        } else if (!Bytes.field(b)
                || ++extensionLine > EXTENSION_LINE_MAX
                || ++extension > extensionMax) {
            fault = Fault.CHUNK;
        }
    }

    private void trailer(byte b) {
        if (trailerSize == trailers.length) {
            trailers = Arrays.copyOf(trailers, Math.max(256, trailers.length * 2));
        }
        if (trailerSize >= trailerMax) {
            fault = Fault.TRAILER;
            return;
        }
        trailers[trailerSize++] = b;
        if (b != '\n') {
            lineSize++;
            return;
        }
        if (lineSize == 0 || trailers[trailerSize - 2] != '\r') {
            fault = Fault.TRAILER;
        } else if (lineSize == 1) {
            state = State.DONE;
        }
        lineSize = 0;
    }
}
