package dev.kemudi.bolt;

import java.io.IOException;
import java.util.Arrays;

/**
 * One branch or leaf as it stands in the file, overflow included, of which the beginning is held
 * ("window") and the rest read when asked for. An inline leaf is all window.
 */
final class Page {
    private final PageReader reader;
    private final long number;
    private final long offset;
    private final long bytes;
    private final byte[] window;

    Page(PageReader reader, long number, long offset, long bytes, byte[] window) {
        this.reader = reader;
        this.number = number;
        this.offset = offset;
        this.bytes = bytes;
        this.window = window;
    }

    /** The leaf within a bucket's value. */
    static Page inline(PageReader reader, long parent, byte[] value) throws BoltException {
        int length = value.length - Format.BUCKET_HEADER_BYTES;
        if (length < Format.PAGE_HEADER_BYTES) {
            throw new BoltException(
                    parent, "an inline bucket of at least 32 bytes", value.length + " bytes");
        }
        byte[] window = Arrays.copyOfRange(value, Format.BUCKET_HEADER_BYTES, value.length);
        Page page = new Page(reader, parent, 0, length, window).checked();
        if (!page.isLeaf()) {
            throw new BoltException(parent, "a leaf as inline bucket", Format.kind(page.kind()));
        }
        return page;
    }

    Page checked() throws BoltException {
        if (kind() != Format.LEAF && kind() != Format.BRANCH) {
            throw new BoltException(number, "a branch or a leaf", Format.kind(kind()));
        }
        if (!isLeaf() && count() == 0) {
            throw new BoltException(number, "children in a branch", "none");
        }
        if (tableEnd() > bytes) {
            throw new BoltException(
                    number,
                    "elements within " + bytes + " bytes",
                    count() + " elements of " + Format.ELEMENT_BYTES + " bytes");
        }
        return this;
    }

    long number() {
        return number;
    }

    boolean isLeaf() {
        return kind() == Format.LEAF;
    }

    private int kind() {
        return (short) Format.SHORT.get(window, 8) & 0xffff;
    }

    int count() {
        return (short) Format.SHORT.get(window, 10) & 0xffff;
    }

    private long tableEnd() {
        return Format.PAGE_HEADER_BYTES + (long) count() * Format.ELEMENT_BYTES;
    }

    private static long element(int index) {
        return Format.PAGE_HEADER_BYTES + (long) index * Format.ELEMENT_BYTES;
    }

    byte[] key(int index) throws IOException {
        byte[] head = head(index);
        int from = isLeaf() ? 4 : 0;
        long position = Integer.toUnsignedLong(Format.getInt(head, from));
        int keyBytes = Format.getInt(head, from + 4);
        if (keyBytes <= 0 || keyBytes > reader.limits().keyBytesMax()) {
            throw new BoltException(
                    number,
                    "a key of 1 to " + reader.limits().keyBytesMax() + " bytes at element " + index,
                    Integer.toUnsignedString(keyBytes));
        }
        return slice(index, element(index) + position, keyBytes);
    }

    byte[] value(int index) throws IOException {
        byte[] head = head(index);
        long position = Integer.toUnsignedLong(Format.getInt(head, 4));
        long keyBytes = Integer.toUnsignedLong(Format.getInt(head, 8));
        int valueBytes = Format.getInt(head, 12);
        if (valueBytes < 0 || valueBytes > reader.limits().valueBytesMax()) {
            throw new BoltException(
                    number,
                    "a value of at most "
                            + reader.limits().valueBytesMax()
                            + " bytes at element "
                            + index,
                    Integer.toUnsignedString(valueBytes));
        }
        return slice(index, element(index) + position + keyBytes, valueBytes);
    }

    /** The flags of a leaf's element. */
    int flags(int index) throws IOException {
        return Format.getInt(head(index), 0);
    }

    /** The page that a branch's element leads to. */
    long child(int index) throws IOException {
        long child = Format.getLong(head(index), 8);
        if (child == number) {
            throw new BoltException(number, "another page at element " + index, "the page itself");
        }
        return child;
    }

    private byte[] head(int index) throws IOException {
        return copy(element(index), Format.ELEMENT_BYTES);
    }

    private byte[] slice(int index, long from, int length) throws IOException {
        if (from < tableEnd() || from + length > bytes) {
            throw new BoltException(
                    number,
                    "element " + index + " within bytes " + tableEnd() + " to " + bytes,
                    "bytes " + from + " to " + (from + length));
        }
        return copy(from, length);
    }

    private byte[] copy(long from, int length) throws IOException {
        return from + length <= window.length
                ? Arrays.copyOfRange(window, (int) from, (int) from + length)
                : reader.read(number, offset + from, length);
    }
}
