package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.DeleteOptions.Propagation;
import dev.kemudi.api.Json;
import dev.kemudi.api.ListOptions;
import dev.kemudi.api.Patch;
import dev.kemudi.api.Status;
import java.io.IOException;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalLong;

/** Requests on stored resources: HTTP verbs, parameters and bodies to and from {@link Core}. */
final class ResourceHandler {

    private final Core core;
    private final RequestBodies bodies;
    private final Render render;
    private final WatchHandler watches;
    private final SubresourceHandler subresources;

    ResourceHandler(
            Core core,
            RequestBodies bodies,
            Render render,
            WatchHandler watches,
            SubresourceHandler subresources) {
        this.core = core;
        this.bodies = bodies;
        this.render = render;
        this.watches = watches;
        this.subresources = subresources;
    }

    int handle(Exchange exchange, RequestPath path, User user)
            throws IOException, InterruptedException {
        Kind kind =
                core.registry()
                        .find(path.group(), path.version(), path.plural())
                        .orElseThrow(() ->
                                new ApiException(
                                        Status.of(
                                                404,
                                                "NotFound",
                                                "the server could not find the requested resource")));
        if (!path.namespace().isEmpty() && !kind.resource().namespaced()) {
            throw new ApiException(
                    Status.of(404, "NotFound", "the server could not find the requested resource"));
        }
        if (path.name().isEmpty()) {
            return collection(exchange, path, kind, user);
        }
        if (kind.resource().namespaced() && path.namespace().isEmpty()) {
            throw new ApiException(
                    Status.of(404, "NotFound", "the server could not find the requested resource"));
        }
        if (path.subresource().isEmpty() || path.subresource().equals("status")) {
            if (path.subresource().equals("status") && !kind.definition().statusSubresource()) {
                throw new ApiException(
                        Status.of(
                                404,
                                "NotFound",
                                "the server could not find the requested resource"));
            }
            return object(exchange, path, kind, user);
        }
        return subresources.handle(exchange, path, kind, user);
    }

    private int collection(Exchange exchange, RequestPath path, Kind kind, User user)
            throws IOException, InterruptedException {
        return switch (exchange.method()) {
            case "GET", "HEAD" -> {
                boolean watch = path.watch() || exchange.params().flag("watch");
                yield watch ? watches.handle(exchange, path, kind) : list(exchange, path, kind);
            }
            case "POST" -> {
                ObjectNode body = bodies.read(exchange);
                String namespace = path.namespace();
                if (kind.resource().namespaced() && namespace.isEmpty()) {
                    throw new ApiException(
                            Status.of(
                                    405,
                                    "MethodNotAllowed",
                                    "the server does not allow this method on the requested resource"));
                }
                ApiObject made =
                        core.writes().create(kind, namespace, body, options(exchange, user));
                yield answer(exchange, 201, kind, made);
            }
            case "DELETE" -> deleteCollection(exchange, path, kind, user);
            default -> throw notAllowed();
        };
    }

    private static ApiException notAllowed() {
        return new ApiException(
                Status.of(
                        405,
                        "MethodNotAllowed",
                        "the server does not allow this method on the requested resource"));
    }

    /** With what a webhook must convert converted, before the answer begins. */
    private Reads.Page page(Exchange exchange, RequestPath path, Kind kind) {
        ListOptions options = listOptions(exchange.params());
        Reads.Page stored =
                switch (VersionMatch.of(exchange.params())) {
                    case NOT_OLDER_THAN -> core.reads().list(kind, path.namespace(), options);
                    case EXACT -> core.reads().listAt(kind, path.namespace(), options);
                };
        return kind.conversion().isEmpty()
                ? stored
                : new Reads.Page(
                        kind.views(stored.items()),
                        stored.revision(),
                        stored.continueToken(),
                        stored.remaining());
    }

    private int list(Exchange exchange, RequestPath path, Kind kind) throws IOException {
        Encoding encoding = Negotiation.encoding(exchange, kind.resource());
        Reads.Page page = page(exchange, path, kind);
        LargeAnswer out = new LargeAnswer(exchange, 200, listType(encoding));
        render.list(out, kind, page, encoding);
        out.finish();
        return 200;
    }

