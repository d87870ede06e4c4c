package dev.kemudi.cel;

import dev.cel.common.types.ListType;
import dev.cel.common.types.MapType;
import dev.cel.common.types.OpaqueType;
import dev.cel.common.types.SimpleType;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** Kubernetes' URL library: absolute URIs and absolute paths, taken apart. */
final class UrlFunctions {
    private static final OpaqueType TYPE = OpaqueType.create("kubernetes.URL");

    private UrlFunctions() {}

    static void addTo(Functions functions) {
        functions.global(
                "url",
                TYPE,
                SimpleType.STRING,
                String.class,
                text ->
                        read(text)
                                .orElseThrow(() ->
                                        new IllegalArgumentException(
                                                "URL parse error during conversion from string: \"%s\""
                                                        .formatted(text))));
        functions.global(
                "isURL", SimpleType.BOOL, SimpleType.STRING, String.class, UrlFunctions::is);
        part(functions, "getScheme", URI::getScheme);
        part(functions, "getHost", UrlFunctions::hostAndPort);
        part(functions, "getHostname", UrlFunctions::hostname);
        part(functions, "getPort", uri -> uri.getPort() < 0 ? "" : Integer.toString(uri.getPort()));
        part(functions, "getEscapedPath", URI::getRawPath);
        functions.member(
                "getQuery",
                MapType.create(SimpleType.STRING, ListType.create(SimpleType.STRING)),
                TYPE,
                URI.class,
                UrlFunctions::query);
    }

    // URI answers null for parts that are not there; the parts are stateless
    @SuppressWarnings({"NullAway", "Immutable"})
    private static void part(Functions functions, String name, Function<URI, String> part) {
        functions.member(
                name,
                SimpleType.STRING,
                TYPE,
                URI.class,
                uri -> Optional.ofNullable(part.apply(uri)).orElse(""));
    }

    /** Whether {@code text} is an absolute URI or an absolute path. */
    static boolean is(String text) {
        return read(text).isPresent();
    }

    private static Optional<URI> read(String text) {
        try {
            URI uri = new URI(text);
            boolean path = !uri.isAbsolute() && text.startsWith("/");
            return uri.isAbsolute() && !uri.isOpaque() || path
                    ? Optional.of(uri)
                    : Optional.empty();
        } catch (URISyntaxException e) {
            return Optional.empty();
        }
    }

    private static String hostAndPort(URI uri) {
        String authority = Optional.ofNullable(uri.getRawAuthority()).orElse("");
        return authority.substring(authority.lastIndexOf('@') + 1);
    }

    private static String hostname(URI uri) {
        String host = Optional.ofNullable(uri.getHost()).orElse("");
        return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    }

    private static Map<String, List<String>> query(URI uri) {
        Map<String, List<String>> values = new LinkedHashMap<>();
        for (String pair : Optional.ofNullable(uri.getRawQuery()).orElse("").split("&")) {
            int equals = pair.indexOf('=');
            String name = decoded(equals < 0 ? pair : pair.substring(0, equals));
            if (!pair.isEmpty()) {
                values.computeIfAbsent(name, unused -> new ArrayList<>())
                        .add(equals < 0 ? "" : decoded(pair.substring(equals + 1)));
            }
        }
        return values;
    }

    private static String decoded(String text) {
        return URLDecoder.decode(text, StandardCharsets.UTF_8);
    }
}
