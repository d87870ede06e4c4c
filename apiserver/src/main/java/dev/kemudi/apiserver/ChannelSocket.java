package dev.kemudi.apiserver;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataReader;
import io.helidon.webserver.ConnectionContext;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;

/**
 * WebSocket (RFC 6455) with Kubernetes' channel subprotocols: every message begins with its
 * channel's number. Version 5 adds a way for the client to say that stdin has ended.
 */
final class ChannelSocket implements ExecSocket {
    private static final int STDIN = 0;
    private static final int STDOUT = 1;
    private static final int STDERR = 2;
    private static final int ERROR = 3;
    private static final int CLOSE_CHANNEL = 255;

    private static final int CONTINUATION = 0;
    private static final int BINARY = 2;
    private static final int CLOSE = 8;
    private static final int PING = 9;
    private static final int PONG = 10;
    private static final byte[] NORMAL_CLOSURE = {0x03, (byte) 0xe8};

    private final ConnectionContext context;
    private final Limits limits;
    private final boolean closesChannels;
    private final Object writing = new Object();
    private boolean closed;

    ChannelSocket(ConnectionContext context, Limits limits, boolean closesChannels) {
        this.context = context;
        this.limits = limits;
        this.closesChannels = closesChannels;
    }

    private record Frame(boolean last, int opcode, byte[] payload) {}

    @Override
    public void readAll(Listener listener) throws IOException, InterruptedException {
        ByteArrayOutputStream message = new ByteArrayOutputStream();
        while (true) {
            Frame frame = read();
            switch (frame.opcode()) {
                case CLOSE -> {
                    return;
                }
                case PING -> write(PONG, frame.payload());
                case PONG -> {}
                default -> {
                    if (message.size() + frame.payload().length > limits.execBufferBytesMax()) {
                        throw new IOException(
                                "a message of more than " + limits.execBufferBytesMax() + " bytes");
                    }
                    message.writeBytes(frame.payload());
                    if (frame.last()) {
                        deliver(message.toByteArray(), listener);
                        message.reset();
                    }
                }
            }
        }
    }

    private void deliver(byte[] message, Listener listener) throws InterruptedException {
        if (message.length == 0) {
            return;
        }
        int channel = message[0] & 0xff;
        if (channel == STDIN) {
            listener.stdin(Arrays.copyOfRange(message, 1, message.length));
        } else if (channel == CLOSE_CHANNEL
                && closesChannels
                && message.length == 2
                && message[1] == STDIN) {
            listener.stdinEnd();
        }
        // channel 4 is the size of a terminal that we do not have
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
        if (length < 0 || length > limits.execBufferBytesMax() || opcode >= CLOSE && length > 125) {
            throw new IOException(
                    "a frame of "
                            + length
                            + " bytes, "
                            + limits.execBufferBytesMax()
                            + " are allowed");
        }
        byte[] mask = in.readBytes(4);
        byte[] payload = length == 0 ? new byte[0] : in.readBytes((int) length);
        for (int i = 0; i < payload.length; i++) {
            payload[i] ^= mask[i & 3];
        }
        if (opcode != CONTINUATION && opcode != 1 && opcode != BINARY && opcode < CLOSE) {
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
            context.dataWriter().writeNow(BufferData.create(frame.toByteArray()));
        }
    }

    @Override
    public void awaitReady() throws IOException {
        // an empty message on stdout tells the client that the streams are up
        write(BINARY, new byte[] {STDOUT});
    }

    @Override
    public OutputStream stdout() {
        return new Channel(STDOUT);
    }

    @Override
    public OutputStream stderr() {
        return new Channel(STDERR);
    }

    @Override
    public void end(byte[] status) throws IOException {
        write(BINARY, new byte[] {ERROR}, status);
        write(CLOSE, NORMAL_CLOSURE);
    }

    private final class Channel extends OutputStream {
        private final byte[] number;

        Channel(int number) {
            this.number = new byte[] {(byte) number};
        }

        @Override
        public void write(int b) throws IOException {
            ChannelSocket.this.write(BINARY, number, new byte[] {(byte) b});
        }

        @Override
        public void write(byte[] bytes, int from, int length) throws IOException {
            if (length > 0) {
                ChannelSocket.this.write(
                        BINARY, number, Arrays.copyOfRange(bytes, from, from + length));
            }
        }
    }
}
