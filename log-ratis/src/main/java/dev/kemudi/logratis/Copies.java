package dev.kemudi.logratis;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.server.storage.FileInfo;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.statemachine.SnapshotInfo;
import org.apache.ratis.statemachine.SnapshotRetentionPolicy;
import org.apache.ratis.statemachine.StateMachineStorage;
import org.apache.ratis.statemachine.impl.FileListSnapshotInfo;
import org.jspecify.annotations.Nullable;

/**
 * The copies of the state that this node keeps, each a folder {@code copy-<term>-<index>} with the
 * machine's files in {@code state/} and the {@link Sessions} beside them. The newest one is what a
 * follower is sent; the one before it stays until the next is made, because it may be on its way to
 * one. A copy gets its name when it is whole, so what has another name is rubbish.
 */
final class Copies implements StateMachineStorage {
    private static final System.Logger LOG = System.getLogger(RatisLog.class.getName());
    private static final Pattern NAME = Pattern.compile("copy-(\\d+)-(\\d+)");
    private static final String STATE = "state";
    private static final String SESSIONS = "sessions";
    private static final String RUBBISH = "unfinished";
    private static final int KEPT = 2;

    private @Nullable Path root;
    private volatile @Nullable SnapshotInfo latest;

    /** A copy on disk. */
    record Copy(TermIndex at, Path folder) {
        Path state() {
            return folder.resolve(STATE);
        }

        Sessions.Saved sessions() throws IOException {
            return Sessions.read(Files.readAllBytes(folder.resolve(SESSIONS)));
        }
    }

    @Override
    public void init(RaftStorage storage) throws IOException {
        Path folder = storage.getStorageDir().getStateMachineDir().toPath();
        root = folder;
        Files.createDirectories(folder);
        try (Stream<Path> found = Files.list(folder)) {
            for (Path each : found.toList()) {
                if (!NAME.matcher(each.getFileName().toString()).matches()) {
                    delete(each);
                }
            }
        }
        rescan();
    }

    private Path root() {
        Path known = root;
        if (known == null) {
            throw new IllegalStateException("the copies are asked for before the log is open");
        }
        return known;
    }

    /** Looks what is there, after a copy came from another node, too. */
    void rescan() throws IOException {
        Optional<Copy> newest = newest();
        latest = newest.isPresent() ? describe(newest.get()) : null;
    }

    Optional<Copy> newest() throws IOException {
        List<Copy> found = all();
        return found.isEmpty() ? Optional.empty() : Optional.of(found.getLast());
    }

    /** From the oldest to the newest. */
    private List<Copy> all() throws IOException {
        List<Copy> copies = new ArrayList<>();
        Path folder = root();
        if (!Files.isDirectory(folder)) {
            return copies;
        }
        try (Stream<Path> found = Files.list(folder)) {
            for (Path each : found.toList()) {
                Matcher name = NAME.matcher(each.getFileName().toString());
                if (name.matches() && Files.exists(each.resolve(SESSIONS))) {
                    copies.add(
                            new Copy(
                                    TermIndex.valueOf(
                                            Long.parseLong(name.group(1)),
                                            Long.parseLong(name.group(2))),
                                    each));
                }
            }
        }
        copies.sort(Comparator.comparingLong(copy -> copy.at().getIndex()));
        return copies;
    }

    private static SnapshotInfo describe(Copy copy) throws IOException {
        List<FileInfo> files = new ArrayList<>();
        try (Stream<Path> found = Files.walk(copy.folder())) {
            found.filter(Files::isRegularFile)
                    .sorted()
                    .forEach(each -> files.add(new FileInfo(each.toAbsolutePath(), null)));
        }
        return new FileListSnapshotInfo(files, copy.at());
    }

    /** A folder, not there yet, for the machine to write its copy to. */
    Path begin() throws IOException {
        Path folder = root().resolve(RUBBISH);
        delete(folder);
        Files.createDirectories(folder);
        return folder.resolve(STATE);
    }

    /** The copy is whole: it gets its name, and counts. */
    void finish(long term, long index, Sessions sessions) throws IOException {
        Path folder = root().resolve(RUBBISH);
        Files.write(folder.resolve(SESSIONS), sessions.write(term, index));
        syncAll(folder);
        Path named = root().resolve("copy-%d-%d".formatted(term, index));
        delete(named);
        Files.move(folder, named, StandardCopyOption.ATOMIC_MOVE);
        sync(root());
        rescan();
    }

    /**
     * A copy that came from another node: off with what was added on the way, and onto the disk.
     */
    void settle(Copy copy) throws IOException {
        try (Stream<Path> found = Files.walk(copy.folder())) {
            for (Path each : found.toList()) {
                if (each.toString().endsWith(".md5")) {
                    Files.delete(each);
                }
            }
        }
        syncAll(copy.folder());
        sync(root());
        rescan();
    }

    private static void syncAll(Path folder) throws IOException {
        try (Stream<Path> found = Files.walk(folder)) {
            for (Path each : found.toList()) {
                sync(each);
            }
        }
    }

    private static void sync(Path path) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    /** Deletes all but the newest two. */
    void prune() throws IOException {
        List<Copy> copies = all();
        for (Copy old : copies.subList(0, Math.max(0, copies.size() - KEPT))) {
            delete(old.folder());
        }
    }

    /** Up to where the log may be forgotten: the copy before the newest, for followers' sake. */
    long purgeable() throws IOException {
        List<Copy> copies = all();
        return copies.size() < KEPT ? -1 : copies.get(copies.size() - KEPT).at().getIndex();
    }

    private static void delete(Path tree) throws IOException {
        if (!Files.exists(tree)) {
            return;
        }
        try (Stream<Path> found = Files.walk(tree)) {
            for (Path each : found.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(each);
            }
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    @Override
    public @Nullable SnapshotInfo getLatestSnapshot() {
        return latest;
    }

    @Override
    public void format() {}

    /** Done by {@link #prune}, on a thread that may take its time. */
    @Override
    public void cleanupOldSnapshots(SnapshotRetentionPolicy policy) {
        LOG.log(Level.TRACE, "old copies are deleted later");
    }

    /** Where Ratis has its own place for them. */
    @Override
    public @Nullable File getSnapshotDir() {
        return null;
    }
}
