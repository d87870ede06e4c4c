package dev.kemudi.apiserver;

import io.helidon.common.buffers.BufferData;
import io.helidon.webserver.ConnectionContext;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;

/** Bytes both ways: a connection itself, or one that travels in the messages of a WebSocket. */
interface Wire {
    /** Exactly {@code count} bytes. Blocks; one thread. */
    byte[] read(int count) throws IOException;

    /** Sends all of {@code bytes} before anything that is written later. */
    void write(byte[] bytes) throws IOException;

    static Wire of(ConnectionContext context) {
        return new Wire() {
            @Override
            public byte[] read(int count) {
                return count == 0 ? new byte[0] : context.dataReader().readBytes(count);
            }

            @Override
            public void write(byte[] bytes) throws IOException {
                try {
                    context.dataWriter().writeNow(BufferData.create(bytes));
                } catch (UncheckedIOException e) {
                    throw e.getCause();
                }
            }
        };
    }

    /** Where one message ends and the next begins means nothing. */
    static Wire within(WebSocket socket) {
        return new Wire() {
            private byte[] message = new byte[0];
            private int at;

            @Override
            public byte[] read(int count) throws IOException {
                byte[] bytes = new byte[count];
                for (int filled = 0; filled < count; ) {
                    if (at == message.length) {
                        Optional<byte[]> next = socket.next();
                        message = next.orElseThrow(() -> new IOException("the client left"));
                        at = 0;
                    }
                    int part = Math.min(count - filled, message.length - at);
                    System.arraycopy(message, at, bytes, filled, part);
                    at += part;
                    filled += part;
                }
                return bytes;
            }

            @Override
            public void write(byte[] bytes) throws IOException {
                socket.binary(bytes);
            }
        };
    }
}
