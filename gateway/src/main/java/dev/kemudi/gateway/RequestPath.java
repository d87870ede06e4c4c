package dev.kemudi.gateway;

import java.util.Optional;

/**
 * Brings a path into the one form that is both matched and passed on (RFC 3986 §6.2.2): unreserved
 * characters decoded, other escapes in upper case, empty and dot segments removed. What has no safe
 * reading is refused: broken escapes, {@code %00}, climbing above the root, and dot segments with
 * parameters ({@code /..;/}) that some servers resolve.
 */
final class RequestPath {
    private RequestPath() {}

    /** Whether {@link #normalise} would return these bytes as they are. */
    static boolean isNormal(byte[] bytes, int start, int end) {
        for (int i = start; i < end; i++) {
            byte b = bytes[i];
            if (b == '%') {
                return false;
            }
            if (b == '/' && i + 1 < end && (bytes[i + 1] == '/' || bytes[i + 1] == '.')) {
                return false;
            }
        }
        return end > start && bytes[start] == '/';
    }

    /** The normal form of an absolute path, or empty when it has none. */
    static Optional<String> normalise(byte[] bytes, int start, int end) {
        if (end == start || bytes[start] != '/') {
            return Optional.empty();
        }
        StringBuilder decoded = new StringBuilder(end - start);
        for (int i = start; i < end; i++) {
            if (bytes[i] != '%') {
                decoded.append((char) (bytes[i] & 0xff));
                continue;
            }
            int high = i + 2 < end ? Bytes.hex(bytes[i + 1]) : -1;
            int low = i + 2 < end ? Bytes.hex(bytes[i + 2]) : -1;
            int c = high < 0 || low < 0 ? 0 : high * 16 + low;
            if (c == 0) {
                return Optional.empty();
            }
            if (unreserved(c)) {
                decoded.append((char) c);
            } else {
                decoded.append('%')
                        .append("0123456789ABCDEF".charAt(high))
                        .append("0123456789ABCDEF".charAt(low));
            }
            i += 2;
        }
        return withoutDots(decoded);
    }

    private static boolean unreserved(int c) {
        return (c >= 'a' && c <= 'z')
                || (c >= 'A' && c <= 'Z')
                || (c >= '0' && c <= '9')
                || c == '-'
                || c == '.'
                || c == '_'
                || c == '~';
    }

    private static Optional<String> withoutDots(StringBuilder path) {
        StringBuilder out = new StringBuilder(path.length());
        int i = 0;
        while (i < path.length()) {
            int slash = path.indexOf("/", i + 1);
            int end = slash < 0 ? path.length() : slash;
            String segment = path.substring(i + 1, end);
            boolean last = slash < 0;
            if (segment.startsWith(".;") || segment.startsWith("..;")) {
                return Optional.empty();
            }
            if (segment.equals("..")) {
                int up = out.lastIndexOf("/");
                if (up < 0) {
                    return Optional.empty();
                }
                out.setLength(up);
                if (last) {
                    out.append('/');
                }
            } else if (segment.equals(".") || segment.isEmpty()) {
                if (last) {
                    out.append('/');
                }
            } else {
                out.append('/').append(segment);
            }
            i = end;
        }
        return Optional.of(out.isEmpty() ? "/" : out.toString());
    }
}
