package dev.kemudi.apiserver;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Port-forward over SPDY/3.1, as kubectl does it, on a connection of its own or within a WebSocket:
 * for each TCP connection the client opens an error and a data stream that share a {@code
 * requestid} and name the {@code port}.
 */
final class SpdyForward implements PortForward.Carrier {
    private final SpdyConnection connection;
    private final int unreadBytesMax;
    private final Map<String, SpdyConnection.Stream> errors = new ConcurrentHashMap<>();
    private final Map<SpdyConnection.Stream, Connected> connected = new ConcurrentHashMap<>();

    SpdyForward(Wire wire, Limits limits) {
        connection =
                new SpdyConnection(
                        wire, limits.execBufferBytesMax(), 2 * limits.forwardedConnectionsMax());
        unreadBytesMax = limits.forwardBufferBytesMax();
    }

    @Override
    public void serve(PortForward forward) throws IOException, InterruptedException {
        try {
            connection.readAll(new Reading(forward));
        } finally {
            connected.values().forEach(each -> each.input().close());
        }
    }

    private final class Reading implements SpdyConnection.Listener {
        private final PortForward forward;

        Reading(PortForward forward) {
            this.forward = forward;
        }

        @Override
        public void opened(SpdyConnection.Stream stream) throws IOException {
            String request = stream.header("requestid");
            switch (stream.header("streamtype")) {
                case "error" -> errors.put(request, stream);
                case "data" -> {
                    SpdyConnection.Stream error = errors.remove(request);
                    if (error == null) {
                        throw new IOException("a data stream before its error stream");
                    }
                    Connected client = new Connected(stream, error);
                    connected.put(stream, client);
                    forward.begin(port(stream), client);
                }
                default ->
                        throw new IOException(
                                "streamtype: expected error or data, found \""
                                        + stream.header("streamtype")
                                        + "\"");
            }
        }

        private int port(SpdyConnection.Stream stream) throws IOException {
            try {
                return Integer.parseInt(stream.header("port"));
            } catch (NumberFormatException e) {
                throw new IOException(
                        "port: expected a number, found \"" + stream.header("port") + "\"", e);
            }
        }

        @Override
        public void data(SpdyConnection.Stream stream, byte[] bytes) throws InterruptedException {
            Connected client = connected.get(stream);
            if (client != null) {
                client.input().put(bytes);
            }
        }

        @Override
        public void ended(SpdyConnection.Stream stream) {
            Connected client = connected.get(stream);
            if (client != null) {
                client.input().finish();
            }
        }
    }

    private final class Connected implements PortForward.Client {
        private final SpdyConnection.Stream stream;
        private final SpdyConnection.Stream error;
        private final BytePipe input = new BytePipe(unreadBytesMax);

        Connected(SpdyConnection.Stream stream, SpdyConnection.Stream error) {
            this.stream = stream;
            this.error = error;
        }

        @Override
        public BytePipe input() {
            return input;
        }

        @Override
        public OutputStream output() {
            return stream.output();
        }

        @Override
        public OutputStream error() {
            return error.output();
        }

        @Override
        public void endOutput() throws IOException {
            stream.end();
        }

        @Override
        public void end() throws IOException {
            connected.remove(stream);
            stream.end();
            error.end();
        }
    }
}
