package dev.kemudi.store;

import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * Keeps the newest {@link Census} beside a backend, and how many bytes are retained. Used by
 * whoever writes; {@link #bytes} by all.
 */
final class Counting {
    /** Buckets split in one write: a few hundred keys are walked for each. */
    private static final int SPLITS_PER_WRITE_MAX = 4;

    private static final byte[] BYTES_KEY = {'b'};

    private final Set<Bytes> overfull = new LinkedHashSet<>();
    private volatile long bytes;

    /** Of the rows of CUR and LOG: what a quota is about; falls as compaction reclaims. */
    long bytes() {
        return bytes;
    }

    /**
     * The census of what {@code rows} hold, when it has just been opened; rows of COUNT that are
     * missing, as in data of a version without them, go into {@code changes}.
     */
    Census open(Rows rows, Changes changes) {
        Census census = Recount.read(rows);
        if (census.total() == 0) {
            long keys = rows.tally(new byte[0], null, Long.MAX_VALUE);
            if (keys > Integer.MAX_VALUE) {
                throw new IllegalStateException(
                        "there are " + keys + " keys and no counts of them; expected counts");
            }
            if (keys > 0) {
                Census one = Census.of(java.util.List.of(Census.Block.of(new byte[0], (int) keys)));
                Recount recount = new Recount(one);
                recount.split(new byte[0], rows);
                changes.of(Family.COUNT).put(new byte[0], RowFormat.count((int) keys));
                census = recount.done(changes, overfull);
            }
        }
        overfull.addAll(Recount.overfull(census));
        byte[] row = rows.get(Family.META, BYTES_KEY);
        if (row != null) {
            bytes = new ByteReader(row).number();
        } else if (census.total() > 0) {
            bytes = sum(rows, Family.CUR) + sum(rows, Family.LOG);
            changes.of(Family.META).put(BYTES_KEY, new ByteWriter(10).number(bytes).done());
        }
        return census;
    }

    private static long sum(Rows rows, Family family) {
        long sum = 0;
        try (Rows.Cursor cursor = rows.cursor(family, new byte[0])) {
            for (; cursor.valid(); cursor.next()) {
                sum += cursor.key().length + cursor.value().length;
            }
        }
        return sum;
    }

    /** The census after {@code changes}; its rows are added to them. */
    Census next(Census census, Rows before, Changes changes) {
        if (changes.growth() != 0) {
            bytes += changes.growth();
            changes.of(Family.META).put(BYTES_KEY, new ByteWriter(10).number(bytes).done());
        }
        if (changes.births().isEmpty()) {
            return census;
        }
        Recount recount = new Recount(census);
        Iterator<Bytes> large = overfull.iterator();
        for (int i = 0; i < SPLITS_PER_WRITE_MAX && large.hasNext(); i++) {
            recount.split(large.next().array(), before);
            large.remove();
        }
        recount.apply(changes.births());
        return recount.done(changes, overfull);
    }
}
