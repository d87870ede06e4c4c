package dev.kemudi.node;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * The way into a container that is declared with {@code stdin}: a named pipe which the process
 * makes. With {@code stdinOnce} the process opened it for reading alone, so that it comes to its
 * end when the first client has left; otherwise the process holds both ends and no client's leaving
 * ends it. Safe for use by many threads.
 */
final class StdinPipe {
    private static final int COPY_BYTES = 8_192;

    private final Path path;
    private final boolean once;
    private Optional<FileChannel> held = Optional.empty();
    private boolean over;

    StdinPipe(Path path, boolean once) {
        this.path = path;
        this.once = once;
    }

    /**
     * Opens the writing end as soon as the pipe is there: a process with {@code stdinOnce} waits
     * for that to be started, and what a client sends before the process reads is not lost.
     */
    void hold(BooleanSupplier gone) throws IOException, InterruptedException {
        while (!Files.exists(path)) {
            if (gone.getAsBoolean()) {
                return;
            }
            Thread.sleep(1);
        }
        // Also for reading: opening a pipe for writing alone would wait for a reader.
        FileChannel opened = open();
        synchronized (this) {
            if (!over) {
                held = Optional.of(opened);
                notifyAll();
                return;
            }
        }
        opened.close();
    }

    private FileChannel open() throws IOException {
        return FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
    }

    /** Copies what a client sends until its end; interrupting ends it too. */
    void copyFrom(InputStream client) throws IOException, InterruptedException {
        synchronized (this) {
            while (held.isEmpty() && !over) {
                wait();
            }
            if (over) {
                return;
            }
        }
        try (FileChannel pipe = open()) {
            byte[] buffer = new byte[COPY_BYTES];
            for (int read = client.read(buffer); read >= 0; read = client.read(buffer)) {
                ByteBuffer bytes = ByteBuffer.wrap(buffer, 0, read);
                while (bytes.hasRemaining()) {
                    pipe.write(bytes);
                }
            }
        } finally {
            if (once) {
                end();
            }
        }
    }

    /** Nothing more is written: the process reads to the end of what is in the pipe. */
    synchronized void end() throws IOException {
        over = true;
        notifyAll();
        if (held.isPresent()) {
            held.get().close();
            held = Optional.empty();
        }
    }

    /** The container is gone. */
    void remove() throws IOException {
        end();
        Files.deleteIfExists(path);
    }
}
