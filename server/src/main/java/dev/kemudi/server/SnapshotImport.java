package dev.kemudi.server;

import dev.kemudi.bolt.BoltException;
import dev.kemudi.bolt.EtcdChange;
import dev.kemudi.bolt.EtcdHead;
import dev.kemudi.bolt.EtcdRole;
import dev.kemudi.bolt.EtcdSnapshotReader;
import dev.kemudi.bolt.EtcdUser;
import dev.kemudi.bolt.Limits;
import dev.kemudi.store.Area;
import dev.kemudi.store.Bytes;
import dev.kemudi.store.Contents;
import dev.kemudi.store.KemudiStore;
import dev.kemudi.store.KeyValue;
import dev.kemudi.store.Store;
import dev.kemudi.store.Watcher;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

/**
 * Makes a store from an etcd snapshot: keys with their history and revisions, leases with their
 * full times, users and roles. Members and alarms are the old cluster's and stay behind, as with
 * {@code etcdctl snapshot restore}.
 */
final class SnapshotImport {
    /** Changes between the one who reads the file and the one who writes the store. */
    private static final int AHEAD = 1_024;

    /**
     * What came out of it.
     *
     * @param changes retained changes of keys
     */
    record Imported(long revision, long changes, long leases, long users) {}

    private SnapshotImport() {}

    /**
     * Reads {@code file} into a store in {@code directory}, which has none. Nothing is left there
     * that a store would open when it fails.
     *
     * @throws FailedException when the file is no snapshot or is damaged, or there is a store
     *     already
     */
    static Imported load(
            Path file,
            EtcdSnapshotReader.Checksum checksum,
            Path directory,
            dev.kemudi.store.Limits limits) {
        try (EtcdSnapshotReader reader =
                EtcdSnapshotReader.open(file, checksum, Limits.defaults())) {
            EtcdHead head = reader.head();
            List<Store.Lease> leases = new ArrayList<>();
            reader.leases(lease ->
                    leases.add(
                            new Store.Lease(
                                    lease.id(),
                                    lease.ttlSeconds(),
                                    lease.ttlSeconds(),
                                    List.of())));
            Area auth = auth(reader, head);
            Changes changes = new Changes(reader);
            KemudiStore.load(
                    directory,
                    new Contents(
                            reader.revision(),
                            head.floor(),
                            changes,
                            leases,
                            auth.rows().isEmpty() ? List.of() : List.of(auth)),
                    limits);
            long users = auth.rows().keySet().stream().filter(SnapshotImport::isUser).count();
            return new Imported(reader.revision(), changes.passed, leases.size(), users);
        } catch (BoltException e) {
            throw new FailedException(
                    "%s is not a whole snapshot of etcd: %s".formatted(file, e.getMessage()), e);
        } catch (UncheckedIOException e) {
            throw new FailedException(
                    "%s cannot be restored: %s".formatted(file, e.getMessage()), e);
        } catch (IOException e) {
            throw new FailedException(
                    "%s cannot be restored into %s: %s".formatted(file, directory, e.getMessage()),
                    e);
        }
    }

    private static boolean isUser(Bytes row) {
        return new String(row.array(), StandardCharsets.UTF_8).startsWith("users/");
    }

    /** As module etcd keeps its area "auth": etcd's own messages, by users/NAME and roles/NAME. */
    private static Area auth(EtcdSnapshotReader reader, EtcdHead head) throws IOException {
        TreeMap<Bytes, Bytes> rows = new TreeMap<>();
        MessageDigest secret = sha256();
        reader.users((EtcdUser user) -> {
            rows.put(Bytes.utf8("users/" + user.name()), Bytes.of(user.row()));
            secret.update(user.row());
        });
        reader.roles((EtcdRole role) ->
                rows.put(Bytes.utf8("roles/" + role.name()), Bytes.of(role.row())));
        if (head.authEnabled()) {
            // Every member that is made from this snapshot must find the same, and nobody else can.
            rows.put(Bytes.utf8("enabled"), Bytes.EMPTY);
            rows.put(Bytes.utf8("secret"), Bytes.of(secret.digest()));
        }
        return new Area("auth", Math.max(0, head.authRevision() - 1), rows);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /**
     * The reader pushes and the store pulls: a thread between them, at most {@link #AHEAD} apart.
     */
    private static final class Changes implements Iterator<Watcher.Event> {
        private final BlockingQueue<Optional<Watcher.Event>> ahead =
                new ArrayBlockingQueue<>(AHEAD);
        private final Thread thread;
        private volatile Optional<IOException> failure = Optional.empty();
        private Optional<Watcher.Event> next = Optional.empty();
        private boolean over;
        private long passed;

        Changes(EtcdSnapshotReader reader) {
            thread = Thread.ofVirtual().name("snapshot-read").start(() -> read(reader));
        }

        private void read(EtcdSnapshotReader reader) {
            try {
                reader.changes(change -> put(Optional.of(event(change))));
            } catch (IOException e) {
                failure = Optional.of(e);
            }
            put(Optional.empty());
        }

        private void put(Optional<Watcher.Event> event) {
            try {
                ahead.put(event);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted while a snapshot is read", e);
            }
        }

        private static Watcher.Event event(EtcdChange change) {
            KeyValue kv =
                    new KeyValue(
                            Bytes.of(change.key()),
                            change.createRevision(),
                            change.revision(),
                            change.version(),
                            Bytes.of(change.value()),
                            change.lease());
            return new Watcher.Event(
                    change.deletion() ? Watcher.Type.DELETE : Watcher.Type.PUT, kv, List.of());
        }

        @Override
        public boolean hasNext() {
            if (next.isEmpty() && !over) {
                try {
                    next = ahead.take();
                } catch (InterruptedException e) {
                    thread.interrupt();
                    Thread.currentThread().interrupt();
                    throw new IllegalStateException("interrupted while a snapshot is read", e);
                }
                over = next.isEmpty();
                if (over && failure.isPresent()) {
                    throw new UncheckedIOException(failure.get());
                }
            }
            return next.isPresent();
        }

        @Override
        public Watcher.Event next() {
            if (!hasNext()) {
                throw new NoSuchElementException("the snapshot is at its end");
            }
            Watcher.Event event = next.orElseThrow();
            next = Optional.empty();
            passed++;
            return event;
        }
    }
}
