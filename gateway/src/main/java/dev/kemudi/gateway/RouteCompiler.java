package dev.kemudi.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ObjectKey;
import dev.kemudi.api.Resource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Turns one HTTPRoute into matches. What cannot be served is refused as a whole with the reason
 * that the Gateway API gives it; back ends that cannot be resolved are kept as choices that answer
 * 500.
 */
final class RouteCompiler {
    /**
     * What came of a route.
     *
     * @param matches empty when not accepted
     * @param refusal empty when accepted, otherwise what is not supported
     * @param unresolved reason of the ResolvedRefs condition, empty when all references resolve
     */
    record Compiled(
            List<Match> matches,
            Set<Backend> backends,
            String refusal,
            String unresolved,
            String message) {}

    private static final Set<String> FORBIDDEN =
            Set.of(
                    "host",
                    "content-length",
                    "transfer-encoding",
                    "connection",
                    "upgrade",
                    "te",
                    "trailer");

    private final Function<ObjectKey, Optional<ApiObject>> services;
    private final Supplier<List<ApiObject>> grants;
    private final Endpoints endpoints;
    private final GatewayMetrics metrics;

    RouteCompiler(
            Function<ObjectKey, Optional<ApiObject>> services,
            Supplier<List<ApiObject>> grants,
            Endpoints endpoints,
            GatewayMetrics metrics) {
        this.services = services;
        this.grants = grants;
        this.endpoints = endpoints;
        this.metrics = metrics;
    }

    /** Why a route is refused; a value that crosses a few private methods. */
    private static final class Unsupported extends Exception {
        final String why;

        Unsupported(String why) {
            super(why, null, false, false);
            this.why = why;
        }
    }

    private static final class Resolution {
        final Set<Backend> backends = new HashSet<>();
        String reason = "";
        String message = "";

        Optional<Backend> unresolved(String reason, String message) {
            if (this.reason.isEmpty()) {
                this.reason = reason;
                this.message = message;
            }
            return Optional.empty();
        }
    }

    Compiled compile(ApiObject route) {
        Resolution resolution = new Resolution();
        List<Match> matches = new ArrayList<>();
        try {
            int order = 0;
            for (JsonNode rule : route.at("/spec/rules")) {
                Rule compiled = rule(route, rule, resolution);
                JsonNode declared = rule.path("matches");
                if (declared.isEmpty()) {
                    matches.add(match(route, MissingNode.getInstance(), compiled, order++));
                }
                for (JsonNode match : declared) {
                    matches.add(match(route, match, compiled, order++));
                }
            }
        } catch (Unsupported e) {
            return new Compiled(
                    List.of(), resolution.backends, e.why, resolution.reason, resolution.message);
        }
        return new Compiled(
                matches, resolution.backends, "", resolution.reason, resolution.message);
    }

    private Match match(ApiObject route, JsonNode match, Rule rule, int order) throws Unsupported {
        String type = match.at("/path/type").asText("PathPrefix");
        if (!type.equals("PathPrefix") && !type.equals("Exact")) {
            throw new Unsupported("path match type " + type + " is not supported");
        }
        String declared = match.at("/path/value").asText("/");
        byte[] bytes = declared.getBytes(java.nio.charset.StandardCharsets.UTF_8);
        String path =
                RequestPath.normalise(bytes, 0, bytes.length)
                        .orElseThrow(
                                () -> new Unsupported("path " + declared + " has no normal form"));
        boolean exact = type.equals("Exact");
        if (!exact && path.length() > 1 && path.endsWith("/")) {
            path = path.substring(0, path.length() - 1);
        }
        return new Match(
                exact,
                path,
                match.path("method").asText(""),
                named(match.path("headers"), true),
                named(match.path("queryParams"), false),
                rule,
                route.creationTimestamp().map(t -> t.toEpochMilli()).orElse(0L),
                route.key().toString(),
                order);
    }

