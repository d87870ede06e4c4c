package dev.kemudi.apiserver;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataReader;
import io.helidon.webserver.ConnectionContext;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

/**
 * SPDY/3.1 as far as {@code kubectl exec} of 1.20 to 1.29 needs it: the client opens one stream for
 * each of error, stdin, stdout and stderr and names it in the header {@code streamtype}. Like
 * kubectl's own library it has no flow control of its own: the connection's suffices.
 */
final class SpdySocket implements ExecSocket {
    private static final int SYN_STREAM = 1;
    private static final int SYN_REPLY = 2;
    private static final int PING = 6;
    private static final int GO_AWAY = 7;
    private static final int FIN = 1;
    private static final int HEADER_BYTES_MAX = 16_384;
    private static final int STREAMS_MAX = 16;

    private final ConnectionContext context;
    private final Limits limits;
    private final Set<String> expected = new HashSet<>();
    private final Map<String, Integer> streams = new HashMap<>();
    private final Inflater inflater = new Inflater();
    private final Deflater deflater = new Deflater();
    private final Object writing = new Object();

    SpdySocket(ConnectionContext context, Limits limits, PodHandler.Exec exec) {
        this.context = context;
        this.limits = limits;
        deflater.setDictionary(SpdyDictionary.bytes());
        expected.add("error");
        if (exec.stdin()) {
            expected.add("stdin");
        }
        if (exec.stdout()) {
            expected.add("stdout");
        }
        if (exec.stderr() && !exec.tty()) {
            expected.add("stderr");
        }
    }

    @Override
    public void readAll(Listener listener) throws IOException, InterruptedException {
        try {
            DataReader in = context.dataReader();
            while (true) {
                ByteBuffer head = ByteBuffer.wrap(in.readBytes(8));
                int first = head.getInt();
                int second = head.getInt();
                int flags = second >>> 24;
                int length = second & 0xffffff;
                if (length > limits.execBufferBytesMax()) {
                    throw new IOException(
                            "a frame of "
                                    + length
                                    + " bytes, "
                                    + limits.execBufferBytesMax()
                                    + " are allowed");
                }
                byte[] payload = length == 0 ? new byte[0] : in.readBytes(length);
                if (first >= 0) {
                    data(first, flags, payload, listener);
                } else if (!control(first & 0xffff, payload)) {
                    return;
                }
            }
        } catch (BufferUnderflowException e) {
            throw new IOException("a SPDY frame that is too short", e);
        } finally {
            inflater.end();
        }
    }

    private void data(int stream, int flags, byte[] payload, Listener listener)
            throws InterruptedException {
        boolean stdin;
        synchronized (streams) {
            stdin = Integer.valueOf(stream).equals(streams.get("stdin"));
        }
        if (stdin) {
            listener.stdin(payload);
            if ((flags & FIN) != 0) {
                listener.stdinEnd();
            }
        }
    }

    /**
     * @return false when the client says goodbye
     */
    private boolean control(int type, byte[] payload) throws IOException {
        ByteBuffer in = ByteBuffer.wrap(payload);
        switch (type) {
            case SYN_STREAM -> {
                int stream = in.getInt() & 0x7fffffff;
                in.position(10); // associated stream, priority and slot are not used
                String streamType = streamType(in);
                synchronized (streams) {
                    if (streams.size() >= STREAMS_MAX) {
                        throw new IOException("more than " + STREAMS_MAX + " streams");
                    }
                    streams.put(streamType, stream);
                    streams.notifyAll();
                }
                reply(stream);
            }
            case PING -> write(controlFrame(PING, 0, payload));
            case GO_AWAY -> {
                return false;
            }
            default -> {} // settings, window updates and resets change nothing here
        }
        return true;
    }

    private String streamType(ByteBuffer block) throws IOException {
        ByteBuffer headers = ByteBuffer.wrap(inflated(block));
        int count = headers.getInt();
        for (int i = 0; i < count; i++) {
            String name = text(headers);
            String value = text(headers);
            if (name.equals("streamtype")) {
                return value;
            }
        }
        throw new IOException("a stream without a streamtype");
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
            return java.util.Arrays.copyOf(out, length);
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
            write(controlFrame(SYN_REPLY, 0, body.array()));
        }
    }

    private static byte[] controlFrame(int type, int flags, byte[] body) {
        return ByteBuffer.allocate(8 + body.length)
                .putInt(0x80030000 | type)
                .putInt(flags << 24 | body.length)
                .put(body)
                .array();
    }

    private void write(byte[] frame) throws IOException {
        synchronized (writing) {
            try {
                context.dataWriter().writeNow(BufferData.create(frame));
            } catch (java.io.UncheckedIOException e) {
                throw e.getCause();
            }
        }
    }

    private void writeData(String type, int flags, byte[] bytes, int from, int length)
            throws IOException {
        Integer stream;
        synchronized (streams) {
            stream = streams.get(type);
        }
        if (stream != null) {
            write(
                    ByteBuffer.allocate(8 + length)
                            .putInt(stream)
                            .putInt(flags << 24 | length)
                            .put(bytes, from, length)
                            .array());
        }
    }

    @Override
    public void awaitReady() throws IOException, InterruptedException {
        long deadline = System.nanoTime() + limits.bodyReadMillisMax() * 1_000_000L;
        synchronized (streams) {
            while (!streams.keySet().containsAll(expected)) {
                long left = (deadline - System.nanoTime()) / 1_000_000;
                if (left <= 0) {
                    throw new IOException(
                            "the client opened " + streams.keySet() + ", expected " + expected);
                }
                streams.wait(left);
            }
        }
    }

    @Override
    public OutputStream stdout() {
        return new StreamOut("stdout");
    }

    @Override
    public OutputStream stderr() {
        return new StreamOut("stderr");
    }

    @Override
    public void end(byte[] status) throws IOException {
        writeData("error", 0, status, 0, status.length);
        for (String type : expected) {
            writeData(type, FIN, new byte[0], 0, 0);
        }
    }

    /** One stream from us to the client. */
    private final class StreamOut extends OutputStream {
        private static final int CHUNK_BYTES = 32_768;

        private final String type;

        StreamOut(String type) {
            this.type = type;
        }

        @Override
        public void write(int b) throws IOException {
            writeData(type, 0, new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int from, int length) throws IOException {
            for (int at = from; at < from + length; at += CHUNK_BYTES) {
                writeData(type, 0, bytes, at, Math.min(CHUNK_BYTES, from + length - at));
            }
        }
    }
}
