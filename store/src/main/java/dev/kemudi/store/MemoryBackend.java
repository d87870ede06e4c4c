package dev.kemudi.store;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Rows in persistent trees: a view is the roots of one moment. For tests and stores that need no
 * files.
 */
final class MemoryBackend implements Backend {
    private static final String COPY = "rows";
    private static final int END = 255;

    private volatile Moment newest = new Moment(Map.of(), Mark.EMPTY, Census.EMPTY);
    private volatile Counting counting = new Counting();

    @Override
    public View view() {
        return newest;
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // GONE is an identity
    public synchronized void write(Changes changes, UnaryOperator<Mark> mark) {
        Census census = counting.next(newest.census, newest, changes);
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
        newest = new Moment(trees, mark.apply(newest.mark), census);
    }

    @Override
    public void flush() {}

    /** Nothing survives a crash; what counts is what the object holds. */
    @Override
    public Mark durable() {
        return newest.mark;
    }

    @Override
    public Mark copyTo(Path directory) throws IOException {
        Files.createDirectory(directory);
        Moment moment = newest;
        try (DataOutputStream out =
                new DataOutputStream(
                        new BufferedOutputStream(Files.newOutputStream(directory.resolve(COPY))))) {
            out.write(moment.mark.encode());
            for (Family family : Family.values()) {
                try (Rows.Cursor cursor = moment.cursor(family, new byte[0])) {
                    for (; cursor.valid(); cursor.next()) {
                        out.writeByte(family.ordinal());
                        out.writeInt(cursor.key().length);
                        out.write(cursor.key());
                        out.writeInt(cursor.value().length);
                        out.write(cursor.value());
                    }
                }
            }
            out.writeByte(END);
        }
        return moment.mark;
    }

    @Override
    public synchronized void install(Path copy) throws IOException {
        Map<Family, Tree> trees = new EnumMap<>(Family.class);
        try (DataInputStream in =
                new DataInputStream(
                        new BufferedInputStream(Files.newInputStream(copy.resolve(COPY))))) {
            Mark mark = Mark.decode(in.readNBytes(Mark.EMPTY.encode().length));
            for (int next = in.readUnsignedByte(); next != END; next = in.readUnsignedByte()) {
                Family family = Family.values()[next];
                byte[] key = in.readNBytes(in.readInt());
                byte[] value = in.readNBytes(in.readInt());
                trees.merge(
                        family, Tree.EMPTY.with(key, value), (tree, one) -> tree.with(key, value));
            }
            counting = new Counting();
            Moment uncounted = new Moment(trees, mark, Census.EMPTY);
            newest = new Moment(trees, mark, counting.open(uncounted, new Changes()));
        }
    }

    @Override
    public long bytesInUse() {
        return counting.bytes();
    }

    @Override
    public void defragment() {}

    @Override
    public long bytesOnDisk() {
        return 0;
    }

    @Override
    public void close() {}

    private record Moment(Map<Family, Tree> trees, Mark mark, Census census) implements View {
        Tree tree(Family family) {
            return trees.getOrDefault(family, Tree.EMPTY);
        }

        @Override
        public byte @Nullable [] get(Family family, byte[] key) {
            return tree(family).get(key);
        }

        @Override
        public long count(KeyRange range) {
            return census.count(range, this);
        }

        @Override
        public Cursor cursor(Family family, byte[] from) {
            return tree(family).cursor(from);
        }

        @Override
        public void close() {}
    }
}
