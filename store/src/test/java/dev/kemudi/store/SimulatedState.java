package dev.kemudi.store;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/**
 * A state that fails as a seed says: a crash keeps what was flushed and, because a database may
 * flush by itself, any number of the writes that followed, each of them whole. Safe for use by many
 * threads.
 */
final class SimulatedState implements Backend {
    private final Random random;
    private final StoreBug bug;
    private final List<Write> writes = new ArrayList<>();
    private MemoryBackend rows = new MemoryBackend();
    private Mark durable = Mark.EMPTY;
    private int flushed;
    private boolean dead;

    private record Write(Changes changes, UnaryOperator<Mark> mark) {}

    SimulatedState(long seed, StoreBug bug) {
        random = new Random(seed);
        this.bug = bug;
    }

    /** From now on nothing becomes durable, as if the process had been killed. */
    synchronized void die() {
        dead = true;
    }

    /** The machine comes back. */
    synchronized void crash() {
        int first =
                bug == StoreBug.STATE_FLUSH_LIES ? Math.min(flushed, writes.size() / 2) : flushed;
        int kept = first + random.nextInt(writes.size() - first + 1);
        List<Write> survivors = new ArrayList<>(writes.subList(0, kept));
        if (kept < writes.size()) {
            tear(survivors, writes.get(kept));
        }
        writes.clear();
        rows = new MemoryBackend();
        for (Write write : survivors) {
            writes.add(write);
            rows.write(write.changes, write.mark);
        }
        flushed = kept;
        durable = rows.durable();
        dead = false;
    }

    /** What a state whose writes are not whole would make of the one that was under way. */
    private void tear(List<Write> survivors, Write torn) {
        switch (bug) {
            case STATE_MARK_AHEAD -> survivors.add(new Write(new Changes(), torn.mark));
            case STATE_MARK_BEHIND -> survivors.add(new Write(torn.changes, mark -> mark));
            case STATE_TORN -> survivors.add(new Write(half(torn.changes), torn.mark));
            case STATE_BIT_FLIPPED -> survivors.add(new Write(flipped(torn.changes), torn.mark));
            default -> {
                // Lost whole.
            }
        }
    }

    private static Changes half(Changes whole) {
        Changes half = copy(whole);
        half.of(Family.LOG).clear();
        return half;
    }

    private static Changes copy(Changes whole) {
        Changes copy = new Changes();
        for (Family family : Family.values()) {
            copy.of(family).putAll(whole.of(family));
        }
        whole.cuts().forEach(cut -> copy.cut(cut.family(), cut.from(), cut.to()));
        copy.births(whole.births());
        copy.grow(whole.growth());
        return copy;
    }

    private Changes flipped(Changes whole) {
        Changes flipped = copy(whole);
        TreeMap<byte[], byte[]> current = flipped.of(Family.CUR);
        for (Map.Entry<byte[], byte[]> row : current.entrySet()) {
            if (row.getValue() != Changes.GONE) {
                byte[] value = row.getValue().clone();
                value[value.length - 1] ^= (byte) (1 << random.nextInt(8));
                row.setValue(value);
                break;
            }
        }
        return flipped;
    }

    @Override
    public synchronized View view() {
        return rows.view();
    }

    @Override
    public synchronized void write(Changes changes, UnaryOperator<Mark> mark) {
        rows.write(changes, mark);
        if (!dead) {
            writes.add(new Write(changes, mark));
        }
    }

    @Override
    public synchronized void flush() {
        if (!dead) {
            flushed = writes.size();
            durable = rows.durable();
        }
    }

    @Override
    public synchronized Mark durable() {
        return durable;
    }

    @Override
    public synchronized Mark copyTo(Path directory) throws IOException {
        return rows.copyTo(directory);
    }

    @Override
    public synchronized long bytesInUse() {
        return rows.bytesInUse();
    }

    @Override
    public void defragment() {}

    @Override
    public long bytesOnDisk() {
        return 0;
    }

    @Override
    public void close() {}
}
