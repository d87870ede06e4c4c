package dev.kemudi.store;

import java.util.EnumMap;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Rows in persistent trees: a view is the roots of one moment. For tests and stores that need no
 * files.
 */
final class MemoryBackend implements Backend {
    private volatile Moment newest = new Moment(Map.of(), Mark.EMPTY);

    @Override
    public View view() {
        return newest;
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // GONE is an identity
    public synchronized void write(Changes changes, UnaryOperator<Mark> mark) {
        Map<Family, Tree> trees = new EnumMap<>(Family.class);
        for (Family family : Family.values()) {
            Tree tree = newest.tree(family);
            for (Map.Entry<byte[], byte[]> row : changes.of(family).entrySet()) {
                tree =
                        row.getValue() == Changes.GONE
                                ? tree.without(row.getKey())
                                : tree.with(row.getKey(), row.getValue());
            }
            trees.put(family, tree);
        }
        for (Changes.Cut cut : changes.cuts()) {
            Tree tree = trees.getOrDefault(cut.family(), Tree.EMPTY);
            trees.put(cut.family(), tree.withoutRange(cut.from(), cut.to()));
        }
        newest = new Moment(trees, mark.apply(newest.mark));
    }

    @Override
    public void flush() {}

    /** Nothing survives a crash: a log that replays must start from its first entry. */
    @Override
    public long durableIndex() {
        return newest.mark.index();
    }

    @Override
    public long bytesOnDisk() {
        return 0;
    }

    @Override
    public void close() {}

    private record Moment(Map<Family, Tree> trees, Mark mark) implements View {
        Tree tree(Family family) {
            return trees.getOrDefault(family, Tree.EMPTY);
        }

        @Override
        public byte @Nullable [] get(Family family, byte[] key) {
            return tree(family).get(key);
        }

        @Override
        public Cursor cursor(Family family, byte[] from) {
            return tree(family).cursor(from);
        }

        @Override
        public void close() {}
    }
}
