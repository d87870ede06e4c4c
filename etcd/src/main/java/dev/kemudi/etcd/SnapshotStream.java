package dev.kemudi.etcd;

import com.google.protobuf.ByteString;
import dev.kemudi.bolt.EtcdAlarm;
import dev.kemudi.bolt.EtcdChange;
import dev.kemudi.bolt.EtcdHead;
import dev.kemudi.bolt.EtcdLease;
import dev.kemudi.bolt.EtcdMember;
import dev.kemudi.bolt.EtcdRole;
import dev.kemudi.bolt.EtcdSnapshotWriter;
import dev.kemudi.bolt.EtcdUser;
import dev.kemudi.etcd.proto.AlarmMember;
import dev.kemudi.etcd.proto.SnapshotResponse;
import dev.kemudi.store.KeyValue;
import dev.kemudi.store.Store;
import dev.kemudi.store.Watcher;
import io.grpc.stub.ServerCallStreamObserver;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.TreeMap;
import java.util.concurrent.Semaphore;

/**
 * A copy of everything as etcd would have sent it: its own database file, then that file's SHA-256,
 * so that {@code etcdctl snapshot save} and {@code restore} work. The file is written beside the
 * store first, because its pages cannot be made in the order they are sent; writers are not held
 * up. Only so many copies are made at a time.
 */
final class SnapshotStream {
    private static final Comparator<String> HEX = Comparator.naturalOrder();

    private final Store store;
    private final Member member;
    private final Guard guard;
    private final Alarms alarms;
    private final Path scratch;
    private final int chunkBytes;
    private final Semaphore permits;

    /**
     * @param scratch where the copy lies until it is sent
     */
    SnapshotStream(
            Store store, Member member, Guard guard, Alarms alarms, Path scratch, Limits limits) {
        this.store = store;
        this.member = member;
        this.guard = guard;
        this.alarms = alarms;
        this.scratch = scratch;
        this.chunkBytes = limits.snapshotChunkBytes();
        this.permits = new Semaphore(limits.snapshotsMax());
    }

    /** Blocks until the client has it all. */
    void send(ServerCallStreamObserver<SnapshotResponse> out) {
        if (!permits.tryAcquire()) {
            throw Errors.TOO_MANY.asRuntimeException();
        }
        Room room = new Room(out);
        try {
            Files.createDirectories(scratch);
            Path file = Files.createTempFile(scratch, "snapshot", ".db");
            try {
                Files.delete(file); // the writer makes it
                long bytes = write(file);
                send(file, bytes, out, room);
            } finally {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("a snapshot cannot be written to " + scratch, e);
        } finally {
            permits.release();
        }
    }

    private void send(
            Path file, long bytes, ServerCallStreamObserver<SnapshotResponse> out, Room room)
            throws IOException {
        try (FileChannel in = FileChannel.open(file)) {
            long left = bytes;
            ByteBuffer buffer = ByteBuffer.allocate(chunkBytes);
            while (left > 0 && room.await()) {
                buffer.clear();
                if (in.read(buffer) < 0) {
                    throw new IOException(file + " ended " + left + " bytes early");
                }
                buffer.flip();
                left -= buffer.remaining();
                out.onNext(
                        SnapshotResponse.newBuilder()
                                .setRemainingBytes(left)
                                .setBlob(ByteString.copyFrom(buffer))
                                .build());
            }
            if (left == 0) {
                out.onCompleted();
            }
        }
    }

    private long write(Path file) throws IOException {
        Accounts accounts = guard.accounts();
        try (EtcdSnapshotWriter writer =
                EtcdSnapshotWriter.create(file, dev.kemudi.bolt.Limits.defaults())) {
            TreeMap<Long, EtcdLease> leases = new TreeMap<>(Long::compareUnsigned);
            // Before and after: a key's lease must not be missing, one without keys does no harm.
            leases(leases);
            Store.Stats stats = store.stats();
            history(writer);
            leases(leases);
            for (EtcdLease lease : leases.values()) {
                writer.lease(lease);
            }
            accounts(writer, accounts);
            members(writer);
            alarms(writer);
            EtcdHead head =
                    EtcdHead.of(
                                    stats.appliedIndex(),
                                    store.standing().term(),
                                    stats.compactedRevision())
                            .withAuth(accounts.enabled(), accounts.revision())
                            .withClusterVersion(Member.CLUSTER_VERSION);
            return writer.finish(head);
        }
    }

    private void leases(TreeMap<Long, EtcdLease> leases) {
        store.allLeases()
                .forEach(lease ->
                        leases.put(
                                lease.id(),
                                new EtcdLease(lease.id(), lease.grantedTtlSeconds(), 0)));
    }

    /** The changes of one revision are numbered as they come. */
    private void history(EtcdSnapshotWriter writer) {
        long[] last = {0, 0};
        store.history(event -> {
            KeyValue kv = event.kv();
            last[1] = kv.modRevision() == last[0] ? last[1] + 1 : 0;
            last[0] = kv.modRevision();
            try {
                writer.change(change(event, last[1]));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    private static EtcdChange change(Watcher.Event event, long sub) {
        KeyValue kv = event.kv();
        return event.type() == Watcher.Type.DELETE
                ? EtcdChange.delete(kv.modRevision(), sub, kv.key().array())
                : EtcdChange.put(
                        kv.modRevision(),
                        sub,
                        kv.key().array(),
                        kv.value().array(),
                        kv.createRevision(),
                        kv.version(),
                        kv.lease());
    }

    private static void accounts(EtcdSnapshotWriter writer, Accounts accounts) throws IOException {
        for (dev.kemudi.etcd.proto.User user : accounts.users().values()) {
            writer.user(EtcdUser.read(user.toByteArray()));
        }
        for (dev.kemudi.etcd.proto.Role role : accounts.roles().values()) {
            writer.role(EtcdRole.read(role.toByteArray()));
        }
    }

    private void members(EtcdSnapshotWriter writer) throws IOException {
        TreeMap<String, EtcdMember> members = new TreeMap<>(HEX);
        store.membership()
                .members()
                .forEach(one ->
                        members.put(
                                Long.toHexString(one.id()),
                                new EtcdMember(
                                        one.id(),
                                        one.name(),
                                        one.peerUrls(),
                                        one.clientUrls(),
                                        one.learner())));
        for (EtcdMember one : members.values()) {
            writer.member(one);
        }
    }

    private void alarms(EtcdSnapshotWriter writer) throws IOException {
        for (AlarmMember alarm :
                alarms.standing().stream()
                        .sorted(
                                Comparator.comparing(
                                        AlarmMember::getMemberID, Long::compareUnsigned))
                        .toList()) {
            writer.alarm(new EtcdAlarm(alarm.getMemberID(), alarm.getAlarmValue()));
        }
    }

    /** Waits until the client has room for the next piece. */
    private static final class Room {
        private final ServerCallStreamObserver<?> out;

        Room(ServerCallStreamObserver<?> out) {
            this.out = out;
            out.setOnReadyHandler(this::wake);
            out.setOnCancelHandler(this::wake);
        }

        private synchronized void wake() {
            notifyAll();
        }

        /** False when the client has left. */
        synchronized boolean await() {
            try {
                while (!out.isReady() && !out.isCancelled()) {
                    wait();
                }
                return !out.isCancelled();
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
                return false;
            }
        }
    }
}
