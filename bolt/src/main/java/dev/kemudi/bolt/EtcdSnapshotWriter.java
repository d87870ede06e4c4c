package dev.kemudi.bolt;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/**
 * Writes what {@code etcdctl snapshot save} would have saved: a bbolt database with etcd's buckets
 * and a SHA-256 behind it. Each kind of record is given in ascending order of its key, the kinds in
 * any order, mixed as it comes. Memory is bounded whatever the size. For one thread. Source: etcd
 * 3.4 and 3.5, packages mvcc, lease, auth, membership, clientv3/snapshot.
 */
public final class EtcdSnapshotWriter implements AutoCloseable {
    private final BoltWriter writer;

    private EtcdSnapshotWriter(BoltWriter writer) {
        this.writer = writer;
        Buckets.ALL.forEach(writer::bucket);
    }

    /** Begins a new file, which goes again when the writer is closed before {@link #finish}. */
    public static EtcdSnapshotWriter create(Path path, Limits limits) throws IOException {
        return new EtcdSnapshotWriter(BoltWriter.create(path, limits));
    }

    /** By revision, then sub-revision. */
    public void change(EtcdChange change) throws IOException {
        writer.bucket(Buckets.KEY).put(change.rowKey(), change.rowValue());
    }

    /** By id, as an unsigned number. */
    public void lease(EtcdLease lease) throws IOException {
        writer.bucket(Buckets.LEASE).put(BigEndian.of(lease.id()), lease.row());
    }

    /** By name, in the order of its UTF-8 bytes. */
    public void user(EtcdUser user) throws IOException {
        writer.bucket(Buckets.AUTH_USERS).put(Buckets.utf8(user.name()), user.row());
    }

    /** By name, in the order of its UTF-8 bytes. */
    public void role(EtcdRole role) throws IOException {
        writer.bucket(Buckets.AUTH_ROLES).put(Buckets.utf8(role.name()), role.row());
    }

    /** By id in hexadecimal, in the order of that text. */
    public void member(EtcdMember member) throws IOException {
        writer.bucket(Buckets.MEMBERS)
                .put(Buckets.utf8(member.rowKey()), Buckets.utf8(member.json()));
    }

    /** By id in hexadecimal, in the order of that text. */
    public void removedMember(long id) throws IOException {
        writer.bucket(Buckets.MEMBERS_REMOVED)
                .put(Buckets.utf8(Long.toHexString(id)), Buckets.utf8("removed"));
    }

    /** By the bytes of its record: by member as far as ids have the same length. */
    public void alarm(EtcdAlarm alarm) throws IOException {
        writer.bucket(Buckets.ALARM).put(alarm.rowKey(), new byte[0]);
    }

    /**
     * Completes the snapshot and makes it durable.
     *
     * @return the bytes of the file, its digest included
     */
    public long finish(EtcdHead head) throws IOException {
        writeHead(head);
        long bytes = writer.finish();
        FileChannel file = writer.file();
        ByteBuffer digest = ByteBuffer.wrap(Digest.of(file, bytes));
        while (digest.hasRemaining()) {
            file.write(digest, bytes + digest.position());
        }
        file.force(true);
        return bytes + Digest.BYTES;
    }

    private void writeHead(EtcdHead head) throws IOException {
        BucketWriter meta = writer.bucket(Buckets.META);
        meta.put(Buckets.CONSISTENT_INDEX, BigEndian.of(head.consistentIndex()));
        if (head.compactedRevision() > 0) {
            meta.put(Buckets.FINISHED_COMPACTION, EtcdChange.revisionRow(head.compactedRevision()));
        }
        if (head.scheduledCompaction() > 0) {
            meta.put(
                    Buckets.SCHEDULED_COMPACTION,
                    EtcdChange.revisionRow(head.scheduledCompaction()));
        }
        if (head.term() > 0) {
            meta.put(Buckets.TERM, BigEndian.of(head.term()));
        }
        BucketWriter auth = writer.bucket(Buckets.AUTH);
        auth.put(Buckets.AUTH_ENABLED, new byte[] {(byte) (head.authEnabled() ? 1 : 0)});
        auth.put(Buckets.AUTH_REVISION, BigEndian.of(head.authRevision()));
        if (!head.clusterVersion().isEmpty()) {
            writer.bucket(Buckets.CLUSTER)
                    .put(Buckets.CLUSTER_VERSION, Buckets.utf8(head.clusterVersion()));
        }
    }

    @Override
    public void close() throws IOException {
        writer.close();
    }
}
