package dev.kemudi.apiserver;

import java.io.IOException;
import java.io.OutputStream;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * One exec over SPDY/3.1, for kubectl of 1.20 to 1.29: the client opens one stream for each of
 * error, stdin, stdout and stderr and names it in the header {@code streamtype}.
 */
final class SpdyExec implements ExecSocket {
    private static final int STREAMS_MAX = 16;

    private final SpdyConnection connection;
    private final int openMillisMax;
    private final Set<String> expected = new HashSet<>();
    private final Map<String, SpdyConnection.Stream> streams = new HashMap<>();

    SpdyExec(Wire wire, Limits limits, PodHandler.Exec exec) {
        connection = new SpdyConnection(wire, limits.execBufferBytesMax(), STREAMS_MAX);
        openMillisMax = limits.bodyReadMillisMax();
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
        connection.readAll(
                new SpdyConnection.Listener() {
                    @Override
                    public void opened(SpdyConnection.Stream stream) throws IOException {
                        String type = stream.header("streamtype");
                        if (type.isEmpty()) {
                            throw new IOException("a stream without a streamtype");
                        }
                        synchronized (streams) {
                            streams.put(type, stream);
                            streams.notifyAll();
                        }
                    }

                    @Override
                    public void data(SpdyConnection.Stream stream, byte[] bytes)
                            throws InterruptedException {
                        if (stream.header("streamtype").equals("stdin")) {
                            listener.stdin(bytes);
                        }
                    }

                    @Override
                    public void ended(SpdyConnection.Stream stream) {
                        if (stream.header("streamtype").equals("stdin")) {
                            listener.stdinEnd();
                        }
                    }
                });
    }

    @Override
    public void awaitReady() throws IOException, InterruptedException {
        long deadline = System.nanoTime() + openMillisMax * 1_000_000L;
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
        return output("stdout");
    }

    @Override
    public OutputStream stderr() {
        return output("stderr");
    }

    private OutputStream output(String type) {
        synchronized (streams) {
            SpdyConnection.Stream stream = streams.get(type);
            return stream == null ? OutputStream.nullOutputStream() : stream.output();
        }
    }

    @Override
    public void end(byte[] status) throws IOException {
        output("error").write(status);
        for (String type : expected) {
            SpdyConnection.Stream stream;
            synchronized (streams) {
                stream = streams.get(type);
            }
            if (stream != null) {
                stream.end();
            }
        }
    }
}