    private static String listType(Encoding encoding) {
        return encoding.contentType()
                .replace("as=PartialObjectMetadata;", "as=PartialObjectMetadataList;");
    }

    static ListOptions listOptions(Params params) {
        long limit = params.number("limit", 0);
        return new ListOptions(
                params.text("labelSelector"),
                params.text("fieldSelector"),
                (int) Math.clamp(limit, 0, Integer.MAX_VALUE),
                params.text("continue"),
                params.text("resourceVersion"));
    }

    private int object(Exchange exchange, RequestPath path, Kind kind, User user)
            throws IOException, InterruptedException {
        return switch (exchange.method()) {
            case "GET", "HEAD" -> {
                if (path.watch() || exchange.params().flag("watch")) {
                    yield watches.handle(exchange, path, kind);
                }
                yield answer(
                        exchange, 200, kind, core.reads().get(kind, path.namespace(), path.name()));
            }
            case "PUT" -> {
                WriteOptions options = options(exchange, user);
                ObjectNode body = bodies.read(exchange);
                ApiObject object =
                        core.writes()
                                .update(
                                        kind,
                                        path.namespace(),
                                        path.name(),
                                        path.subresource(),
                                        body,
                                        options);
                yield answer(exchange, 200, kind, object);
            }
            case "PATCH" -> patch(exchange, path, kind, user);
            case "DELETE" -> {
                if (!path.subresource().isEmpty()) {
                    throw notAllowed();
                }
                yield delete(exchange, path, kind, user);
            }
            default -> throw notAllowed();
        };
    }

    private int patch(Exchange exchange, RequestPath path, Kind kind, User user) {
        Patch.Type type = patchType(exchange);
        WriteOptions options = options(exchange, user).forced(exchange.params().flag("force"));
        if (type == Patch.Type.APPLY && exchange.params().text("fieldManager").isEmpty()) {
            throw new ApiException(
                    Status.of(
                            422,
                            "Invalid",
                            "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required "
                                    + "value: is required for apply"
                                    + " patch"));
        }
        byte[] body = exchange.body();
        Patching.Outcome outcome =
                core.patches()
                        .patch(
                                kind,
                                path.namespace(),
                                path.name(),
                                path.subresource(),
                                type,
                                body,
                                options);
        return answer(exchange, outcome.created() ? 201 : 200, kind, outcome.object());
    }

    static Patch.Type patchType(Exchange exchange) {
        String mediaType = Bodies.mediaType(exchange.header("Content-Type").orElse(""));
        return Arrays.stream(Patch.Type.values())
                .filter(t -> t.mediaType().equals(mediaType))
                .findFirst()
                .orElseThrow(() ->
                        new ApiException(
                                Status.of(
                                        415,
                                        "UnsupportedMediaType",
                                        "the body of the request was in an unknown format - "
                                                + "accepted media types include:"
                                                + " application/json-patch+json, "
                                                + "application/merge-patch+json,"
                                                + " application/strategic-merge-patch+json, "
                                                + "application/apply-patch+yaml")));
    }

    private int answer(Exchange exchange, int code, Kind kind, ApiObject object) {
        Encoding encoding = Negotiation.encoding(exchange, kind.resource());
        exchange.send(code, encoding.contentType(), render.object(kind, object, encoding));
        return code;
    }

    private int delete(Exchange exchange, RequestPath path, Kind kind, User user) {
        Deletes.Request request = deleteRequest(exchange, user);
        Deletes.Outcome outcome =
                core.deletes().delete(kind, path.namespace(), path.name(), request);
        if (!outcome.gone()) {
            return answer(exchange, 200, kind, outcome.object());
        }
        Status status = Status.of(200, "", "");
        status.details().put("name", path.name());
        if (!path.group().isEmpty()) {
            status.details().put("group", path.group());
        }
        status.details().put("kind", kind.resource().plural()).put("uid", outcome.object().uid());
        ObjectNode tree = status.toTree();
        tree.remove("reason");
        tree.remove("message");
        tree.remove("code");
        exchange.send(200, "application/json", Render.tree(tree));
        return 200;
    }

