package dev.kemudi.store;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/*
 * How a whole state is replaced
 * -----------------------------
 * Each generation of the state is a folder of its own: state, state.1, state.2 … and the file state.current
 * names the one that counts. A copy is installed by making the next folder whole and durable, opening it, and
 * then moving the name: whatever a crash leaves, one generation counts and is whole. The generation before is
 * closed and deleted once nobody reads it any more; what a crash left over is deleted at the next start.
 *
 * Refused: replacing files beneath an open RocksDB, which keeps its paths; asking readers to come back later.
 */
/** A state in files that can be replaced by a copy of another node's. */
final class Generations implements Backend {
    private static final System.Logger LOG = System.getLogger(Generations.class.getName());

    /** Where a state is made before it counts. */
    static final String LOADED = "state.1";

    private static final String FIRST = "state";
    private static final String CURRENT = "state.current";
    private static final long CLOSE_WAIT_MILLIS = TimeUnit.SECONDS.toMillis(10);

    private final Path root;
    private final Opener opener;
    private final ReentrantReadWriteLock swapping = new ReentrantReadWriteLock();
    private final List<Thread> closing = new ArrayList<>();
    private volatile Backend now;
    private String name;

    /** Opens, or creates, one generation. */
    @FunctionalInterface
    interface Opener {
        RocksBackend open(Path directory) throws IOException;
    }

    private Generations(Path root, Opener opener, String name, Backend now) {
        this.root = root;
        this.opener = opener;
        this.name = name;
        this.now = now;
    }

    static Generations open(Path root, Opener opener) throws IOException {
        Files.createDirectories(root);
        String name = current(root);
        Generations opened = new Generations(root, opener, name, opener.open(root.resolve(name)));
        // Only now is it certain that no other process uses them.
        opened.deleteOthers();
        return opened;
    }

    /** The folder that counts. */
    static String current(Path root) throws IOException {
        try {
            return Files.readString(root.resolve(CURRENT)).strip();
        } catch (NoSuchFileException e) {
            return FIRST;
        }
    }

    private void deleteOthers() throws IOException {
        try (DirectoryStream<Path> found = Files.newDirectoryStream(root, "state*")) {
            for (Path path : found) {
                String other = path.getFileName().toString();
                if (Files.isDirectory(path)
                        && other.matches("state(\\.\\d+)?")
                        && !other.equals(name)) {
                    delete(path);
                }
            }
        }
    }

    static void delete(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            return;
        }
        try (Stream<Path> all = Files.walk(directory)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        }
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // which object it was is the question
    public View view() {
        while (true) {
            Backend asked = now;
            try {
                return asked.view();
            } catch (IllegalStateException e) {
                if (asked == now) {
                    throw e;
                }
                // It was replaced in this very moment: ask the next one.
            }
        }
    }

    @Override
    public void write(Changes changes, UnaryOperator<Mark> mark) {
        swapping.readLock().lock();
        try {
            now.write(changes, mark);
        } finally {
            swapping.readLock().unlock();
        }
    }

    @Override
    public void flush() {
        swapping.readLock().lock();
        try {
            now.flush();
        } finally {
            swapping.readLock().unlock();
        }
    }

    @Override
    public Mark durable() {
        return now.durable();
    }

    @Override
    public long bytesOnDisk() {
        swapping.readLock().lock();
        try {
            return now.bytesOnDisk();
        } finally {
            swapping.readLock().unlock();
        }
    }

    @Override
    public long bytesInUse() {
        return now.bytesInUse();
    }

    @Override
    public void defragment() {
        swapping.readLock().lock();
        try {
            now.defragment();
        } finally {
            swapping.readLock().unlock();
        }
    }

    @Override
    public Mark copyTo(Path directory) throws IOException {
        swapping.readLock().lock();
        try {
            return now.copyTo(directory);
        } finally {
            swapping.readLock().unlock();
        }
    }

    @Override
    public void install(Path copy) throws IOException {
        swapping.writeLock().lock();
        try {
            String before = name;
            String next = FIRST + "." + (number(before) + 1);
            Path directory = root.resolve(next);
            delete(directory);
            take(copy, directory);
            RocksBackend opened = opener.open(directory);
            try {
                pointTo(root, next);
            } catch (IOException e) {
                opened.close();
                throw e;
            }
            RocksBackend replaced = (RocksBackend) now;
            now = opened;
            name = next;
            closing.removeIf(thread -> !thread.isAlive());
            closing.add(
                    Thread.ofVirtual()
                            .name("store-generation-close")
                            .start(() -> drop(replaced, root.resolve(before))));
        } finally {
            swapping.writeLock().unlock();
        }
    }

    private static long number(String name) {
        return name.equals(FIRST) ? 0 : Long.parseLong(name.substring(FIRST.length() + 1));
    }

    private static void drop(RocksBackend replaced, Path directory) {
        try {
            if (replaced.closeOnceUnread()) {
                delete(directory);
            }
        } catch (IOException e) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    directory + " is not needed any more and is deleted at the next start",
                    e);
        }
    }

    /** Tables never change, so links to them do; whatever RocksDB writes on in is copied. */
    private static void take(Path copy, Path directory) throws IOException {
        Files.createDirectories(directory);
        try (DirectoryStream<Path> files = Files.newDirectoryStream(copy)) {
            for (Path file : files) {
                if (Files.isRegularFile(file)) {
                    take(file, directory, file.getFileName().toString());
                }
            }
        }
        sync(directory);
    }

    private static void take(Path file, Path directory, String fileName) throws IOException {
        Path target = directory.resolve(fileName);
        if (fileName.endsWith(".sst")) {
            try {
                Files.createLink(target, file);
            } catch (IOException | UnsupportedOperationException e) {
                Files.copy(file, target);
            }
        } else {
            Files.copy(file, target);
        }
        try (FileChannel channel = FileChannel.open(target, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
    }

    /** From here on that generation counts. */
    static void pointTo(Path root, String next) throws IOException {
        Path moving = root.resolve(CURRENT + ".new");
        Files.writeString(moving, next + "\n", StandardCharsets.UTF_8);
        try (FileChannel channel = FileChannel.open(moving, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
        Files.move(moving, root.resolve(CURRENT), StandardCopyOption.ATOMIC_MOVE);
        sync(root);
    }

    private static void sync(Path directory) throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    @Override
    public void close() {
        swapping.writeLock().lock();
        try {
            now.close();
            for (Thread thread : closing) {
                thread.join(CLOSE_WAIT_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            swapping.writeLock().unlock();
        }
    }
}
