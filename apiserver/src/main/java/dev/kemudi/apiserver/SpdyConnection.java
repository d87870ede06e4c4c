package dev.kemudi.apiserver;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;

/**
 * SPDY/3.1 as far as kubectl uses it: the client opens streams and names them in their headers.
 * Like kubectl's own library it has no flow control of its own: the connection's suffices. One
 * thread reads; any number write.
 */
final class SpdyConnection {
    private static final int SYN_STREAM = 1;
    private static final int SYN_REPLY = 2;
    private static final int RST_STREAM = 3;
    private static final int PING = 6;
    private static final int GO_AWAY = 7;
    private static final int FIN = 1;
    private static final int HEADER_BYTES_MAX = 16_384;
    private static final int CHUNK_BYTES = 32_768;

    private final Wire wire;
    private final int frameBytesMax;
    private final int streamsMax;
    private final Map<Integer, Stream> open = new HashMap<>();
    private final Inflater inflater = new Inflater();
    private final Deflater deflater = new Deflater();
    private final Object writing = new Object();

    /** Hears what the client does, on the reading thread. */
    interface Listener {
        void opened(Stream stream) throws IOException;

        void data(Stream stream, byte[] bytes) throws InterruptedException;

        /** The client sends no more on it. */
        void ended(Stream stream);
    }

    SpdyConnection(Wire wire, int frameBytesMax, int streamsMax) {
        this.wire = wire;
        this.frameBytesMax = frameBytesMax;
        this.streamsMax = streamsMax;
        deflater.setDictionary(SpdyDictionary.bytes());
    }

    /** One stream that the client opened. */
    final class Stream {
        private final int id;
        private final Map<String, String> headers;
        private boolean endedHere;
        private boolean endedThere;

        private Stream(int id, Map<String, String> headers) {
            this.id = id;
            this.headers = headers;
        }

        /** The value of a header by its lower-case name; empty when there is none. */
        String header(String name) {
            return headers.getOrDefault(name, "");
        }

        /** To the client, in frames of a bounded size. */
        OutputStream output() {
            return new OutputStream() {
                @Override
                public void write(int b) throws IOException {
                    send(0, new byte[] {(byte) b}, 0, 1);
                }

                @Override
                public void write(byte[] bytes, int from, int length) throws IOException {
                    for (int at = from; at < from + length; at += CHUNK_BYTES) {
                        send(0, bytes, at, Math.min(CHUNK_BYTES, from + length - at));
                    }
                }
            };
        }

        /** Sends no more. */
        void end() throws IOException {
            synchronized (writing) {
                if (endedHere) {
                    return;
                }
                send(FIN, new byte[0], 0, 0);
                endedHere = true;
            }
            forget(this);
        }

        private void send(int flags, byte[] bytes, int from, int length) throws IOException {
            byte[] frame =
                    ByteBuffer.allocate(8 + length)
                            .putInt(id)
                            .putInt(flags << 24 | length)
                            .put(bytes, from, length)
                            .array();
            synchronized (writing) {
                wire.write(frame);
            }
        }
    }

    /** A stream that both sides have ended makes room for another. */
    private void forget(Stream stream) {
        synchronized (open) {
            if (stream.endedThere && stream.endedHere) {
                open.remove(stream.id);
            }
        }
    }

    /** Reads until the client has gone. Blocks; ends with an exception or normally. */
    void readAll(Listener listener) throws IOException, InterruptedException {
        try {
            while (true) {
                ByteBuffer head = ByteBuffer.wrap(wire.read(8));
                int first = head.getInt();
                int second = head.getInt();
                int flags = second >>> 24;
                int length = second & 0xffffff;
                if (length > frameBytesMax) {
                    throw new IOException(
                            "a frame of " + length + " bytes, " + frameBytesMax + " are allowed");
                }
                byte[] payload = wire.read(length);
                if (first >= 0) {
                    data(first, flags, payload, listener);
                } else if (!control(first & 0xffff, flags, payload, listener)) {
                    return;
                }
            }
        } catch (BufferUnderflowException e) {
            throw new IOException("a SPDY frame that is too short", e);
        } finally {
            inflater.end();
        }
    }

