package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.Json;
import dev.kemudi.api.Status;
import io.helidon.webserver.ServerConnectionException;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/**
 * Every request passes here: who asks, what for, and who answers. Errors become {@code
 * metav1.Status}.
 */
final class Router {
    private static final System.Logger LOG = System.getLogger(Router.class.getName());

    private final Authenticator authenticator;
    private final Discovery discovery;
    private final ResourceHandler resources;
    private final Reviews reviews;
    private final OpenApi openApi;
    private final IssuerDiscovery issuer;
    private final Rbac rbac;
    private final Impersonation impersonation;

    Router(
            Authenticator authenticator,
            Discovery discovery,
            ResourceHandler resources,
            Reviews reviews,
            OpenApi openApi,
            IssuerDiscovery issuer,
            Rbac rbac) {
        this.authenticator = authenticator;
        this.discovery = discovery;
        this.resources = resources;
        this.reviews = reviews;
        this.openApi = openApi;
        this.issuer = issuer;
        this.rbac = rbac;
        impersonation = new Impersonation(rbac);
    }

    /** Answers one request; @return the HTTP status code */
    int handle(Exchange exchange) {
        try {
            return route(exchange);
        } catch (ApiException e) {
            return refuse(exchange, e.status());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return refuse(exchange, Status.of(503, "ServiceUnavailable", "the server is stopping"));
        } catch (IOException | RuntimeException e) {
            if (exchange.sent() || e instanceof ServerConnectionException) {
                LOG.log(
                        Level.DEBUG,
                        "the client of {0} went away: {1}",
                        exchange.rawPath(),
                        e.toString());
                throw exchange.cutShort();
            }
            LOG.log(
                    Level.ERROR,
                    "a bug in answering " + exchange.method() + " " + exchange.rawPath(),
                    e);
            return refuse(
                    exchange, Status.of(500, "InternalError", "Internal error occurred: " + e));
        }
    }

    static int refuse(Exchange exchange, Status status) {
        if (exchange.sent()) {
            throw exchange.cutShort();
        }
        if (status.details().has("retryAfterSeconds")) {
            exchange.setHeader("Retry-After", status.details().path("retryAfterSeconds").asText());
        }
        if (status.code() == 401) {
            exchange.setHeader("WWW-Authenticate", "Bearer");
        }
        exchange.send(status.code(), "application/json", Render.tree(status.toTree()));
        return status.code();
    }

    private int route(Exchange exchange) throws IOException, InterruptedException {
        List<String> segments = exchange.segments();
        String first = segments.isEmpty() ? "" : segments.getFirst();
        User user =
                authenticator
                        .authenticate(exchange.header("Authorization"), exchange.certificates())
                        .orElseThrow(() ->
                                new ApiException(Status.of(401, "Unauthorized", "Unauthorized")));
        user = impersonation.of(exchange::header, user);
        if (reviews.handle(exchange, segments, user)) {
            return 201;
        }
        Optional<RequestPath> path = objects(first, segments);
        rbac.require(access(exchange, user, path));
        return switch (first) {
            case "" -> paths(exchange);
            case "healthz", "livez", "readyz" -> {
                exchange.send(
                        200, "text/plain; charset=utf-8", "ok".getBytes(StandardCharsets.US_ASCII));
                yield 200;
            }
            case "version" -> {
                exchange.send(200, "application/json", Render.tree(Version.tree()));
                yield 200;
            }
            case "openid", ".well-known" -> issuer.handle(exchange, segments) ? 200 : missing();
            case "openapi" -> openApi.handle(exchange, segments) ? 200 : missing();
            case "api", "apis" -> api(exchange, segments, path, user);
            default -> missing();
        };
    }

    /** What objects a request is about; none when it is about the server itself. */
    private static Optional<RequestPath> objects(String first, List<String> segments) {
        boolean objects =
                (first.equals("api") && segments.size() > 2)
                        || (first.equals("apis") && segments.size() > 3);
        return objects ? RequestPath.parse(segments) : Optional.empty();
    }

    private static Access access(Exchange exchange, User user, Optional<RequestPath> path) {
        return path.map(objects ->
                        Access.toObjects(
                                user,
                                exchange.method(),
                                objects.watch() || exchange.params().flag("watch"),
                                objects))
                .orElseGet(() -> Access.toPath(user, exchange.method(), exchange.rawPath()));
    }

    private int api(Exchange exchange, List<String> segments, Optional<RequestPath> path, User user)
            throws IOException, InterruptedException {
        boolean core = segments.getFirst().equals("api");
        int size = segments.size();
        if (size == 1) {
            discovery.root(exchange, core);
            return 200;
        }
        if (!core && size == 2) {
            return discovery.group(exchange, segments.get(1)) ? 200 : missing();
        }
        if (size == (core ? 2 : 3)) {
            String group = core ? "" : segments.get(1);
            return discovery.version(exchange, group, segments.getLast()) ? 200 : missing();
        }
        return path.isEmpty() ? missing() : resources.handle(exchange, path.get(), user);
    }

    private int paths(Exchange exchange) {
        ObjectNode body = Json.MAPPER.createObjectNode();
        var paths = body.putArray("paths");
        paths.add("/api").add("/api/v1").add("/apis");
        discovery
                .groups()
                .forEach((group, versions) -> {
                    if (!group.isEmpty()) {
                        paths.add("/apis/" + group);
                        versions.forEach(v -> paths.add("/apis/" + group + "/" + v));
                    }
                });
        for (String path :
                List.of(
                        "/.well-known/openid-configuration",
                        "/healthz",
                        "/livez",
                        "/openapi/v2",
                        "/openapi/v3",
                        "/openid/v1/jwks",
                        "/readyz",
                        "/version")) {
            paths.add(path);
        }
        exchange.send(200, "application/json", Render.tree(body));
        return 200;
    }

    private static int missing() {
        throw new ApiException(
                Status.of(404, "NotFound", "the server could not find the requested resource"));
    }
}
