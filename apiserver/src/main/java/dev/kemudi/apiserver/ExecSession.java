package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.Json;
import dev.kemudi.api.PodStreams.ExecStreams;
import io.helidon.common.concurrency.limits.Limit;
import io.helidon.webserver.spi.ServerConnection;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.time.Duration;

/**
 * One exec or attachment: the connection's thread reads what the client sends, another virtual
 * thread runs the command. When the client goes, the command is interrupted; when the command ends,
 * the client hears how and the connection closes.
 */
final class ExecSession implements ServerConnection {
    private static final System.Logger LOG = System.getLogger(ExecSession.class.getName());

    private final ExecSocket socket;
    private final PodHandler.Exec exec;
    private final PodHandler pods;
    private final Runnable release;
    private final BytePipe stdin;
    private final int drainMillis;

    ExecSession(
            ExecSocket socket,
            PodHandler.Exec exec,
            PodHandler pods,
            Limits limits,
            Runnable release) {
        this.socket = socket;
        this.exec = exec;
        this.pods = pods;
        this.release = release;
        drainMillis = limits.drainMillis();
        stdin = new BytePipe(limits.execBufferBytesMax());
    }

    @Override
    public void handle(Limit limit) throws InterruptedException {
        if (!exec.stdin()) {
            stdin.finish();
        }
        Thread reader = Thread.currentThread();
        Thread command =
                Thread.ofVirtual()
                        .name("exec-" + exec.pod().name())
                        .start(() -> {
                            run();
                            awaitGoodbye(reader);
                        });
        try {
            socket.readAll(
                    new ExecSocket.Listener() {
                        @Override
                        public void stdin(byte[] bytes) throws InterruptedException {
                            stdin.put(bytes);
                        }

                        @Override
                        public void stdinEnd() {
                            stdin.finish();
                        }
                    });
        } catch (IOException | RuntimeException e) {
            LOG.log(Level.DEBUG, "the client of an exec went away: {0}", e.getMessage());
        } finally {
            stdin.close();
            command.interrupt();
            command.join();
            release.run();
        }
    }

    // the client closes when it has heard the end; one that does not is closed
    private void awaitGoodbye(Thread reader) {
        try {
            if (!reader.join(Duration.ofMillis(drainMillis))) {
                reader.interrupt();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // the reader has gone and tells us so
        }
    }

    private void run() {
        try {
            socket.awaitReady();
            int code =
                    pods.run(
                            exec,
                            new ExecStreams(
                                    stdin,
                                    socket.stdout(),
                                    exec.stderr()
                                            ? socket.stderr()
                                            : OutputStream.nullOutputStream()));
            socket.end(status(code));
        } catch (ApiException e) {
            tryEnd(Render.tree(e.status().toTree()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException | UncheckedIOException e) {
            tryEnd(failure("InternalError", "the exec failed: " + e.getMessage()));
        }
    }

    private void tryEnd(byte[] status) {
        try {
            socket.end(status);
        } catch (IOException | UncheckedIOException e) {
            LOG.log(
                    Level.DEBUG,
                    "the client of an exec did not hear of its end: {0}",
                    e.getMessage());
        }
    }

    private static byte[] status(int code) {
        if (code == 0) {
            ObjectNode success = Json.MAPPER.createObjectNode();
            success.putObject("metadata");
            return Render.tree(success.put("status", "Success"));
        }
        ObjectNode failure = Json.MAPPER.createObjectNode();
        failure.putObject("metadata");
        failure.put("status", "Failure")
                .put("message", "command terminated with non-zero exit code: exit status " + code)
                .put("reason", "NonZeroExitCode");
        failure.putObject("details")
                .putArray("causes")
                .addObject()
                .put("reason", "ExitCode")
                .put("message", Integer.toString(code));
        return Render.tree(failure);
    }

    private static byte[] failure(String reason, String message) {
        return Render.tree(dev.kemudi.api.Status.of(500, reason, message).toTree());
    }

    @Override
    public Duration idleTime() {
        return Duration.ZERO; // an exec may be silent for as long as its command is
    }

    @Override
    public void close(boolean interrupt) {
        stdin.close();
    }
}
