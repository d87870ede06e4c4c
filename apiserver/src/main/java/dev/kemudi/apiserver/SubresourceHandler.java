package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.admission.Attributes.Operation;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Patch;
import dev.kemudi.api.Resource;
import dev.kemudi.api.Status;
import java.io.IOException;
import java.util.Optional;

/** Parts of an object that have a path of their own: scale, finalize, binding, eviction, log. */
final class SubresourceHandler {
    private final Core core;
    private final RequestBodies bodies;
    private final Render render;
    private final PodHandler pods;
    private final TokenRequests tokens;
    private final Evictions evictions;

    SubresourceHandler(
            Core core, RequestBodies bodies, Render render, PodHandler pods, TokenRequests tokens) {
        this.core = core;
        this.bodies = bodies;
        this.render = render;
        this.pods = pods;
        this.tokens = tokens;
        evictions = new Evictions(core);
    }

    int handle(Exchange exchange, RequestPath path, Kind kind, User user)
            throws IOException, InterruptedException {
        boolean pod = kind.resource().equals(Resource.PODS);
        String what = path.subresource();
        if (what.equals("scale") && kind.definition().scale().isPresent()) {
            return scale(exchange, path, kind, user);
        }
        if (what.equals("finalize") && kind.resource().equals(Resource.NAMESPACES)) {
            if (exchange.method().equals("GET") || exchange.method().equals("HEAD")) {
                throw notAllowed();
            }
            return part(exchange, path, kind, user);
        }
        if (what.equals(SigningRequests.APPROVAL)
                && kind.resource().equals(Resource.CERTIFICATE_SIGNING_REQUESTS)) {
            return part(exchange, path, kind, user);
        }
        if (what.equals("token") && kind.resource().equals(Resource.SERVICE_ACCOUNTS)) {
            return token(exchange, path);
        }
        if (pod) {
            switch (what) {
                case "log" -> {
                    return pods.log(exchange, path, kind);
                }
                case "binding" -> {
                    return bind(exchange, path, kind, user);
                }
                case "eviction" -> {
                    return evict(exchange, path, kind, user);
                }
                case "exec", "attach", "portforward" -> throw pods.notUpgraded(exchange, path);
                default -> {}
            }
        }
        throw new ApiException(
                Status.of(404, "NotFound", "the server could not find the requested resource"));
    }

    private int scale(Exchange exchange, RequestPath path, Kind kind, User user) {
        WriteOptions options = ResourceHandler.options(exchange, user);
        ApiObject object =
                switch (exchange.method()) {
                    case "GET", "HEAD" -> core.reads().get(kind, path.namespace(), path.name());
                    case "PUT" -> {
                        ObjectNode wanted = bodies.read(exchange);
                        yield core.scales()
                                .change(
                                        kind,
                                        path.namespace(),
                                        path.name(),
                                        scale -> wanted,
                                        options);
                    }
                    case "PATCH" -> {
                        Patch.Type type = ResourceHandler.patchType(exchange);
                        yield core.patches()
                                .patch(
                                        kind,
                                        path.namespace(),
                                        path.name(),
                                        "scale",
                                        type,
                                        exchange.body(),
                                        options)
                                .object();
                    }
                    default -> throw notAllowed();
                };
        exchange.send(200, "application/json", Render.tree(Scales.of(kind, object)));
        return 200;
    }

    private static ApiException notAllowed() {
        return new ApiException(
                Status.of(
                        405,
                        "MethodNotAllowed",
                        "the server does not allow this method on the requested resource"));
    }

    /** Writes a part of the object, and answers with all of it. */
    private int part(Exchange exchange, RequestPath path, Kind kind, User user) {
        WriteOptions options = ResourceHandler.options(exchange, user);
        String what = path.subresource();
        ApiObject object =
                switch (exchange.method()) {
                    case "GET", "HEAD" -> core.reads().get(kind, "", path.name());
                    case "PUT" ->
                            core.writes()
                                    .update(
                                            kind,
                                            "",
                                            path.name(),
                                            what,
                                            bodies.read(exchange),
                                            options);
                    case "PATCH" ->
                            core.patches()
                                    .patch(
                                            kind,
                                            "",
                                            path.name(),
                                            what,
                                            ResourceHandler.patchType(exchange),
                                            exchange.body(),
                                            options)
                                    .object();
                    default -> throw notAllowed();
                };
        Encoding encoding = Negotiation.encoding(exchange, kind.resource());
        exchange.send(200, encoding.contentType(), render.object(kind, object, encoding));
        return 200;
    }

    private int bind(Exchange exchange, RequestPath path, Kind kind, User user) {
        requirePost(exchange);
        ObjectNode binding = bodies.read(exchange);
        String node = binding.path("target").path("name").asText("");
        if (node.isEmpty()) {
            throw new ApiException(
                    Status.badRequest("target.name: the node to bind to is required"));
        }
        WriteOptions options = ResourceHandler.options(exchange, user);
        admit(binding, "v1", "Binding", path, kind, options);
        core.writes()
                .replace(
                        kind,
                        path.namespace(),
                        path.name(),
                        "binding",
                        "",
                        old -> {
                            String bound = old.text("/spec/nodeName");
                            if (!bound.isEmpty() && !bound.equals(node)) {
                                throw new ApiException(
                                        Status.conflict(
                                                kind.resource(),
                                                path.name(),
                                                "pod "
                                                        + path.name()
                                                        + " is already assigned to node \""
                                                        + bound
                                                        + "\""));
                            }
                            ObjectNode tree = old.tree().deepCopy();
                            tree.withObjectProperty("spec").put("nodeName", node);
                            return tree;
                        },
                        options);
        return created(exchange);
    }

    /** What is sent to a part of a pod is an object of its own. */
    private void admit(
            ObjectNode sent,
            String apiVersion,
            String kindName,
            RequestPath path,
            Kind kind,
            WriteOptions options) {
        if (!sent.has("kind")) {
            sent.put("apiVersion", apiVersion).put("kind", kindName);
        }
        core.admission()
                .passed(
                        new Admitting.Request(
                                Operation.CREATE,
                                kind,
                                path.subresource(),
                                path.namespace(),
                                path.name(),
                                Optional.of(sent),
                                Optional.empty(),
                                options));
    }

    private int evict(Exchange exchange, RequestPath path, Kind kind, User user) {
        requirePost(exchange);
        WriteOptions options = ResourceHandler.options(exchange, user);
        ObjectNode eviction = bodies.read(exchange);
        admit(eviction, "policy/v1", "Eviction", path, kind, options);
        evictions.evict(path.namespace(), path.name(), eviction, options);
        return created(exchange);
    }

    private int token(Exchange exchange, RequestPath path) {
        requirePost(exchange);
        ObjectNode answer = tokens.answer(path.namespace(), path.name(), bodies.read(exchange));
        exchange.send(201, "application/json", Render.tree(answer));
        return 201;
    }

    private static void requirePost(Exchange exchange) {
        if (!exchange.method().equals("POST")) {
            throw notAllowed();
        }
    }

    private static int created(Exchange exchange) {
        ObjectNode status = Status.of(201, "", "").toTree();
        status.remove("reason");
        status.remove("message");
        exchange.send(201, "application/json", Render.tree(status));
        return 201;
    }
}
