package dev.kemudi.apiserver;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataReader;
import io.helidon.webserver.ConnectionContext;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;

/**
 * The server's side of a WebSocket (RFC 6455) on a connection that was upgraded. One thread reads;
 * any number write.
 */
final class WebSocket {
    private static final String GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    private static final int CONTINUATION = 0;
    private static final int TEXT = 1;
    private static final int BINARY = 2;
    private static final int CLOSE = 8;
    private static final int PING = 9;
    private static final int PONG = 10;
    private static final byte[] NORMAL_CLOSURE = {0x03, (byte) 0xe8};

    private final ConnectionContext context;
    private final int messageBytesMax;
    private final Object writing = new Object();
    private boolean closed;

    private record Frame(boolean last, int opcode, byte[] payload) {}

    WebSocket(ConnectionContext context, int messageBytesMax) {
        this.context = context;
        this.messageBytesMax = messageBytesMax;
    }

    /** What {@code Sec-WebSocket-Accept} says to a client's {@code Sec-WebSocket-Key}. */
    static String accept(String key) {
        try {
            byte[] digest =
                    MessageDigest.getInstance("SHA-1")
                            .digest((key + GUID).getBytes(StandardCharsets.US_ASCII));
            return Base64.getEncoder().encodeToString(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-1", e);
        }
    }

    /** The next whole message; empty when the client has said goodbye. Blocks. */
    Optional<byte[]> next() throws IOException {
        ByteArrayOutputStream message = new ByteArrayOutputStream();
        while (true) {
            Frame frame = read();
            switch (frame.opcode()) {
                case CLOSE -> {
                    return Optional.empty();
                }
                case PING -> write(PONG, frame.payload());
                case PONG -> {}
                default -> {
                    if (message.size() + frame.payload().length > messageBytesMax) {
                        throw new IOException(
                                "a message of more than " + messageBytesMax + " bytes");
                    }
                    message.writeBytes(frame.payload());
                    if (frame.last()) {
                        return Optional.of(message.toByteArray());
                    }
                }
            }
        }
    }

    private Frame read() throws IOException {
        DataReader in = context.dataReader();
        int first = in.read() & 0xff;
        int second = in.read() & 0xff;
        boolean masked = (second & 0x80) != 0;
        long length = second & 0x7f;
        if (length == 126) {
            length = number(in, 2);
        } else if (length == 127) {
            length = number(in, 8);
        }
        int opcode = first & 0x0f;
        if (!masked || (first & 0x70) != 0) {
            throw new IOException("a frame that is not masked or uses extensions");
        }
        if (length < 0 || length > messageBytesMax || opcode >= CLOSE && length > 125) {
            throw new IOException(
                    "a frame of " + length + " bytes, " + messageBytesMax + " are allowed");
        }
        byte[] mask = in.readBytes(4);
        byte[] payload = length == 0 ? new byte[0] : in.readBytes((int) length);
        for (int i = 0; i < payload.length; i++) {
            payload[i] ^= mask[i & 3];
        }
        if (opcode != CONTINUATION && opcode != TEXT && opcode != BINARY && opcode < CLOSE) {
            throw new IOException("unknown opcode " + opcode);
        }
        return new Frame((first & 0x80) != 0, opcode, payload);
    }

    private static long number(DataReader in, int bytes) {
        long value = 0;
        for (int i = 0; i < bytes; i++) {
            value = value << 8 | in.read() & 0xff;
        }
        return value;
    }

    /** Sends {@code parts} as one binary message. */
    void binary(byte[]... parts) throws IOException {
        write(BINARY, parts);
    }

    /** Sends UTF-8 as one text message. */
    void text(byte[] utf8) throws IOException {
        write(TEXT, utf8);
    }

    /** Says goodbye; nothing can be sent afterwards. A second goodbye is not sent. */
    void close() throws IOException {
        synchronized (writing) {
            if (!closed) {
                write(CLOSE, NORMAL_CLOSURE);
            }
        }
    }

    private void write(int opcode, byte[]... parts) throws IOException {
        int length = Arrays.stream(parts).mapToInt(p -> p.length).sum();
        ByteArrayOutputStream frame = new ByteArrayOutputStream(length + 10);
        frame.write(0x80 | opcode);
        if (length < 126) {
            frame.write(length);
        } else if (length < 1 << 16) {
            frame.write(126);
            frame.write(length >>> 8);
            frame.write(length);
        } else {
            frame.write(127);
            for (int shift = 56; shift >= 0; shift -= 8) {
                frame.write((int) ((long) length >>> shift));
            }
        }
        for (byte[] part : parts) {
            frame.writeBytes(part);
        }
        synchronized (writing) {
            if (closed) {
                throw new IOException("the connection has been closed");
            }
            closed = opcode == CLOSE;
            try {
                context.dataWriter().writeNow(BufferData.create(frame.toByteArray()));
            } catch (UncheckedIOException e) {
                throw e.getCause();
            }
        }
    }
}
