package dev.kemudi.bolt;

/**
 * A lease as etcd keeps it; which keys hang on it the keys say.
 *
 * @param remainingSeconds 0: the full time to live
 */
public record EtcdLease(long id, long ttlSeconds, long remainingSeconds) {
    byte[] row() {
        return new ProtoWriter(32)
                .number(1, id)
                .number(2, ttlSeconds)
                .number(3, remainingSeconds)
                .done();
    }

    static EtcdLease read(byte[] rowKey, byte[] bytes) throws BoltException {
        if (rowKey.length != Long.BYTES) {
            throw new BoltException("bucket lease", "a key of 8 bytes", rowKey.length + " bytes");
        }
        long expected = BigEndian.get(rowKey, 0);
        ProtoReader row = new ProtoReader("lease " + Long.toHexString(expected), bytes);
        long id = 0;
        long ttl = 0;
        long remaining = 0;
        for (int field = row.next(); field != 0; field = row.next()) {
            switch (field) {
                case 1 -> id = row.number();
                case 2 -> ttl = row.number();
                case 3 -> remaining = row.number();
                default -> {
                    // A later etcd's: not ours to know.
                }
            }
        }
        if (id != expected) {
            throw row.damage("its own id", Long.toHexString(id));
        }
        return new EtcdLease(id, ttl, remaining);
    }
}
