package dev.kemudi.gateway;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * One compiled match of an HTTPRoute rule with its place in the order of precedence that the
 * Gateway API lays down.
 *
 * @param path without trailing slash, except for the root
 * @param method empty for any
 * @param age creation time of the route in epoch milliseconds; the older one wins a tie
 * @param order tie-break within the route: position of rule and match
 */
record Match(
        boolean exact,
        String path,
        String method,
        List<Named> headers,
        List<Named> params,
        Rule rule,
        long age,
        String route,
        int order)
        implements Comparable<Match> {

    /**
     * @param name lower case for headers, as is for query parameters
     */
    record Named(String name, byte[] nameBytes, String value) {
        static Named of(String name, String value) {
            return new Named(name, Bytes.ascii(name), value);
        }
    }

    static Match prefix(String path, Rule rule) {
        String trimmed =
                path.length() > 1 && path.endsWith("/")
                        ? path.substring(0, path.length() - 1)
                        : path;
        return new Match(false, trimmed, "", List.of(), List.of(), rule, 0, "", 0);
    }

    /** Length of what a prefix rewrite replaces. */
    int prefixLength() {
        return path.equals("/") ? 0 : path.length();
    }

    @Override
    public int compareTo(Match other) {
        if (exact != other.exact) {
            return exact ? -1 : 1;
        }
        if (path.length() != other.path.length()) {
            return other.path.length() - path.length();
        }
        if (method.isEmpty() != other.method.isEmpty()) {
            return method.isEmpty() ? 1 : -1;
        }
        if (headers.size() != other.headers.size()) {
            return other.headers.size() - headers.size();
        }
        if (params.size() != other.params.size()) {
            return other.params.size() - params.size();
        }
        if (age != other.age) {
            return Long.compare(age, other.age);
        }
        int byName = route.compareTo(other.route);
        return byName != 0 ? byName : order - other.order;
    }

    /** Whether everything but host and path fits. */
    boolean fits(Request request, Head head) {
        if (!method.isEmpty() && !method.equals(request.method)) {
            return false;
        }
        for (Named header : headers) {
            if (!headerFits(header, head)) {
                return false;
            }
        }
        for (Named param : params) {
            if (!paramFits(param, request.query)) {
                return false;
            }
        }
        return true;
    }

    private static boolean headerFits(Named wanted, Head head) {
        for (int i = 0; i < head.count(); i++) {
            if (head.nameIs(i, wanted.nameBytes) && head.value(i).equals(wanted.value)) {
                return true;
            }
        }
        return false;
    }

    /* Only the first parameter of a name counts, as the specification recommends. */
    private static boolean paramFits(Named wanted, String query) {
        int start = 0;
        while (start < query.length()) {
            int amp = query.indexOf('&', start);
            int end = amp < 0 ? query.length() : amp;
            int equals = query.indexOf('=', start);
            int nameEnd = equals < 0 || equals > end ? end : equals;
            if (decoded(query.substring(start, nameEnd)).equals(wanted.name)) {
                return decoded(query.substring(Math.min(nameEnd + 1, end), end))
                        .equals(wanted.value);
            }
            start = end + 1;
        }
        return false;
    }

    private static String decoded(String text) {
        if (text.indexOf('%') < 0 && text.indexOf('+') < 0) {
            return text;
        }
        try {
            return URLDecoder.decode(text, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            return text; // a broken escape matches itself only
        }
    }
}
