package dev.kemudi.bolt;

/**
 * One retained change of one key, as etcd's bucket {@code key} keeps it. Of a deletion only key,
 * revision and sub-revision are kept.
 *
 * @param revision the change's revision ("main"), the key's mod revision
 * @param sub its place among the changes of that revision, from 0
 */
public record EtcdChange(
        long revision,
        long sub,
        boolean deletion,
        byte[] key,
        byte[] value,
        long createRevision,
        long version,
        long lease) {
    private static final int KEY_BYTES = 17;
    private static final int SEPARATOR_AT = 8;
    private static final int FRAME_BYTES = 64;
    private static final byte TOMBSTONE = 't';

    private static final int KEY = 1;
    private static final int CREATE_REVISION = 2;
    private static final int MOD_REVISION = 3;
    private static final int VERSION = 4;
    private static final int VALUE = 5;
    private static final int LEASE = 6;

    public static EtcdChange put(
            long revision,
            long sub,
            byte[] key,
            byte[] value,
            long createRevision,
            long version,
            long lease) {
        return new EtcdChange(revision, sub, false, key, value, createRevision, version, lease);
    }

    public static EtcdChange delete(long revision, long sub, byte[] key) {
        return new EtcdChange(revision, sub, true, key, new byte[0], 0, 0, 0);
    }

    byte[] rowKey() {
        byte[] row = new byte[deletion ? KEY_BYTES + 1 : KEY_BYTES];
        putRevision(row, revision, sub);
        if (deletion) {
            row[KEY_BYTES] = TOMBSTONE;
        }
        return row;
    }

    byte[] rowValue() {
        ProtoWriter row = new ProtoWriter(key.length + value.length + FRAME_BYTES).bytes(KEY, key);
        if (!deletion) {
            row.number(CREATE_REVISION, createRevision)
                    .number(MOD_REVISION, revision)
                    .number(VERSION, version)
                    .bytes(VALUE, value)
                    .number(LEASE, lease);
        }
        return row.done();
    }

    static EtcdChange read(byte[] rowKey, byte[] rowValue) throws BoltException {
        boolean deletion = rowKey.length == KEY_BYTES + 1 && rowKey[KEY_BYTES] == TOMBSTONE;
        if (!deletion && rowKey.length != KEY_BYTES || rowKey[SEPARATOR_AT] != '_') {
            throw new BoltException(
                    "bucket key",
                    "a revision of 17 bytes, or of 18 with a t",
                    java.util.HexFormat.of().formatHex(rowKey));
        }
        long revision = BigEndian.get(rowKey, 0);
        long sub = BigEndian.get(rowKey, SEPARATOR_AT + 1);
        ProtoReader row = new ProtoReader("bucket key, revision " + revision + "." + sub, rowValue);
        byte[] key = new byte[0];
        byte[] value = new byte[0];
        long created = 0;
        long modified = deletion ? revision : 0;
        long version = 0;
        long lease = 0;
        for (int field = row.next(); field != 0; field = row.next()) {
            switch (field) {
                case KEY -> key = row.bytes();
                case CREATE_REVISION -> created = row.number();
                case MOD_REVISION -> modified = row.number();
                case VERSION -> version = row.number();
                case VALUE -> value = row.bytes();
                case LEASE -> lease = row.number();
                default -> {
                    // A later etcd's: not ours to know.
                }
            }
        }
        if (key.length == 0) {
            throw row.damage("a key", "none");
        }
        if (modified != revision) {
            throw row.damage("mod revision " + revision, String.valueOf(modified));
        }
        return new EtcdChange(revision, sub, deletion, key, value, created, version, lease);
    }

    /** etcd's 17 bytes for a revision: both numbers big endian with a line between. */
    static void putRevision(byte[] to, long revision, long sub) {
        BigEndian.put(to, 0, revision);
        to[SEPARATOR_AT] = '_';
        BigEndian.put(to, SEPARATOR_AT + 1, sub);
    }

    static byte[] revisionRow(long revision) {
        byte[] row = new byte[KEY_BYTES];
        putRevision(row, revision, 0);
        return row;
    }
}