    private static List<Match.Named> named(JsonNode matches, boolean lower) throws Unsupported {
        List<Match.Named> named = new ArrayList<>();
        for (JsonNode match : matches) {
            if (!match.path("type").asText("Exact").equals("Exact")) {
                throw new Unsupported("match type RegularExpression is not supported");
            }
            String name = match.path("name").asText();
            named.add(
                    Match.Named.of(
                            lower ? name.toLowerCase(Locale.ROOT) : name,
                            match.path("value").asText()));
        }
        return named;
    }

    private Rule rule(ApiObject route, JsonNode rule, Resolution resolution) throws Unsupported {
        HeaderEdit request = HeaderEdit.NONE;
        HeaderEdit response = HeaderEdit.NONE;
        Optional<Redirect> redirect = Optional.empty();
        String host = "";
        PathEdit path = new PathEdit.Keep();
        for (JsonNode filter : rule.path("filters")) {
            String type = filter.path("type").asText();
            switch (type) {
                case "RequestHeaderModifier" ->
                        request = headers(filter.path("requestHeaderModifier"));
                case "ResponseHeaderModifier" ->
                        response = headers(filter.path("responseHeaderModifier"));
                case "RequestRedirect" ->
                        redirect = Optional.of(redirect(filter.path("requestRedirect")));
                case "URLRewrite" -> {
                    host = clean(filter.at("/urlRewrite/hostname").asText(""));
                    path = pathEdit(filter.at("/urlRewrite/path"));
                }
                default -> throw new Unsupported("filter " + type + " is not supported");
            }
        }
        if (redirect.isPresent() && (!host.isEmpty() || !(path instanceof PathEdit.Keep))) {
            throw new Unsupported("RequestRedirect and URLRewrite cannot be used in the same rule");
        }
        List<Rule.Choice> choices = new ArrayList<>();
        int total = 0;
        for (JsonNode reference : rule.path("backendRefs")) {
            if (!reference.path("filters").isEmpty()) {
                throw new Unsupported("filters of a backendRef are not supported");
            }
            int weight = reference.path("weight").asInt(1);
            choices.add(new Rule.Choice(resolve(route, reference, resolution), weight));
            total += weight;
        }
        return new Rule(
                metrics.route(route.key().toString()),
                List.copyOf(choices),
                total,
                request,
                response,
                redirect,
                host,
                path,
                millis(rule.at("/timeouts/request").asText("")),
                millis(rule.at("/timeouts/backendRequest").asText("")));
    }

    private Optional<Backend> resolve(ApiObject route, JsonNode reference, Resolution resolution) {
        String name = reference.path("name").asText();
        String namespace = reference.path("namespace").asText(route.namespace());
        String kind = reference.path("kind").asText("Service");
        if (!kind.equals("Service") || !reference.path("group").asText("").isEmpty()) {
            return resolution.unresolved(
                    "InvalidKind", "expected a Service as back end, found " + kind + " " + name);
        }
        if (!namespace.equals(route.namespace()) && !granted(route, namespace, name)) {
            return resolution.unresolved(
                    "RefNotPermitted",
                    "no ReferenceGrant in "
                            + namespace
                            + " lets HTTPRoutes of "
                            + route.namespace()
                            + " use Service "
                            + name);
        }
        ObjectKey key = new ObjectKey(namespace, name);
        Optional<ApiObject> service = services.apply(key);
        if (service.isEmpty()) {
            return resolution.unresolved("BackendNotFound", "there is no Service " + key);
        }
        int port = reference.path("port").asInt(0);
        for (JsonNode declared : service.get().at("/spec/ports")) {
            if (declared.path("port").asInt() == port) {
                Backend backend = endpoints.backend(key, port, declared.path("name").asText(""));
                resolution.backends.add(backend);
                return Optional.of(backend);
            }
        }
        return resolution.unresolved("BackendNotFound", "Service " + key + " has no port " + port);
    }

