package dev.kemudi.apiserver;

import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Port-forward over the channels of a WebSocket, as fabric8's and the official Java client do it:
 * the request names the ports, each of which has one connection, with channel 2i for its bytes and
 * 2i + 1 for what went wrong. Both begin with the port as two bytes, little end first.
 */
final class ChannelForward implements PortForward.Carrier {
    private final WebSocket socket;
    private final List<Integer> ports;
    private final List<Connected> clients = new ArrayList<>();
    private final AtomicInteger left;

    ChannelForward(WebSocket socket, List<Integer> ports, Limits limits) {
        this.socket = socket;
        this.ports = ports;
        left = new AtomicInteger(ports.size());
        for (int i = 0; i < ports.size(); i++) {
            clients.add(new Connected(2 * i, new BytePipe(limits.forwardBufferBytesMax())));
        }
    }

    @Override
    public void serve(PortForward forward) throws IOException, InterruptedException {
        for (int i = 0; i < ports.size(); i++) {
            int port = ports.get(i);
            byte[] name = {(byte) port, (byte) (port >>> 8)};
            clients.get(i).output().write(name);
            clients.get(i).error().write(name);
            forward.begin(port, clients.get(i));
        }
        try {
            Optional<byte[]> message = socket.next();
            while (message.isPresent()) {
                deliver(message.get());
                message = socket.next();
            }
        } finally {
            clients.forEach(each -> each.input().close());
        }
    }

    private void deliver(byte[] message) throws IOException, InterruptedException {
        if (message.length == 0) {
            return;
        }
        int channel = message[0] & 0xff;
        if (channel >= 2 * ports.size()) {
            throw new IOException("channel " + channel + " of " + ports.size() + " ports");
        }
        if (channel % 2 == 0) {
            clients.get(channel / 2).input().put(Arrays.copyOfRange(message, 1, message.length));
        }
    }

    private final class Connected implements PortForward.Client {
        private final int channel;
        private final BytePipe input;

        Connected(int channel, BytePipe input) {
            this.channel = channel;
            this.input = input;
        }

        @Override
        public BytePipe input() {
            return input;
        }

        @Override
        public OutputStream output() {
            return ChannelSocket.output(socket, channel);
        }

        @Override
        public OutputStream error() {
            return ChannelSocket.output(socket, channel + 1);
        }

        /** There is no word for it: the end of the WebSocket says that all are over. */
        @Override
        public void endOutput() throws IOException {
            input.finish();
        }

        @Override
        public void end() throws IOException {
            if (left.decrementAndGet() == 0) {
                socket.close();
            }
        }
    }
}
