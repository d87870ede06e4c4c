package dev.kemudi.node;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;

/*
 * How output gets out of a process
 * --------------------------------
 * A container's stdout and stderr are two named pipes which the process itself opened for reading AND
 * writing. So:
 *  - a pod that prints faster than its log can be written is held back by the pipe (64 KiB): it can fill
 *    neither memory nor disk;
 *  - when Kemudi dies, somebody (the process itself) still reads the pipe: no SIGPIPE; a pod that prints
 *    more than 64 KiB then waits until Kemudi is back, opens the pipes again and goes on with the same log.
 * What was refused: an anonymous pipe (SIGPIPE when Kemudi dies); files that the process appends to and we
 * truncate (a pod that prints 1 GB/s fills the disk between two looks, and what is written between copy
 * and truncate is lost).
 *
 * The pipes are looked at, not waited in: a read() would hold a platform thread per stream. FIONREAD
 * (available()) costs about a microsecond; an idle container is looked at five times a second, a talking
 * one all the time.
 */
/**
 * Moves one container's output from its pipes to its log until the container is gone and the pipes
 * are empty.
 */
final class OutputPump implements Runnable {
    private static final int BUFFER_BYTES = 65_536;
    private static final long IDLE_MILLIS_MAX = 200;
    private static final System.Logger LOG = System.getLogger("dev.kemudi.node");

    private final Path stdout;
    private final Path stderr;
    private final ContainerLog log;
    private final BooleanSupplier gone;
    private final LongConsumer counted;
    private final byte[] buffer = new byte[BUFFER_BYTES];

    /**
     * @param gone whether no process of the container is left
     */
    OutputPump(
            Path stdout,
            Path stderr,
            ContainerLog log,
            BooleanSupplier gone,
            LongConsumer counted) {
        this.stdout = stdout;
        this.stderr = stderr;
        this.log = log;
        this.gone = gone;
        this.counted = counted;
    }

    @Override
    public void run() {
        try (log) {
            if (!awaitPipes()) {
                return;
            }
            // Open for writing as well: opening a pipe for reading alone would wait for a writer.
            try (RandomAccessFile out = new RandomAccessFile(stdout.toFile(), "rw");
                    RandomAccessFile err = new RandomAccessFile(stderr.toFile(), "rw");
                    FileInputStream outBytes = new FileInputStream(out.getFD());
                    FileInputStream errBytes = new FileInputStream(err.getFD())) {
                pump(outBytes, errBytes);
            }
            Files.deleteIfExists(stdout);
            Files.deleteIfExists(stderr);
        } catch (IOException e) {
            LOG.log(System.Logger.Level.ERROR, "output of a container is lost: " + stdout, e);
        } catch (InterruptedException _) {
            // The node detaches: the pipes stay for its next life.
            Thread.currentThread().interrupt();
        }
    }

    /** The process makes its pipes itself; false when it died before. */
    private boolean awaitPipes() throws InterruptedException {
        while (!Files.exists(stdout) || !Files.exists(stderr)) {
            if (gone.getAsBoolean()) {
                return Files.exists(stdout) && Files.exists(stderr);
            }
            Thread.sleep(1);
        }
        return true;
    }

    private void pump(FileInputStream out, FileInputStream err)
            throws IOException, InterruptedException {
        long idleMillis = 1;
        while (true) {
            boolean last = gone.getAsBoolean();
            boolean any = move(out, false) | move(err, true);
            if (any) {
                idleMillis = 1;
            } else if (last) {
                return;
            } else {
                Thread.sleep(idleMillis);
                idleMillis = Math.min(IDLE_MILLIS_MAX, idleMillis * 2);
            }
        }
    }

    private boolean move(FileInputStream from, boolean error) throws IOException {
        int available = Math.min(from.available(), BUFFER_BYTES);
        if (available == 0) {
            return false;
        }
        int read = from.read(buffer, 0, available);
        log.append(error, buffer, read);
        counted.accept(read);
        return true;
    }
}
