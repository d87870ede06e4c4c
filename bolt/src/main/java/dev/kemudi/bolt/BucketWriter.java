package dev.kemudi.bolt;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/**
 * Fills one bucket with pairs in ascending order of their keys (as unsigned bytes). It holds one
 * page for each level of the tree, so many buckets may be filled side by side. For one thread.
 */
public final class BucketWriter {
    /** bbolt keeps a bucket within its parent's page up to this part of a page. */
    private static final int INLINE_PART = 4;

    private final String name;
    private final PageSink sink;
    private final Limits limits;
    private final LeafPage leaf = new LeafPage();
    private final List<BranchPage> branches = new ArrayList<>();
    private byte[] lastKey = new byte[0];
    private long pairs;
    private boolean finished;

    BucketWriter(String name, PageSink sink, Limits limits) {
        this.name = name;
        this.sink = sink;
        this.limits = limits;
    }

    /** How many pairs were put. */
    public long pairs() {
        return pairs;
    }

    /**
     * Appends a pair; the caller gives up the right to change {@code key}.
     *
     * @throws IllegalArgumentException when the key is not above all before it, or a length is
     *     beyond the limits
     */
    public void put(byte[] key, byte[] value) throws IOException {
        put(0, key, value);
    }

    void put(int flags, byte[] key, byte[] value) throws IOException {
        check(key, value);
        if (leaf.count() > 0 && !leaf.fits(key, value, sink.pageSize())) {
            writeLeaf();
        }
        leaf.add(flags, key, value);
        lastKey = key;
        pairs++;
    }

    private void check(byte[] key, byte[] value) {
        if (finished) {
            throw new IllegalStateException("bucket " + name + " is finished");
        }
        if (key.length == 0 || key.length > limits.keyBytesMax()) {
            throw new IllegalArgumentException(
                    refusal("a key of 1 to " + limits.keyBytesMax() + " bytes", key.length));
        }
        if (value.length > limits.valueBytesMax()) {
            throw new IllegalArgumentException(
                    refusal(
                            "a value of at most " + limits.valueBytesMax() + " bytes",
                            value.length));
        }
        if (Arrays.compareUnsigned(lastKey, key) >= 0) {
            throw new IllegalArgumentException(
                    "bucket "
                            + name
                            + ": expected a key above "
                            + HexFormat.of().formatHex(lastKey)
                            + ", found "
                            + HexFormat.of().formatHex(key));
        }
    }

    private String refusal(String expected, int found) {
        return "bucket " + name + ": expected " + expected + ", found " + found;
    }

    private void writeLeaf() throws IOException {
        byte[] firstKey = leaf.firstKey();
        addChild(0, firstKey, leaf.write(sink));
    }

    private void addChild(int level, byte[] firstKey, long page) throws IOException {
        if (level == branches.size()) {
            branches.add(new BranchPage());
        }
        BranchPage branch = branches.get(level);
        if (branch.isFull(firstKey, sink.pageSize())) {
            byte[] branchKey = branch.firstKey();
            addChild(level + 1, branchKey, branch.writeButLast(sink));
        }
        branch.add(firstKey, page);
    }

    /** Writes what is left and answers what stands for the bucket in its parent. */
    byte[] finish() throws IOException {
        finished = true;
        boolean small = leaf.bytes() <= sink.pageSize() / INLINE_PART;
        if (branches.isEmpty() && small) {
            byte[] page = leaf.inline();
            byte[] value = new byte[Format.BUCKET_HEADER_BYTES + page.length];
            System.arraycopy(page, 0, value, Format.BUCKET_HEADER_BYTES, page.length);
            return value;
        }
        byte[] value = new byte[Format.BUCKET_HEADER_BYTES];
        Format.LONG.set(value, 0, writeRoot());
        return value;
    }

    /** Writes what is left and answers the tree's root. */
    long writeRoot() throws IOException {
        finished = true;
        if (branches.isEmpty()) {
            return leaf.write(sink);
        }
        writeLeaf();
        int level = 0;
        // An upper level only exists when more than one child is below it, or will be after this.
        while (level < branches.size() - 1 || branches.get(level).count() > 1) {
            BranchPage branch = branches.get(level);
            byte[] firstKey = branch.firstKey();
            addChild(level + 1, firstKey, branch.writeAll(sink));
            level++;
        }
        return branches.get(level).firstPage();
    }
}