    private boolean granted(ApiObject route, String namespace, String service) {
        for (ApiObject grant : grants.get()) {
            if (!grant.namespace().equals(namespace)) {
                continue;
            }
            boolean from = false;
            for (JsonNode peer : grant.at("/spec/from")) {
                from |=
                        peer.path("group").asText().equals(GatewayKinds.GROUP)
                                && peer.path("kind").asText().equals("HTTPRoute")
                                && peer.path("namespace").asText().equals(route.namespace());
            }
            for (JsonNode target : grant.at("/spec/to")) {
                String name = target.path("name").asText("");
                if (from
                        && target.path("group").asText("").isEmpty()
                        && target.path("kind").asText().equals(Resource.SERVICES.kind())
                        && (name.isEmpty() || name.equals(service))) {
                    return true;
                }
            }
        }
        return false;
    }

    private static HeaderEdit headers(JsonNode filter) throws Unsupported {
        HeaderEdit.Builder edit = new HeaderEdit.Builder();
        for (JsonNode header : filter.path("set")) {
            edit.set(name(header.path("name").asText()), clean(header.path("value").asText()));
        }
        for (JsonNode header : filter.path("add")) {
            edit.add(name(header.path("name").asText()), clean(header.path("value").asText()));
        }
        for (JsonNode header : filter.path("remove")) {
            edit.remove(name(header.asText()));
        }
        return edit.build();
    }

    /* What stands here is written into messages as it is: anything that could end a line or change framing
     * stays out. */
    private static String name(String name) throws Unsupported {
        byte[] bytes = Bytes.ascii(name);
        if (!Bytes.allTokens(bytes, 0, bytes.length)
                || FORBIDDEN.contains(name.toLowerCase(Locale.ROOT))) {
            throw new Unsupported("header " + name + " cannot be modified");
        }
        return name;
    }

    private static String clean(String value) throws Unsupported {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c > 0xff || !Bytes.field((byte) c)) {
                throw new Unsupported("a filter's value has a character that no header may have");
            }
        }
        return value;
    }

    private static Redirect redirect(JsonNode filter) throws Unsupported {
        return new Redirect(
                clean(filter.path("scheme").asText("")),
                clean(filter.path("hostname").asText("")),
                filter.path("port").asInt(0),
                pathEdit(filter.path("path")),
                filter.path("statusCode").asInt(302));
    }

    private static PathEdit pathEdit(JsonNode path) throws Unsupported {
        String value =
                clean(
                        path.path("replaceFullPath")
                                .asText(path.path("replacePrefixMatch").asText("")));
        for (int i = 0; i < value.length(); i++) {
            if (!Bytes.target((byte) value.charAt(i)) || value.charAt(i) == '?') {
                throw new Unsupported("path " + value + " has a character that no path may have");
            }
        }
        return switch (path.path("type").asText("")) {
            case "ReplaceFullPath" ->
                    new PathEdit.Full(value.startsWith("/") ? value : "/" + value);
            case "ReplacePrefixMatch" ->
                    new PathEdit.Prefix(
                            value.isEmpty() || value.startsWith("/") ? value : "/" + value);
            default -> new PathEdit.Keep();
        };
    }

    /**
     * Reads a Gateway API duration such as {@code 1m30s} or {@code 500ms}; empty or zero means no
     * limit.
     */
    static int millis(String duration) {
        long total = 0;
        long number = 0;
        for (int i = 0; i < duration.length(); i++) {
            char c = duration.charAt(i);
            if (c >= '0' && c <= '9') {
                number = number * 10 + (c - '0');
                continue;
            }
            boolean milli = c == 'm' && i + 1 < duration.length() && duration.charAt(i + 1) == 's';
            total += number * (milli ? 1 : c == 'h' ? 3_600_000 : c == 'm' ? 60_000 : 1_000);
            number = 0;
            i += milli ? 1 : 0;
        }
        return (int) Math.min(Integer.MAX_VALUE, total);
    }
}
