package dev.kemudi.bolt;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** The branch of one level that is being filled. */
final class BranchPage {
    /** Fewer make no progress towards the root. */
    private static final int CHILDREN_MIN = 2;

    private record Child(byte[] firstKey, long page) {}

    private final List<Child> children = new ArrayList<>();
    private int keyBytes;

    int count() {
        return children.size();
    }

    byte[] firstKey() {
        return children.getFirst().firstKey();
    }

    long firstPage() {
        return children.getFirst().page();
    }

    /** Whether it must be written before one more child is added. */
    boolean isFull(byte[] key, int pageSize) {
        long bytes =
                Format.PAGE_HEADER_BYTES
                        + (children.size() + 1L) * Format.ELEMENT_BYTES
                        + keyBytes
                        + key.length;
        return children.size() > CHILDREN_MIN && bytes > pageSize
                || children.size() >= Format.ELEMENTS_MAX;
    }

    void add(byte[] firstKey, long page) {
        children.add(new Child(firstKey, page));
        keyBytes += firstKey.length;
    }

    /** Writes all but the last child, which stays: so no branch is left with a single one. */
    long writeButLast(PageSink sink) throws IOException {
        Child last = children.removeLast();
        keyBytes -= last.firstKey().length;
        long page = writeAll(sink);
        add(last.firstKey(), last.page());
        return page;
    }

    long writeAll(PageSink sink) throws IOException {
        int count = children.size();
        byte[] table = new byte[count * Format.ELEMENT_BYTES];
        byte[] keys = new byte[keyBytes];
        int used = 0;
        for (int i = 0; i < count; i++) {
            Child child = children.get(i);
            int at = i * Format.ELEMENT_BYTES;
            Format.INT.set(table, at, (count - i) * Format.ELEMENT_BYTES + used);
            Format.INT.set(table, at + 4, child.firstKey().length);
            Format.LONG.set(table, at + 8, child.page());
            System.arraycopy(child.firstKey(), 0, keys, used, child.firstKey().length);
            used += child.firstKey().length;
        }
        long page = sink.write(Format.BRANCH, count, table, table.length, keys, used);
        children.clear();
        keyBytes = 0;
        return page;
    }
}
