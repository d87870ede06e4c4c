package dev.kemudi.apiserver;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.Optional;

/**
 * One exec over Kubernetes' channel subprotocols of WebSocket: every message begins with its
 * channel's number. Version 5 adds a way for the client to say that stdin has ended.
 */
final class ChannelSocket implements ExecSocket {
    private static final int STDIN = 0;
    private static final int STDOUT = 1;
    private static final int STDERR = 2;
    private static final int ERROR = 3;
    private static final int CLOSE_CHANNEL = 255;

    private final WebSocket socket;
    private final boolean closesChannels;

    ChannelSocket(WebSocket socket, boolean closesChannels) {
        this.socket = socket;
        this.closesChannels = closesChannels;
    }

    @Override
    public void readAll(Listener listener) throws IOException, InterruptedException {
        Optional<byte[]> message = socket.next();
        while (message.isPresent()) {
            deliver(message.get(), listener);
            message = socket.next();
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

    @Override
    public void awaitReady() throws IOException {
        // an empty message on stdout tells the client that the streams are up
        socket.binary(new byte[] {STDOUT});
    }

    @Override
    public OutputStream stdout() {
        return output(socket, STDOUT);
    }

    @Override
    public OutputStream stderr() {
        return output(socket, STDERR);
    }

    @Override
    public void end(byte[] status) throws IOException {
        socket.binary(new byte[] {ERROR}, status);
        socket.close();
    }

    /** Everything written in one call becomes one message on {@code channel}. */
    static OutputStream output(WebSocket socket, int channel) {
        byte[] number = {(byte) channel};
        return new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                socket.binary(number, new byte[] {(byte) b});
            }

            @Override
            public void write(byte[] bytes, int from, int length) throws IOException {
                if (length > 0) {
                    socket.binary(number, Arrays.copyOfRange(bytes, from, from + length));
                }
            }
        };
    }
}
