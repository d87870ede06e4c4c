package dev.kemudi.apiserver;

import java.util.Comparator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Kubernetes' order of API versions: stable before beta before alpha, newer before older, anything
 * else last.
 */
final class Versions {
    private static final Pattern SHAPE =
            Pattern.compile("v([0-9]{1,9})(?:(alpha|beta)([0-9]{1,9}))?");

    static final Comparator<String> NEWEST_FIRST =
            Comparator.comparing(Versions::rank)
                    .reversed()
                    .thenComparing(Comparator.naturalOrder());

    private Versions() {}

    // comparable as text: stage, then major, then minor
    private static String rank(String version) {
        Matcher matcher = SHAPE.matcher(version);
        if (!matcher.matches()) {
            return "0";
        }
        String stage = matcher.group(2);
        int order = stage == null ? 3 : stage.equals("beta") ? 2 : 1;
        int minor = matcher.group(3) == null ? 0 : Integer.parseInt(matcher.group(3));
        return "%d %09d %09d".formatted(order, Integer.parseInt(matcher.group(1)), minor);
    }
}
