package dev.kemudi.gateway;

import java.nio.charset.StandardCharsets;

/** Character classes and comparisons on raw header bytes, after RFC 9110 §5.6.2 and RFC 9112. */
final class Bytes {
    private static final boolean[] TOKEN = new boolean[256];
    private static final boolean[] FIELD = new boolean[256];
    private static final boolean[] TARGET = new boolean[256];

    static {
        for (int c = 0x21; c < 0x7f; c++) {
            TOKEN[c] = Character.isLetterOrDigit(c) || "!#$%&'*+-.^_`|~".indexOf(c) >= 0;
            TARGET[c] = c != '#' && c != '\\';
            FIELD[c] = true;
        }
        for (int c = 0x80; c <= 0xff; c++) {
            FIELD[c] = true;
        }
        FIELD[' '] = true;
        FIELD['\t'] = true;
    }

    private Bytes() {}

    static boolean token(byte b) {
        return TOKEN[b & 0xff];
    }

    static boolean field(byte b) {
        return FIELD[b & 0xff];
    }

    static boolean target(byte b) {
        return TARGET[b & 0xff];
    }

    static boolean allTokens(byte[] bytes, int start, int end) {
        for (int i = start; i < end; i++) {
            if (!token(bytes[i])) {
                return false;
            }
        }
        return end > start;
    }

    /**
     * Compares ignoring ASCII case; {@code lower} is a lower-case token, so that {@code | 0x20}
     * cannot confuse.
     */
    static boolean equalsIgnoreCase(byte[] bytes, int start, int end, byte[] lower) {
        if (end - start != lower.length) {
            return false;
        }
        for (int i = 0; i < lower.length; i++) {
            byte b = bytes[start + i];
            if (b != lower[i] && (b < 'A' || b > 'Z' || (b | 0x20) != lower[i])) {
                return false;
            }
        }
        return true;
    }

    static int hex(int c) {
        if (c >= '0' && c <= '9') {
            return c - '0';
        }
        int lower = c | 0x20;
        return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
    }

    static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    static String text(byte[] bytes, int start, int end) {
        return new String(bytes, start, end - start, StandardCharsets.ISO_8859_1);
    }
}
