package dev.kemudi.bolt;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/*
 * Why reading a damaged file ends
 * -------------------------------
 * A cursor walks down from the root with a stack of at most Limits.depthMax pages. Each key that it
 * meets must be above the one before it, over the whole bucket: a page that is reached a second time,
 * by whatever loop or crossing of pages, shows a key that is not, and is refused. Pages without
 * elements are refused but for a root. So every step gives a new key or ends in an exception, and
 * there are no more keys than the file has room for.
 */
/**
 * Goes through one bucket in ascending order of keys. Memory: one window for each level of the tree
 * and one pair. For one thread; several cursors may be open at once.
 */
public final class BoltCursor {
    private static final class Frame {
        private final Page page;
        private int index;

        Frame(Page page, int index) {
            this.page = page;
            this.index = index;
        }
    }

    private final PageReader reader;
    private final Page root;
    private final int flags;
    private final List<Frame> stack = new ArrayList<>();
    private byte[] key = new byte[0];
    private byte[] value = new byte[0];

    /**
     * @param flags what each element must have
     */
    BoltCursor(PageReader reader, Page root, int flags) {
        this.reader = reader;
        this.root = root;
        this.flags = flags;
        stack.add(new Frame(root, 0));
    }

    /**
     * Moves to the next pair.
     *
     * @return false when there is none
     * @throws BoltException when the file is damaged there
     */
    public boolean next() throws IOException {
        while (!stack.isEmpty()) {
            Frame top = stack.getLast();
            if (top.index >= top.page.count()) {
                stack.removeLast();
            } else if (top.page.isLeaf()) {
                take(top.page, top.index++);
                return true;
            } else {
                descend(top.page, top.index++);
            }
        }
        return false;
    }

    /** The key of the pair that {@link #next} moved to: a copy. */
    public byte[] key() {
        return key;
    }

    /** Its value: a copy. */
    public byte[] value() {
        return value;
    }

    /** The page that the pair was found in. */
    public long page() {
        return stack.isEmpty() ? BoltException.NO_PAGE : stack.getLast().page.number();
    }

    /** From here on {@link #next} begins with the first pair at or above {@code target}. */
    public void seek(byte[] target) throws IOException {
        stack.clear();
        key = new byte[0];
        stack.add(new Frame(root, 0));
        while (true) {
            Frame top = stack.getLast();
            int at = firstNotBelow(top.page, target);
            if (top.page.isLeaf()) {
                top.index = at;
                return;
            }
            boolean exact = at < top.page.count() && Arrays.equals(top.page.key(at), target);
            top.index = exact || at == 0 ? at : at - 1;
            descend(top.page, top.index++);
        }
    }

    /** The same for the last pair of all. */
    public void seekLast() throws IOException {
        stack.clear();
        key = new byte[0];
        stack.add(new Frame(root, 0));
        while (true) {
            Frame top = stack.getLast();
            top.index = Math.max(0, top.page.count() - 1);
            if (top.page.isLeaf()) {
                return;
            }
            descend(top.page, top.index++);
        }
    }

    private static int firstNotBelow(Page page, byte[] target) throws IOException {
        int low = 0;
        int high = page.count();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (Arrays.compareUnsigned(page.key(middle), target) < 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    private void descend(Page branch, int index) throws IOException {
        if (stack.size() >= reader.limits().depthMax()) {
            throw new BoltException(
                    branch.number(),
                    "a tree of at most " + reader.limits().depthMax() + " levels",
                    "a deeper one");
        }
        Page child = reader.tree(branch.child(index));
        if (child.count() == 0) {
            throw new BoltException(child.number(), "elements in a page below a root", "none");
        }
        byte[] promised = branch.key(index);
        if (Arrays.compareUnsigned(child.key(0), promised) < 0) {
            throw new BoltException(
                    child.number(),
                    "keys from " + hex(promised) + ", as page " + branch.number() + " says",
                    hex(child.key(0)));
        }
        stack.add(new Frame(child, 0));
    }

    private void take(Page leaf, int index) throws IOException {
        byte[] found = leaf.key(index);
        if (Arrays.compareUnsigned(key, found) >= 0) {
            throw new BoltException(
                    leaf.number(), "a key above " + hex(key) + " at element " + index, hex(found));
        }
        if (leaf.flags(index) != flags) {
            throw new BoltException(
                    leaf.number(), kind(flags) + " at element " + index, kind(leaf.flags(index)));
        }
        value = leaf.value(index);
        key = found;
    }

    private static String kind(int flags) {
        return switch (flags) {
            case 0 -> "a pair";
            case Format.ELEMENT_IS_BUCKET -> "a bucket";
            default -> "flags 0x" + Integer.toHexString(flags);
        };
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }
}
