package dev.kemudi.node;

import dev.kemudi.api.PodStreams.ExecStreams;
import dev.kemudi.node.ContainerRuntime.StartException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** Runs commands beside a container's process. Safe for use by many threads. */
final class ProcessExec {
    /** A child that keeps the streams open after its parent's end is listened to for so long. */
    private static final long DRAIN_MILLIS = 500;

    private final ProcTable processes;
    private final Optional<String> setsid;
    private final Semaphore places;
    private final int placesMax;
    private final AtomicLong ids = new AtomicLong(System.nanoTime());

    ProcessExec(ProcTable processes, Optional<String> setsid, Limits limits) {
        this.processes = processes;
        this.setsid = setsid;
        this.placesMax = limits.execsAtOnceMax();
        this.places = new Semaphore(placesMax);
    }

    int run(
            String podUid,
            Map<String, String> environment,
            Path directory,
            List<String> command,
            ExecStreams streams)
            throws IOException, InterruptedException, StartException {
        Executables.require(command.getFirst(), directory, environment.getOrDefault("PATH", ""));
        if (!places.tryAcquire()) {
            throw new IOException(
                    placesMax + " execs run on this node already, its limit: try again later");
        }
        String id = Long.toHexString(ids.incrementAndGet());
        try {
            List<String> line = new ArrayList<>();
            setsid.ifPresent(line::add);
            line.addAll(command);
            ProcessBuilder builder = new ProcessBuilder(line).directory(directory.toFile());
            builder.environment().clear();
            builder.environment().putAll(environment);
            builder.environment().put(ProcTable.EXEC, id);
            Process process = builder.start();
            try {
                return attend(process, streams);
            } finally {
                killAll(podUid, id, process);
            }
        } finally {
            places.release();
        }
    }

    private static int attend(Process process, ExecStreams streams) throws InterruptedException {
        Thread stdin = copy("exec-in", streams.stdin(), process.getOutputStream(), true);
        Thread stdout = copy("exec-out", process.getInputStream(), streams.stdout(), false);
        Thread stderr = copy("exec-err", process.getErrorStream(), streams.stderr(), false);
        try {
            int code = process.waitFor();
            var _ = stdout.join(java.time.Duration.ofMillis(DRAIN_MILLIS));
            var _ = stderr.join(java.time.Duration.ofMillis(DRAIN_MILLIS));
            return code;
        } finally {
            stdin.interrupt();
        }
    }

    private static Thread copy(
            String name, InputStream from, OutputStream to, boolean closeTarget) {
        return Thread.ofVirtual()
                .name(name)
                .start(() -> {
                    byte[] buffer = new byte[8192];
                    try {
                        int read;
                        while ((read = from.read(buffer)) >= 0) {
                            to.write(buffer, 0, read);
                            to.flush();
                        }
                        if (closeTarget) {
                            to.close();
                        }
                    } catch (IOException _) {
                        // The process or the client closed its end: that is how streams end here.
                    }
                });
    }

    /** What the command forked goes with it. */
    private void killAll(String podUid, String id, Process process) throws InterruptedException {
        process.destroyForcibly();
        var _ = process.waitFor(DRAIN_MILLIS, TimeUnit.MILLISECONDS);
        for (int round = 0; round < 10; round++) {
            List<ProcTable.Entry> left =
                    processes.ofPod(podUid).stream().filter(e -> e.exec().equals(id)).toList();
            if (left.isEmpty()) {
                return;
            }
            left.forEach(e -> ProcTable.signal(e.pid(), e.startTicks(), true));
            // Interrupted already when the client left: park without giving up.
            java.util.concurrent.locks.LockSupport.parkNanos(5_000_000);
        }
    }
}
