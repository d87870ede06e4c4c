package dev.kemudi.bolt;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/*
 * What etcd's write-ahead log is
 * ------------------------------
 * Files named SEQUENCE-INDEX.wal in hexadecimal, read in the order of their names as if they were
 * one. A record is a length of 8 bytes, little endian, whose highest byte tells how many bytes of
 * padding follow the record (when its top bit is set), then a protobuf message: kind 1, checksum 2,
 * content 3. A length of 0 ends a file: what follows is room made ahead. The checksum is a CRC-32C
 * that goes on from record to record and from file to file; a record of the kind "checksum" begins
 * each file with where it stands.
 *
 * The last record of the last file may be torn, when etcd was killed: then some sector of it is
 * still all zeros, or the file ends within it. It was never answered, so it counts as never
 * written. Anything else that does not fit is damage.
 *
 * A later entry of the same index replaces an earlier one and all behind it.
 *
 * Facts from etcd 3.4, packages wal, wal/walpb, raft/raftpb.
 */
/** Reads the entries of one log of a stopped etcd, one at a time. */
final class EtcdWal {
    private static final int ENTRY = 2;
    private static final int CHECKSUM = 4;
    private static final int KINDS = 5;
    private static final int SECTOR_BYTES = 512;
    private static final int RECORD_BYTES_MAX = 10 << 20;
    private static final String SUFFIX = ".wal";

    /** Takes an entry; {@code kind} 0 is a request, others change the membership. */
    interface Visitor {
        void entry(long index, long kind, byte[] content) throws IOException;
    }

    private final Visitor visitor;
    private int checksum;
    private boolean summed;

    private EtcdWal(Visitor visitor) {
        this.visitor = visitor;
    }

    /** Every entry as it was written. */
    static void visit(Path directory, Visitor visitor) throws IOException {
        List<Path> files = new ArrayList<>();
        try (DirectoryStream<Path> found = Files.newDirectoryStream(directory, "*" + SUFFIX)) {
            found.forEach(files::add);
        }
        if (files.isEmpty()) {
            throw new BoltException(directory.toString(), "files of a write-ahead log", "none");
        }
        Collections.sort(files);
        EtcdWal wal = new EtcdWal(visitor);
        for (Path file : files) {
            wal.read(file, file.equals(files.getLast()));
        }
    }

    private void read(Path file, boolean last) throws IOException {
        long at = 0;
        try (DataInputStream in =
                new DataInputStream(new BufferedInputStream(Files.newInputStream(file), 1 << 16))) {
            while (true) {
                byte[] head = in.readNBytes(Long.BYTES);
                long length = head.length == Long.BYTES ? Format.getLong(head, 0) : 0;
                if (length == 0) {
                    return;
                }
                String where = file.getFileName() + ", byte " + at;
                long bytes = length & 0x00ff_ffff_ffff_ffffL;
                int padding = length < 0 ? (int) (length >>> 56 & 7) : 0;
                if (bytes > RECORD_BYTES_MAX) {
                    throw new BoltException(
                            where,
                            "a record of at most " + RECORD_BYTES_MAX + " bytes",
                            Long.toString(bytes));
                }
                byte[] record = new byte[(int) bytes + padding];
                try {
                    in.readFully(record);
                    record(where, record, (int) bytes);
                } catch (EOFException | BoltException e) {
                    if (last && (e instanceof EOFException || isTorn(record, at + Long.BYTES))) {
                        return;
                    }
                    throw e instanceof BoltException damage
                            ? damage
                            : new BoltException(where, bytes + " bytes", "the end of the file");
                }
                at += Long.BYTES + record.length;
            }
        }
    }

    private static boolean isTorn(byte[] record, long offset) {
        int from = 0;
        while (from < record.length) {
            int to =
                    (int)
                            Math.min(
                                    record.length,
                                    from + SECTOR_BYTES - (offset + from) % SECTOR_BYTES);
            boolean zeros = true;
            for (int i = from; i < to; i++) {
                zeros &= record[i] == 0;
            }
            if (zeros) {
                return true;
            }
            from = to;
        }
        return false;
    }

    private void record(String where, byte[] bytes, int length) throws IOException {
        ProtoReader record = new ProtoReader(where, java.util.Arrays.copyOf(bytes, length));
        long kind = 0;
        int stated = 0;
        byte[] content = new byte[0];
        for (int field = record.next(); field != 0; field = record.next()) {
            switch (field) {
                case 1 -> kind = record.number();
                case 2 -> stated = (int) record.number();
                case 3 -> content = record.bytes();
                default -> throw record.damage("fields 1 to 3 of a record", "field " + field);
            }
        }
        if (kind < 1 || kind > KINDS) {
            throw record.damage("a kind of record from 1 to " + KINDS, Long.toString(kind));
        }
        if (kind == CHECKSUM) {
            // The first file that is left begins where one that is gone ended.
            if (summed && checksum != stated) {
                throw record.damage(hex(checksum) + " as checksum so far", hex(stated));
            }
            checksum = stated;
            summed = true;
            return;
        }
        int now = Crc.update(checksum, content);
        if (now != stated) {
            throw record.damage("the checksum " + hex(now), hex(stated));
        }
        checksum = now;
        if (kind == ENTRY) {
            entry(where, content);
        }
    }

    private void entry(String where, byte[] bytes) throws IOException {
        ProtoReader entry = new ProtoReader(where, bytes);
        long kind = 0;
        long index = 0;
        byte[] content = new byte[0];
        for (int field = entry.next(); field != 0; field = entry.next()) {
            switch (field) {
                case 1 -> kind = entry.number();
                case 3 -> index = entry.number();
                case 4 -> content = entry.bytes();
                default -> {
                    // The term, which is of no use here, and what a later etcd adds.
                }
            }
        }
        visitor.entry(index, kind, content);
    }

    private static String hex(int value) {
        return Integer.toHexString(value);
    }
}
