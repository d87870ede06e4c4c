package dev.kemudi.store;

import java.util.Arrays;
import java.util.Optional;

/*
 * How the state lies in rows
 * --------------------------
 * CUR   key                          -> create, mod, version, lease, value   the newest, read straight
 * LOG   revision(8) sub(4)           -> type, key, previous mod, [create, version, lease, value]
 * OLD   escaped key, 00 01, ~mod(8)  -> superseded at, create, mod, version, lease, value
 * LEASE id(8)                        -> time to live;   id(8) key -> attached
 * META  'm'                          -> Mark
 * COUNT first key of a bucket        -> how many keys of CUR it has
 *
 * What always holds: a key is in CUR exactly when it exists; the state of a key at revision R is its CUR row
 * if that was put at or before R, otherwise its first OLD row with mod <= R if that was superseded after R,
 * otherwise nothing. A delete leaves no row but its LOG row: the OLD row of what it deleted says until when
 * that lived. In OLD a zero byte of the key is written 00 ff, so that rows of one key lie together whatever
 * bytes keys contain.
 */
/** Encodes and decodes rows. */
final class RowFormat {
    private static final int OLD_TAIL = 2 + Long.BYTES;

    private RowFormat() {}

    /** One row of LOG. */
    record Logged(long revision, Watcher.Type type, KeyValue kv, long previousMod) {}

    /** One row of OLD. */
    record Superseded(KeyValue kv, long supersededAt) {}

    static byte[] current(KeyValue kv) {
        return pair(new ByteWriter(sizeOfPair(kv)), kv);
    }

    static KeyValue current(Bytes key, byte[] row) {
        return pair(key, new ByteReader(row));
    }

    static KeyValue current(Bytes key, byte[] row, boolean keysOnly) {
        return keysOnly ? headOnly(key, new ByteReader(row)) : current(key, row);
    }

    private static int sizeOfPair(KeyValue kv) {
        return ByteWriter.sizeOf(kv.createRevision())
                + ByteWriter.sizeOf(kv.modRevision())
                + ByteWriter.sizeOf(kv.version())
                + ByteWriter.sizeOf(kv.lease())
                + kv.value().length();
    }

    private static KeyValue headOnly(Bytes key, ByteReader in) {
        long create = in.number();
        long mod = in.number();
        long version = in.number();
        return new KeyValue(key, create, mod, version, Bytes.EMPTY, in.number());
    }

    private static byte[] pair(ByteWriter out, KeyValue kv) {
        return out.number(kv.createRevision())
                .number(kv.modRevision())
                .number(kv.version())
                .number(kv.lease())
                .raw(kv.value().array())
                .done();
    }

    private static KeyValue pair(Bytes key, ByteReader in) {
        long create = in.number();
        long mod = in.number();
        long version = in.number();
        long lease = in.number();
        return new KeyValue(key, create, mod, version, in.rest(), lease);
    }

    static byte[] logKey(long revision, int sub) {
        return new ByteWriter(12).fixed(revision).fixedInt(sub).done();
    }

    static byte[] logged(Watcher.Type type, KeyValue kv, long previousMod) {
        boolean put = type == Watcher.Type.PUT;
        int size = 1 + ByteWriter.sizeOf(kv.key()) + ByteWriter.sizeOf(previousMod);
        if (put) {
            size += sizeOfPair(kv) - ByteWriter.sizeOf(kv.modRevision());
        }
        ByteWriter out = new ByteWriter(size).u8(put ? 0 : 1).bytes(kv.key()).number(previousMod);
        if (put) {
            out.number(kv.createRevision())
                    .number(kv.version())
                    .number(kv.lease())
                    .raw(kv.value().array());
        }
        return out.done();
    }

    static long revisionOf(byte[] logKey) {
        return new ByteReader(logKey).fixed();
    }