    private @Nullable Stream stream(int id) {
        synchronized (open) {
            return open.get(id);
        }
    }

    private void data(int id, int flags, byte[] payload, Listener listener)
            throws InterruptedException {
        Stream stream = stream(id);
        if (stream != null) {
            listener.data(stream, payload);
            if ((flags & FIN) != 0) {
                ended(stream, listener);
            }
        }
    }

    private void ended(Stream stream, Listener listener) {
        synchronized (open) {
            if (stream.endedThere) {
                return;
            }
            stream.endedThere = true;
        }
        listener.ended(stream);
        forget(stream);
    }

    /**
     * @return false when the client says goodbye
     */
    private boolean control(int type, int flags, byte[] payload, Listener listener)
            throws IOException {
        ByteBuffer in = ByteBuffer.wrap(payload);
        switch (type) {
            case SYN_STREAM -> {
                int id = in.getInt() & 0x7fffffff;
                in.position(10); // associated stream, priority and slot are not used
                Stream stream = new Stream(id, headers(in));
                synchronized (open) {
                    if (open.size() >= streamsMax) {
                        throw new IOException("more than " + streamsMax + " streams");
                    }
                    open.put(id, stream);
                }
                reply(id);
                listener.opened(stream);
                if ((flags & FIN) != 0) {
                    ended(stream, listener);
                }
            }
            case RST_STREAM -> {
                Stream stream = stream(in.getInt() & 0x7fffffff);
                if (stream != null) {
                    synchronized (writing) {
                        stream.endedHere = true;
                    }
                    ended(stream, listener);
                }
            }
            case PING -> send(controlFrame(PING, payload));
            case GO_AWAY -> {
                return false;
            }
            default -> {} // settings and window updates change nothing here
        }
        return true;
    }

    private Map<String, String> headers(ByteBuffer block) throws IOException {
        ByteBuffer in = ByteBuffer.wrap(inflated(block));
        int count = in.getInt();
        Map<String, String> headers = new HashMap<>();
        for (int i = 0; i < count; i++) {
            String name = text(in);
            headers.put(name, text(in));
        }
        return headers;
    }

    private static String text(ByteBuffer in) throws IOException {
        int length = in.getInt();
        if (length < 0 || length > in.remaining()) {
            throw new IOException(
                    "a header of " + length + " bytes where " + in.remaining() + " are left");
        }
        byte[] bytes = new byte[length];
        in.get(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    // one compression context for all headers of the connection
    private byte[] inflated(ByteBuffer block) throws IOException {
        byte[] compressed = new byte[block.remaining()];
        block.get(compressed);
        inflater.setInput(compressed);
        byte[] out = new byte[HEADER_BYTES_MAX];
        try {
            int length = inflater.inflate(out);
            if (length == 0 && inflater.needsDictionary()) {
                inflater.setDictionary(SpdyDictionary.bytes());
                length = inflater.inflate(out);
            }
            return Arrays.copyOf(out, length);
        } catch (DataFormatException | IllegalArgumentException e) {
            throw new IOException("a header block that cannot be decompressed", e);
        }
    }

    private void reply(int stream) throws IOException {
        synchronized (writing) {
            deflater.setInput(new byte[] {0, 0, 0, 0});
            byte[] out = new byte[64];
            int length = deflater.deflate(out, 0, out.length, Deflater.SYNC_FLUSH);
            ByteBuffer body = ByteBuffer.allocate(4 + length).putInt(stream).put(out, 0, length);
            send(controlFrame(SYN_REPLY, body.array()));
        }
    }

    private static byte[] controlFrame(int type, byte[] body) {
        return ByteBuffer.allocate(8 + body.length)
                .putInt(0x80030000 | type)
                .putInt(body.length)
                .put(body)
                .array();
    }

    private void send(byte[] frame) throws IOException {
        synchronized (writing) {
            wire.write(frame);
        }
    }
}
