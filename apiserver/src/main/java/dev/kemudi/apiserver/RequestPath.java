package dev.kemudi.apiserver;

import dev.kemudi.api.ApiException;
import dev.kemudi.api.Status;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a path under {@code /api} or {@code /apis} names.
 *
 * @param namespace empty for all namespaces and for cluster-scoped kinds
 * @param name empty for the collection
 * @param subresource such as {@code status}, empty for the object itself
 * @param watch the deprecated {@code /watch/} prefix
 */
record RequestPath(
        String group,
        String version,
        String namespace,
        String plural,
        String name,
        String subresource,
        boolean watch) {

    /** Decoded segments, without the empty ones at either end. */
    static List<String> segments(String rawPath) {
        List<String> segments = new ArrayList<>();
        for (String raw : rawPath.split("/")) {
            if (!raw.isEmpty()) {
                segments.add(decoded(raw));
            }
        }
        return segments;
    }

    // A segment is decoded by itself: %2f never becomes a separator. What it may hold is checked
    // here, once for all.
    private static String decoded(String raw) {
        String segment;
        try {
            segment =
                    raw.indexOf('%') < 0
                            ? raw
                            : URLDecoder.decode(raw.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw new ApiException(Status.badRequest("malformed path segment \"" + raw + "\""));
        }
        boolean bad =
                segment.equals(".")
                        || segment.equals("..")
                        || segment.indexOf('/') >= 0
                        || segment.indexOf('%') >= 0
                        || segment.chars().anyMatch(c -> c < 0x20 || c == 0x7f || c == 0xfffd);
        if (bad) {
            throw new ApiException(
                    Status.badRequest(
                            "path segment \""
                                    + raw
                                    + "\" is not a name: it may be neither '.' nor '..' and may not "
                                    + "contain '/', '%' or control"
                                    + " characters"));
        }
        return segment;
    }

    /** Empty when the segments are no resource path. */
    static Optional<RequestPath> parse(List<String> segments) {
        int at;
        String group;
        if (segments.size() >= 3 && segments.getFirst().equals("api")) {
            group = "";
            at = 1;
        } else if (segments.size() >= 4 && segments.getFirst().equals("apis")) {
            group = segments.get(1);
            at = 2;
        } else {
            return Optional.empty();
        }
        String version = segments.get(at);
        List<String> rest = segments.subList(at + 1, segments.size());
        boolean watch = rest.size() > 1 && rest.getFirst().equals("watch");
        if (watch) {
            rest = rest.subList(1, rest.size());
        }
        String namespace = "";
        // /namespaces/x and /namespaces/x/status are about the namespace; /namespaces/x/pods is
        // about what is in it
        boolean inside =
                rest.size() >= 3
                        && rest.getFirst().equals("namespaces")
                        && !(group.isEmpty()
                                && rest.size() == 3
                                && isNamespaceSubresource(rest.get(2)));
        if (inside) {
            namespace = rest.get(1);
            rest = rest.subList(2, rest.size());
        }
        String name = rest.size() > 1 ? rest.get(1) : "";
        String subresource = rest.size() > 2 ? String.join("/", rest.subList(2, rest.size())) : "";
        return Optional.of(
                new RequestPath(
                        group, version, namespace, rest.getFirst(), name, subresource, watch));
    }

    private static boolean isNamespaceSubresource(String word) {
        return word.equals("status") || word.equals("finalize");
    }
}
