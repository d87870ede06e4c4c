package dev.kemudi.bolt;

/**
 * An alarm as etcd keeps it.
 *
 * @param kind 1 no space, 2 corrupt
 */
public record EtcdAlarm(long memberId, int kind) {
    byte[] rowKey() {
        return new ProtoWriter(16).number(1, memberId).number(2, kind).done();
    }

    static EtcdAlarm read(byte[] bytes) throws BoltException {
        ProtoReader row = new ProtoReader("bucket alarm", bytes);
        long member = 0;
        long kind = 0;
        for (int field = row.next(); field != 0; field = row.next()) {
            switch (field) {
                case 1 -> member = row.number();
                case 2 -> kind = row.number();
                default -> {
                    // A later etcd's: not ours to know.
                }
            }
        }
        if (kind < 0 || kind > Integer.MAX_VALUE) {
            throw row.damage("a kind of alarm", String.valueOf(kind));
        }
        return new EtcdAlarm(member, (int) kind);
    }
}
