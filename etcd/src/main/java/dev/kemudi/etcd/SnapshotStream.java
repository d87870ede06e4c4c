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
import dev.kemudi.store.Area;
import dev.kemudi.store.Bytes;
import dev.kemudi.store.KeyValue;
import dev.kemudi.store.Membership;
import dev.kemudi.store.Store;
import dev.kemudi.store.Watcher;
import io.grpc.stub.ServerCallStreamObserver;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.Semaphore;

/**
 * A copy of everything as etcd would have sent it: its own database file, then that file's SHA-256,
 * so that {@code etcdctl snapshot save} and {@code restore} work. The file is written beside the
 * store first, because its pages cannot be made in the order they are sent; writers are not held
 * up. Only so many copies are made at a time.
 */
final class SnapshotStream {
    private final Store store;
    private final Path scratch;
    private final int chunkBytes;
    private final Semaphore permits;

    /**
     * @param scratch where the copy lies until it is sent
     */
    SnapshotStream(Store store, Path scratch, Limits limits) {
        this.store = store;
        this.scratch = scratch;
        this.chunkBytes = limits.snapshotChunkBytes();
        this.permits = new Semaphore(limits.snapshotsMax());
    }

    /**
     * Sends from a thread of its own: that the client has room is told to the call's, which must
     * not be the one that waits for it.
     */
    void send(ServerCallStreamObserver<SnapshotResponse> out) {
        if (!permits.tryAcquire()) {
            throw Errors.TOO_MANY.asRuntimeException();
        }
        Room room = new Room(out);
        Thread.ofVirtual()
                .name("etcd-snapshot")
                .start(() -> {
                    try {
                        send(out, room);
                    } catch (RuntimeException e) {
                        out.onError(Errors.told(e));
                    } finally {
                        permits.release();
                    }
                });
    }

    private void send(ServerCallStreamObserver<SnapshotResponse> out, Room room) {
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
        try (EtcdSnapshotWriter writer =
                EtcdSnapshotWriter.create(file, dev.kemudi.bolt.Limits.defaults())) {
            EtcdHead head =
                    store.snapshot(moment -> {
                        try {
                            return write(moment, writer);
                        } catch (IOException e) {
                            throw new UncheckedIOException(e);
                        }
                    });
            members(writer, store.membership().members());
            return writer.finish(head);
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private EtcdHead write(Store.Snapshot moment, EtcdSnapshotWriter writer) throws IOException {
        history(moment, writer);
        List<Store.Lease> leases = new ArrayList<>(moment.leases());
        leases.sort((one, other) -> Long.compareUnsigned(one.id(), other.id()));
        for (Store.Lease lease : leases) {
            writer.lease(new EtcdLease(lease.id(), lease.grantedTtlSeconds(), 0));
        }
        Accounts accounts = Accounts.NONE;
        for (Area area : moment.areas()) {
            switch (area.name()) {
                case Accounts.AREA -> accounts = Accounts.of(area);
                case Alarms.AREA -> alarms(writer, Alarms.of(area));
                default -> {
                    // Members are told below; other areas are not etcd's.
                }
            }
        }
        accounts(writer, accounts);
        return EtcdHead.of(
                        store.standing().appliedIndex(),
                        store.standing().term(),
                        moment.compactedRevision())
                .withAuth(accounts.enabled(), accounts.revision())
                .withClusterVersion(Member.CLUSTER_VERSION);
    }

    /** The changes of one revision are numbered as they come. */
    private static void history(Store.Snapshot moment, EtcdSnapshotWriter writer) {
        long[] last = {0, 0};
        moment.history(event -> {
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

    private static void members(EtcdSnapshotWriter writer, List<Membership.Member> all)
            throws IOException {
        TreeMap<String, EtcdMember> members = new TreeMap<>();
        all.forEach(one ->
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

    private static void alarms(EtcdSnapshotWriter writer, List<AlarmMember> alarms)
            throws IOException {
        TreeMap<Bytes, EtcdAlarm> rows = new TreeMap<>();
        for (AlarmMember alarm : alarms) {
            // etcd's row is the message itself.
            rows.put(
                    Bytes.of(alarm.toByteArray()),
                    new EtcdAlarm(alarm.getMemberID(), alarm.getAlarmValue()));
        }
        for (EtcdAlarm alarm : rows.values()) {
            writer.alarm(alarm);
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
