package dev.kemudi.cel;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A semantic version. Source: Semantic Versioning 2.0.0; what is behind a plus does not count.
 *
 * @param pre the identifiers of a version before the release; empty for a release
 */
record Semver(long major, long minor, long patch, String pre) implements Comparable<Semver> {
    private static final String NUMBER = "(0|[1-9]\\d{0,17})";
    private static final String PRE = "(?:0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*)";
    private static final Pattern VERSION =
            Pattern.compile(
                    NUMBER
                            + "\\."
                            + NUMBER
                            + "\\."
                            + NUMBER
                            + "(?:-("
                            + PRE
                            + "(?:\\."
                            + PRE
                            + ")*))?(?:\\+[0-9a-zA-Z-]+(?:\\.[0-9a-zA-Z-]+)*)?");

    static Optional<Semver> read(String text) {
        Matcher matcher = VERSION.matcher(text);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        return Optional.of(
                new Semver(
                        Long.parseLong(matcher.group(1)),
                        Long.parseLong(matcher.group(2)),
                        Long.parseLong(matcher.group(3)),
                        Optional.ofNullable(matcher.group(4)).orElse("")));
    }

    static Semver parse(String text) {
        return read(text)
                .orElseThrow(() ->
                        new IllegalArgumentException(
                                "expected a semantic version such as 1.2.3, found: \""
                                        + text
                                        + "\""));
    }

    @Override
    public int compareTo(Semver other) {
        int order = Long.compare(major, other.major);
        order = order != 0 ? order : Long.compare(minor, other.minor);
        order = order != 0 ? order : Long.compare(patch, other.patch);
        return order != 0 ? order : comparePre(pre, other.pre);
    }

    private static int comparePre(String a, String b) {
        if (a.isEmpty() || b.isEmpty()) {
            return Boolean.compare(a.isEmpty(), b.isEmpty());
        }
        String[] as = a.split("\\.");
        String[] bs = b.split("\\.");
        for (int i = 0; i < Math.min(as.length, bs.length); i++) {
            boolean numberA = as[i].matches("\\d+");
            boolean numberB = bs[i].matches("\\d+");
            int order =
                    numberA && numberB
                            ? new java.math.BigInteger(as[i])
                                    .compareTo(new java.math.BigInteger(bs[i]))
                            : numberA != numberB ? (numberA ? -1 : 1) : as[i].compareTo(bs[i]);
            if (order != 0) {
                return order;
            }
        }
        return Integer.compare(as.length, bs.length);
    }
}
