package dev.kemudi.apiserver;

import dev.kemudi.api.ApiException;
import io.helidon.common.concurrency.limits.Limit;
import io.helidon.webserver.spi.ServerConnection;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.System.Logger.Level;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * One port-forward: any number of TCP connections to a pod's ports over one connection of the
 * client. The connection's thread reads what the client sends; each forwarded connection has a
 * virtual thread for either direction. Either side may end its direction and still listen.
 */
final class PortForward implements ServerConnection {
    private static final System.Logger LOG = System.getLogger(PortForward.class.getName());
    private static final int COPY_BYTES = 16_384;

    private final Carrier carrier;
    private final PodHandler.Forward forward;
    private final PodHandler pods;
    private final Runnable release;
    // bounded by the streams that the carrier lets the client open: Limits.forwardedConnectionsMax
    private final ExecutorService copiers =
            Executors.newThreadPerTaskExecutor(
                    Thread.ofVirtual().name("port-forward-", 0).factory());

    /** How the client's connection carries the forwarded ones. */
    interface Carrier {
        /** Begins connections as the client asks, and reads until it has gone. Blocks. */
        void serve(PortForward forward) throws IOException, InterruptedException;
    }

    /**
     * The client's side of one forwarded connection.
     *
     * @param error where to say why there is no connection, in words
     */
    interface Client {
        BytePipe input();

        OutputStream output();

        OutputStream error();

        /** Nothing more comes from the pod. */
        void endOutput() throws IOException;

        /** The connection is over in both directions, or never came to be. */
        void end() throws IOException;
    }

    PortForward(Carrier carrier, PodHandler.Forward forward, PodHandler pods, Runnable release) {
        this.carrier = carrier;
        this.forward = forward;
        this.pods = pods;
        this.release = release;
    }

    @Override
    public void handle(Limit limit) throws InterruptedException {
        try {
            carrier.serve(this);
        } catch (IOException | RuntimeException e) {
            LOG.log(Level.DEBUG, "the client of a port-forward went away: {0}", e.getMessage());
        } finally {
            copiers.shutdownNow(); // interrupted, a copier closes its socket
            copiers.close();
            release.run();
        }
    }

    /** Connects to {@code port} of the pod and copies both ways, in the background. */
    void begin(int port, Client client) {
        copiers.execute(() -> connect(port, client));
    }

    private void connect(int port, Client client) {
        try {
            try (Socket socket = pods.connect(forward, port)) {
                Future<?> toPod = copiers.submit(() -> toPod(client.input(), socket));
                copy(socket.getInputStream(), client.output());
                client.endOutput();
                toPod.get();
            } catch (IOException | ApiException e) {
                client.error().write(words(port, e).getBytes(StandardCharsets.UTF_8));
            } finally {
                client.input().close();
                client.end();
            }
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "a forwarded connection broke: {0}", e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (java.util.concurrent.ExecutionException e) {
            LOG.log(Level.ERROR, "a bug in forwarding port " + port, e.getCause());
        }
    }

    private String words(int port, Exception e) {
        return "error forwarding port "
                + port
                + " to pod "
                + forward.pod().name()
                + ", uid "
                + forward.pod().uid()
                + ": "
                + e.getMessage();
    }

    /** When the pod takes no more, what still comes is dropped: others share the connection. */
    private static void toPod(BytePipe from, Socket socket) {
        try (from) {
            copy(from, socket.getOutputStream());
            socket.shutdownOutput();
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "a pod takes no more: {0}", e.getMessage());
        }
    }

    private static void copy(InputStream from, OutputStream to) throws IOException {
        byte[] buffer = new byte[COPY_BYTES];
        for (int read = from.read(buffer); read >= 0; read = from.read(buffer)) {
            to.write(buffer, 0, read);
            to.flush();
        }
    }

    @Override
    public Duration idleTime() {
        return Duration.ZERO; // forwarded connections may be silent for as long as they like
    }

    @Override
    public void close(boolean interrupt) {
        copiers.shutdownNow();
    }
}
