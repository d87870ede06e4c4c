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
import java.util.TreeMap;

/**
 * Makes a store from an etcd snapshot: keys with their history and revisions, leases with their
 * full times, users and roles. Members are the old cluster's and stay behind, as with {@code
 * etcdctl snapshot restore}; so do alarms, which that keeps: a full quota and a corrupt member are
 * noticed anew.
 */
final class SnapshotImport {
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
            throw damaged(file, e);
        } catch (UncheckedIOException e) {
            throw e.getCause() instanceof BoltException damage
                    ? damaged(file, damage)
                    : new FailedException(
                            "%s cannot be restored: %s".formatted(file, e.getMessage()), e);
        } catch (IOException e) {
            throw new FailedException(
                    "%s cannot be restored into %s: %s".formatted(file, directory, e.getMessage()),
                    e);
        }
    }

    private static FailedException damaged(Path file, BoltException why) {
        return new FailedException(
                "%s is not a whole snapshot of etcd: %s".formatted(file, why.getMessage()), why);
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

    /** As the store takes them, counted as they pass. */
    private static final class Changes implements Iterator<Watcher.Event> {
        private final Iterator<EtcdChange> read;
        private long passed;

        Changes(EtcdSnapshotReader reader) throws IOException {
            read = reader.changes();
        }

        @Override
        public boolean hasNext() {
            return read.hasNext();
        }

        @Override
        public Watcher.Event next() {
            EtcdChange change = read.next();
            passed++;
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
    }
}
