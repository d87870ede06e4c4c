package dev.kemudi.node;

import dev.kemudi.api.PodStreams.ExecStreams;
import dev.kemudi.node.ContainerRuntime.ContainerSpec;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Commands that probes and hooks run beside a container: bounded in time and in what is kept of
 * their output.
 */
record ContainerExec(NodeParts parts, ContainerRun run) implements Probe.Exec {
    private static final int OUTPUT_BYTES_MAX = 1_024;

    @Override
    public Probe.Outcome run(List<String> command, int timeoutSeconds) throws InterruptedException {
        ContainerSpec spec = run.spec;
        if (spec == null || run.running == null) {
            return new Probe.Outcome(false, "the container does not run");
        }
        Head output = new Head();
        Probe.Outcome late =
                new Probe.Outcome(false, "command timed out after " + timeoutSeconds + " s");
        CompletableFuture<Probe.Outcome> outcome = new CompletableFuture<>();
        Thread runner =
                Thread.ofVirtual()
                        .name("exec " + run.name)
                        .start(() -> execute(spec, command, output, outcome));
        try {
            if (!runner.join(Duration.ofSeconds(timeoutSeconds))) {
                return outcome.getNow(late);
            }
        } finally {
            runner.interrupt();
        }
        return outcome.getNow(late);
    }

    private void execute(
            ContainerSpec spec,
            List<String> command,
            Head output,
            CompletableFuture<Probe.Outcome> outcome) {
        try {
            ExecStreams streams = new ExecStreams(InputStream.nullInputStream(), output, output);
            int code = parts.runtime().exec(spec, command, streams);
            outcome.complete(
                    new Probe.Outcome(
                            code == 0,
                            code == 0 ? "" : "exit code " + code + ": " + output.text()));
        } catch (IOException e) {
            outcome.complete(new Probe.Outcome(false, String.valueOf(e.getMessage())));
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    /** Keeps the beginning, forgets the rest. */
    private static final class Head extends OutputStream {
        private final ByteArrayOutputStream kept = new ByteArrayOutputStream();

        @Override
        public synchronized void write(int b) {
            if (kept.size() < OUTPUT_BYTES_MAX) {
                kept.write(b);
            }
        }

        @Override
        public synchronized void write(byte[] bytes, int offset, int length) {
            kept.write(bytes, offset, Math.min(length, OUTPUT_BYTES_MAX - kept.size()));
        }

        synchronized String text() {
            return kept.toString(StandardCharsets.UTF_8).strip();
        }
    }
}
