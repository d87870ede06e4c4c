package dev.kemudi.bolt;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * Reads an etcd snapshot, or the database in a stopped etcd's data directory ({@code
 * member/snap/db}), record by record with bounded memory. Every record is checked; damage is a
 * {@link BoltException}. For one thread.
 */
public final class EtcdSnapshotReader implements AutoCloseable {
    /** Whether the SHA-256 behind the database must be there and right. */
    public enum Checksum {
        /** A snapshot: 32 bytes behind the database. */
        REQUIRED,
        /** A copy of a database, which has none; when it has one it must be right. */
        OPTIONAL
    }

    /** What goes through the records of one kind. */
    @FunctionalInterface
    public interface Visitor<T> {
        /** Takes one record; what it throws ends the visit. */
        void visit(T row) throws IOException;
    }

    @FunctionalInterface
    private interface Row<T> {
        T read(byte[] key, byte[] value) throws BoltException;
    }

    private final BoltReader reader;

    private EtcdSnapshotReader(BoltReader reader) {
        this.reader = reader;
    }

    /**
     * Opens a snapshot after its checksum was compared, which reads all of it. The database of a
     * data directory is opened only when the log beside it holds nothing more.
     *
     * @throws BoltException when it is none, is cut, is damaged, or lacks what was answered
     */
    public static EtcdSnapshotReader open(Path path, Checksum checksum, Limits limits)
            throws IOException {
        Optional<Path> directory = EtcdDirectory.around(path);
        if (directory.isPresent()) {
            EtcdDirectory.look(directory.get(), limits).expectComplete();
        }
        return openAlone(path, checksum, limits);
    }

    /** Whatever lies beside it. */
    static EtcdSnapshotReader openAlone(Path path, Checksum checksum, Limits limits)
            throws IOException {
        try (FileChannel file = FileChannel.open(path, StandardOpenOption.READ)) {
            if (checksum == Checksum.REQUIRED || Digest.isPresent(file.size())) {
                Digest.verify(file);
            }
        }
        BoltReader reader = BoltReader.open(path, limits);
        if (!reader.buckets().contains(Buckets.KEY)) {
            reader.close();
            throw new BoltException(
                    "the database", "etcd's bucket key", "buckets " + reader.buckets());
        }
        return new EtcdSnapshotReader(reader);
    }

    /** Where the store stood. */
    public EtcdHead head() throws IOException {
        byte[] enabled = reader.get(Buckets.AUTH, Buckets.AUTH_ENABLED).orElse(new byte[] {0});
        return new EtcdHead(
                number(Buckets.META, Buckets.CONSISTENT_INDEX),
                number(Buckets.META, Buckets.TERM),
                number(Buckets.META, Buckets.FINISHED_COMPACTION),
                number(Buckets.META, Buckets.SCHEDULED_COMPACTION),
                enabled.length == 1 && enabled[0] == 1,
                number(Buckets.AUTH, Buckets.AUTH_REVISION),
                reader.get(Buckets.CLUSTER, Buckets.CLUSTER_VERSION)
                        .map(bytes -> new String(bytes, StandardCharsets.UTF_8))
                        .orElse(""));
    }

    /** A revision's row begins with the number as well. */
    private long number(String bucket, byte[] key) throws IOException {
        Optional<byte[]> value = reader.get(bucket, key);
        if (value.isEmpty()) {
            return 0;
        }
        if (value.get().length < Long.BYTES) {
            throw new BoltException(
                    "bucket " + bucket + ", " + new String(key, StandardCharsets.UTF_8),
                    "8 bytes at least",
                    value.get().length + " bytes");
        }
        return BigEndian.get(value.get(), 0);
    }

    /** The store's newest revision: 1 for an empty store, as in etcd. */
    public long revision() throws IOException {
        BoltCursor cursor = reader.cursor(Buckets.KEY);
        cursor.seekLast();
        long last = cursor.next() ? EtcdChange.read(cursor.key(), cursor.value()).revision() : 1;
        return Math.max(last, number(Buckets.META, Buckets.FINISHED_COMPACTION));
    }

    /**
     * Every retained change, by revision and sub-revision.
     *
     * @return how many
     */
    public long changes(Visitor<EtcdChange> visitor) throws IOException {
        return visit(Buckets.KEY, EtcdChange::read, visitor);
    }

    /**
     * The same for who pulls; several may be open at once. Damage is an {@link
     * UncheckedIOException} around a {@link BoltException}.
     */
    public Iterator<EtcdChange> changes() throws IOException {
        return new Rows<>(reader.cursor(Buckets.KEY), EtcdChange::read);
    }

    /** The leases by id. */
    public long leases(Visitor<EtcdLease> visitor) throws IOException {
        return visit(Buckets.LEASE, EtcdLease::read, visitor);
    }

    /** The users by name. */
    public long users(Visitor<EtcdUser> visitor) throws IOException {
        return visit(Buckets.AUTH_USERS, (key, value) -> EtcdUser.read(value), visitor);
    }

    /** The roles by name. */
    public long roles(Visitor<EtcdRole> visitor) throws IOException {
        return visit(Buckets.AUTH_ROLES, (key, value) -> EtcdRole.read(value), visitor);
    }

    /** The alarms. */
    public long alarms(Visitor<EtcdAlarm> visitor) throws IOException {
        return visit(Buckets.ALARM, (key, value) -> EtcdAlarm.read(key), visitor);
    }

    /** The members: ids in hexadecimal and etcd's JSON. */
    public SequencedMap<String, String> members() throws IOException {
        SequencedMap<String, String> members = new java.util.LinkedHashMap<>();
        Row<Map.Entry<String, String>> row =
                (key, value) ->
                        Map.entry(
                                new String(key, StandardCharsets.UTF_8),
                                new String(value, StandardCharsets.UTF_8));
        visit(Buckets.MEMBERS, row, member -> members.put(member.getKey(), member.getValue()));
        return members;
    }

    private <T> long visit(String bucket, Row<T> row, Visitor<T> visitor) throws IOException {
        BoltCursor cursor = reader.cursor(bucket);
        long visited = 0;
        while (cursor.next()) {
            visitor.visit(row.read(cursor.key(), cursor.value()));
            visited++;
        }
        return visited;
    }

    @Override
    public void close() throws IOException {
        reader.close();
    }

    /** Reads one record ahead. */
    private static final class Rows<T> implements Iterator<T> {
        private final BoltCursor cursor;
        private final Row<T> row;
        private Optional<T> next;

        Rows(BoltCursor cursor, Row<T> row) throws IOException {
            this.cursor = cursor;
            this.row = row;
            this.next = read();
        }

        private Optional<T> read() throws IOException {
            return cursor.next()
                    ? Optional.of(row.read(cursor.key(), cursor.value()))
                    : Optional.empty();
        }

        @Override
        public boolean hasNext() {
            return next.isPresent();
        }

        @Override
        public T next() {
            T now = next.orElseThrow();
            try {
                next = read();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return now;
        }
    }
}
