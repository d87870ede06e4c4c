package dev.kemudi.logratis;

import dev.kemudi.logratis.Batch.Origin;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * Which batch of each node was applied last, and the time of the last entry. A node sends one batch
 * after the other, and may send one twice when it does not know what became of it: the second is
 * passed over. All this follows from the entries alone, so it is the same on every member; it goes
 * into each copy of the state. Used by one thread.
 */
final class Sessions {
    private static final int MAGIC = 0x6b6d5331;
    private static final int NODES_MAX = 1_024;
    private static final int HEAD_BYTES = 4 + 8 + 8 + 8 + 4;
    private static final int SESSION_BYTES = 4 * 8;

    private final Map<Long, Session> lastOf = new HashMap<>();
    private long timeMillis;

    private record Session(long incarnation, long sequence, long index) {}

    /** What stands beside a copy of the state. */
    record Saved(long term, long index, Sessions sessions) {}

    /**
     * Takes note of a batch.
     *
     * @return whether it is to be applied: not a repetition, and not left over from before its node
     *     was restarted
     */
    boolean admit(Origin origin, long index) {
        Session last = lastOf.get(origin.node());
        if (last != null
                && (origin.incarnation() < last.incarnation()
                        || (origin.incarnation() == last.incarnation()
                                && origin.sequence() <= last.sequence()))) {
            return false;
        }
        if (last == null && lastOf.size() >= NODES_MAX) {
            forgetOne();
        }
        lastOf.put(origin.node(), new Session(origin.incarnation(), origin.sequence(), index));
        return true;
    }

    private void forgetOne() {
        lastOf.entrySet().stream()
                .min(Comparator.comparingLong(each -> each.getValue().index()))
                .map(Map.Entry::getKey)
                .ifPresent(lastOf::remove);
    }

    /** The entry's time, never before that of an earlier entry. */
    long advance(long entryMillis) {
        timeMillis = Math.max(timeMillis, entryMillis);
        return timeMillis;
    }

    long timeMillis() {
        return timeMillis;
    }

    /** The newest start of a node that is known; 0 for none. */
    long incarnationOf(long node) {
        Session last = lastOf.get(node);
        return last == null ? 0 : last.incarnation();
    }

    /** The last batch of a node's start that was applied; 0 for none. */
    long sequenceOf(long node, long incarnation) {
        Session last = lastOf.get(node);
        return last == null || last.incarnation() != incarnation ? 0 : last.sequence();
    }

    Sessions copy() {
        Sessions copy = new Sessions();
        copy.lastOf.putAll(lastOf);
        copy.timeMillis = timeMillis;
        return copy;
    }

    byte[] write(long term, long index) {
        ByteBuffer out =
                ByteBuffer.allocate(HEAD_BYTES + lastOf.size() * SESSION_BYTES + Integer.BYTES);
        out.putInt(MAGIC).putLong(term).putLong(index).putLong(timeMillis).putInt(lastOf.size());
        lastOf.forEach((node, last) ->
                out.putLong(node)
                        .putLong(last.incarnation())
                        .putLong(last.sequence())
                        .putLong(last.index()));
        CRC32C crc = new CRC32C();
        crc.update(out.array(), 0, out.position());
        out.putInt((int) crc.getValue());
        return out.array();
    }

    static Saved read(byte[] bytes) throws IOException {
        ByteBuffer in = ByteBuffer.wrap(bytes);
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, Math.max(0, bytes.length - Integer.BYTES));
        if (bytes.length < HEAD_BYTES + Integer.BYTES
                || in.getInt(bytes.length - Integer.BYTES) != (int) crc.getValue()
                || in.getInt() != MAGIC) {
            throw new IOException(
                    "expected the sessions of a copy, found %d other bytes"
                            .formatted(bytes.length));
        }
        long term = in.getLong();
        long index = in.getLong();
        Sessions sessions = new Sessions();
        sessions.timeMillis = in.getLong();
        for (int left = in.getInt(); left > 0; left--) {
            sessions.lastOf.put(
                    in.getLong(), new Session(in.getLong(), in.getLong(), in.getLong()));
        }
        return new Saved(term, index, sessions);
    }
}