    private int deleteCollection(Exchange exchange, RequestPath path, Kind kind, User user)
            throws IOException {
        Deletes.Request request = deleteRequest(exchange, user);
        Reads.Page page = page(exchange, path, kind);
        for (ApiObject object : page.items()) {
            try {
                core.deletes().delete(kind, object.namespace(), object.name(), request);
            } catch (ApiException e) {
                if (!e.notFound()) {
                    throw e;
                }
            }
        }
        Encoding encoding = Negotiation.encoding(exchange, kind.resource());
        LargeAnswer out = new LargeAnswer(exchange, 200, listType(encoding));
        render.list(out, kind, page, encoding);
        out.finish();
        return 200;
    }

    /** DeleteOptions from the body, or else from the query. */
    Deletes.Request deleteRequest(Exchange exchange, User user) {
        byte[] body = exchange.body();
        ObjectNode options =
                body.length == 0 ? Json.MAPPER.createObjectNode() : bodies.parse(exchange, body);
        Params params = exchange.params();
        String policy = options.path("propagationPolicy").asText(params.text("propagationPolicy"));
        boolean orphan =
                options.path("orphanDependents").asBoolean(params.flag("orphanDependents"));
        Optional<Propagation> propagation =
                policy.isEmpty()
                        ? (orphan ? Optional.of(Propagation.ORPHAN) : Optional.empty())
                        : Optional.of(
                                Arrays.stream(Propagation.values())
                                        .filter(p -> p.policy().equals(policy))
                                        .findFirst()
                                        .orElseThrow(() ->
                                                new ApiException(
                                                        Status.of(
                                                                422,
                                                                "Invalid",
                                                                "DeleteOptions.meta.k8s.io \"\" is "
                                                                        + "invalid: "
                                                                        + "propagationPolicy: "
                                                                        + "Unsupported value: \""
                                                                        + policy
                                                                        + "\": supported values: "
                                                                        + "\"Foreground\", \"Background\","
                                                                        + " \"Orphan\""))));
        long grace =
                options.path("gracePeriodSeconds").asLong(params.number("gracePeriodSeconds", -1));
        boolean dryRun = dryRun(params) || options.path("dryRun").path(0).asText("").equals("All");
        return new Deletes.Request(
                propagation,
                grace < 0 ? OptionalLong.empty() : OptionalLong.of(grace),
                options.path("preconditions").path("uid").asText(""),
                options.path("preconditions").path("resourceVersion").asText(""),
                dryRun,
                options(exchange, user));
    }

    private static boolean dryRun(Params params) {
        for (String value : params.all("dryRun")) {
            if (value.equals("All")) {
                return true;
            }
            if (!value.isEmpty()) {
                throw new ApiException(
                        Status.of(
                                422,
                                "Invalid",
                                "dryRun: Unsupported value: \""
                                        + value
                                        + "\": supported values: \"All\""));
            }
        }
        return false;
    }

    static WriteOptions options(Exchange exchange, User user) {
        Params params = exchange.params();
        String manager = params.text("fieldManager");
        if (manager.isEmpty()) {
            // as Kubernetes: what the user agent calls itself before its version
            String agent = exchange.header("User-Agent").orElse("unknown");
            int slash = agent.indexOf('/');
            manager = slash > 0 ? agent.substring(0, slash) : agent;
        }
        if (manager.length() > 128) {
            throw new ApiException(
                    Status.of(
                            422,
                            "Invalid",
                            "fieldManager: Too long: may not be more than 128 bytes"));
        }
        WriteOptions.Validation validation =
                switch (params.text("fieldValidation")) {
                    case "Strict" -> WriteOptions.Validation.STRICT;
                    case "Warn", "" -> WriteOptions.Validation.WARN;
                    case "Ignore" -> WriteOptions.Validation.IGNORE;
                    default ->
                            throw new ApiException(
                                    Status.of(
                                            422,
                                            "Invalid",
                                            "fieldValidation: Unsupported value: \""
                                                    + params.text("fieldValidation")
                                                    + "\": supported values: \"Ignore\", \"Warn\", "
                                                    + "\"Strict\""));
                };
        return new WriteOptions(user, manager, dryRun(params), validation, false, false, exchange);
    }
}
