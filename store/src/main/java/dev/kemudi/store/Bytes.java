package dev.kemudi.store;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;

/** An immutable byte string ordered as unsigned bytes: keys and values of the store. */
public final class Bytes implements Comparable<Bytes> {
    public static final Bytes EMPTY = new Bytes(new byte[0]);

    private final byte[] array;

    private Bytes(byte[] array) {
        this.array = array;
    }

    /** Wraps without copying; the caller gives up the right to change {@code array}. */
    public static Bytes of(byte[] array) {
        return array.length == 0 ? EMPTY : new Bytes(array);
    }

    public static Bytes utf8(String text) {
        return of(text.getBytes(StandardCharsets.UTF_8));
    }

    /** The backing array: for reading only. */
    public byte[] array() {
        return array;
    }

    public int length() {
        return array.length;
    }

    public boolean isEmpty() {
        return array.length == 0;
    }

    public boolean startsWith(Bytes prefix) {
        return array.length >= prefix.array.length
                && Arrays.equals(
                        array, 0, prefix.array.length, prefix.array, 0, prefix.array.length);
    }

    /**
     * The first byte string after every one that starts with this; {@code "\0"} (meaning: no end)
     * when there is none.
     */
    public Bytes prefixEnd() {
        byte[] end = array.clone();
        for (int i = end.length - 1; i >= 0; i--) {
            if (end[i] != (byte) 0xff) {
                end[i]++;
                return of(Arrays.copyOf(end, i + 1));
            }
        }
        return of(new byte[] {0});
    }

    @Override
    public int compareTo(Bytes other) {
        return Arrays.compareUnsigned(array, other.array);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Bytes bytes && Arrays.equals(array, bytes.array);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(array);
    }

    /** As text when it is UTF-8 without control characters, as hex otherwise. */
    @Override
    public String toString() {
        String text = new String(array, StandardCharsets.UTF_8);
        boolean readable = text.chars().noneMatch(c -> c < 0x20 || c == 0xfffd);
        return readable ? text : HexFormat.of().formatHex(array);
    }
}