    static Logged logged(byte[] logKey, byte[] row) {
        long revision = revisionOf(logKey);
        ByteReader in = new ByteReader(row);
        int type = in.u8();
        Bytes key = in.bytes();
        long previousMod = in.number();
        if (type == 1) {
            return new Logged(revision, Watcher.Type.DELETE, tombstone(key, revision), previousMod);
        }
        long create = in.number();
        long version = in.number();
        long lease = in.number();
        KeyValue kv = new KeyValue(key, create, revision, version, in.rest(), lease);
        return new Logged(revision, Watcher.Type.PUT, kv, previousMod);
    }

    static Bytes keyOfLogged(byte[] row) {
        return new ByteReader(row, 1).bytes();
    }

    /** By how many the number of keys changed: 1, 0 or -1. */
    static int growth(byte[] logRow) {
        ByteReader in = new ByteReader(logRow);
        int type = in.u8();
        if (type == 1) {
            return -1;
        }
        in.skip(in.count());
        in.number();
        in.number();
        return in.number() == 1 ? 1 : 0;
    }

    /** The key of the OLD row that what this row of LOG tells of has superseded. */
    static Optional<byte[]> supersededBy(byte[] logRow) {
        ByteReader in = new ByteReader(logRow, 1);
        Bytes key = in.bytes();
        long previousMod = in.number();
        return previousMod == 0 ? Optional.empty() : Optional.of(oldKey(key, previousMod));
    }

    static KeyValue tombstone(Bytes key, long revision) {
        return new KeyValue(key, 0, revision, 0, Bytes.EMPTY, 0);
    }

    /** The OLD row that a key's state of {@code revision}, or the newest before, would have. */
    static byte[] oldKey(Bytes key, long revision) {
        return escape(key).u8(0).u8(1).fixed(~revision).done();
    }

    /** Where the OLD rows of keys at or after {@code key} begin: before its own terminator. */
    static byte[] oldFrom(Bytes key) {
        return escape(key).done();
    }

    /** After the last OLD row of {@code key}, before any other key's. */
    static byte[] oldAfter(Bytes key) {
        return escape(key).u8(0).u8(2).done();
    }

    private static ByteWriter escape(Bytes key) {
        ByteWriter out = new ByteWriter(key.length() + OLD_TAIL);
        byte[] bytes = key.array();
        int from = 0;
        for (int i = 0; i < bytes.length; i++) {
            if (bytes[i] == 0) {
                out.raw(bytes, from, i + 1).u8(0xff);
                from = i + 1;
            }
        }
        return out.raw(bytes, from, bytes.length);
    }

    static Bytes keyOfOld(byte[] oldKey) {
        int length = oldKey.length - OLD_TAIL;
        byte[] key = new byte[length];
        int size = 0;
        for (int i = 0; i < length; i++) {
            key[size++] = oldKey[i];
            if (oldKey[i] == 0) {
                i++;
            }
        }
        return Bytes.of(size == length ? key : Arrays.copyOf(key, size));
    }

    static long modOfOld(byte[] oldKey) {
        return ~new ByteReader(oldKey, oldKey.length - Long.BYTES).fixed();
    }

    static byte[] superseded(KeyValue kv, long supersededAt) {
        int size = ByteWriter.sizeOf(supersededAt) + sizeOfPair(kv);
        return pair(new ByteWriter(size).number(supersededAt), kv);
    }

    static Superseded superseded(Bytes key, byte[] row) {
        ByteReader in = new ByteReader(row);
        long supersededAt = in.number();
        return new Superseded(pair(key, in), supersededAt);
    }

    static byte[] leaseKey(long id) {
        return new ByteWriter(Long.BYTES).fixed(id).done();
    }

    static byte[] attachmentKey(long id, Bytes key) {
        return new ByteWriter(Long.BYTES + key.length()).fixed(id).raw(key.array()).done();
    }

    static byte[] leaseRow(long ttlSeconds) {
        return new ByteWriter(10).number(ttlSeconds).done();
    }

    static byte[] count(int count) {
        return new ByteWriter(5).number(count).done();
    }

    static int count(byte[] countRow) {
        return Math.toIntExact(new ByteReader(countRow).number());
    }

    static long ttlSeconds(byte[] leaseRow) {
        return new ByteReader(leaseRow).number();
    }
}
