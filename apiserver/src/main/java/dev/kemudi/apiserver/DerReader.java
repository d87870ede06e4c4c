package dev.kemudi.apiserver;

import java.util.Arrays;

/**
 * Reads ASN.1 in the distinguished encoding (ITU-T X.690), as far as a certificate request needs
 * it. Whatever does not fit is an {@link IllegalArgumentException} that says what was expected.
 */
final class DerReader {
    static final int SEQUENCE = 0x30;
    static final int SET = 0x31;
    static final int INTEGER = 0x02;
    static final int BITS = 0x03;
    static final int OCTETS = 0x04;
    static final int OID = 0x06;
    static final int BOOLEAN = 0x01;

    private static final int LENGTH_BYTES_MAX = 3;

    private final byte[] bytes;
    private final int end;
    private int at;

    DerReader(byte[] bytes) {
        this(bytes, 0, bytes.length);
    }

    private DerReader(byte[] bytes, int at, int end) {
        this.bytes = bytes;
        this.at = at;
        this.end = end;
    }

    boolean more() {
        return at < end;
    }

    /** The tag of what comes next; -1 at the end. */
    int tag() {
        return more() ? bytes[at] & 0xff : -1;
    }

    /** What is inside the next element. */
    DerReader inside(int tag) {
        int found = tag();
        if (found != tag) {
            throw new IllegalArgumentException(
                    "expected the tag 0x%02x, found %s"
                            .formatted(tag, found < 0 ? "the end" : "0x%02x".formatted(found)));
        }
        at++;
        int length = length();
        if (length > end - at) {
            throw new IllegalArgumentException(
                    "an element of %d bytes in the last %d".formatted(length, end - at));
        }
        DerReader inside = new DerReader(bytes, at, at + length);
        at += length;
        return inside;
    }

    private int length() {
        int first = next();
        if (first < 0x80) {
            return first;
        }
        int count = first & 0x7f;
        if (count == 0 || count > LENGTH_BYTES_MAX) {
            throw new IllegalArgumentException("a length of " + count + " bytes");
        }
        int length = 0;
        for (int i = 0; i < count; i++) {
            length = length << 8 | next();
        }
        return length;
    }

    private int next() {
        if (!more()) {
            throw new IllegalArgumentException("the end came too early");
        }
        return bytes[at++] & 0xff;
    }

    /** The next element, tag and length included. */
    byte[] element() {
        int from = at;
        inside(tag());
        return Arrays.copyOfRange(bytes, from, at);
    }

    /** All that is left. */
    byte[] rest() {
        byte[] rest = Arrays.copyOfRange(bytes, at, end);
        at = end;
        return rest;
    }

    /** The next element, an object identifier, with dots. */
    String oid() {
        DerReader inside = inside(OID);
        StringBuilder dotted = new StringBuilder();
        while (inside.more()) {
            long arc = 0;
            int part;
            do {
                part = inside.next();
                arc = arc << 7 | part & 0x7f;
                if (arc > Integer.MAX_VALUE) {
                    throw new IllegalArgumentException("an object identifier that is too large");
                }
            } while (part >= 0x80);
            if (dotted.isEmpty()) {
                long root = Math.min(2, arc / 40);
                dotted.append(root).append('.').append(arc - 40 * root);
            } else {
                dotted.append('.').append(arc);
            }
        }
        return dotted.toString();
    }

    void requireEnd() {
        if (more()) {
            throw new IllegalArgumentException("%d bytes too many".formatted(end - at));
        }
    }
}
