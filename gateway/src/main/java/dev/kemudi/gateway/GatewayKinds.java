package dev.kemudi.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.api.ApiClient;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ListOptions;
import dev.kemudi.api.Resource;
import dev.kemudi.kernel.TimeSource;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/** The Gateway API kinds: their addresses and the definitions that the module installs. */
public final class GatewayKinds {
    static final String GROUP = "gateway.networking.k8s.io";
    static final String CONTROLLER = "gateway.kemudi.dev/controller";
    static final String CLASS_NAME = "kemudi";
    static final Resource CLASSES =
            new Resource(GROUP, "v1", "gatewayclasses", "GatewayClass", false);
    static final Resource GATEWAYS = new Resource(GROUP, "v1", "gateways", "Gateway", true);
    static final Resource ROUTES = new Resource(GROUP, "v1", "httproutes", "HTTPRoute", true);
    static final Resource GRANTS =
            new Resource(GROUP, "v1", "referencegrants", "ReferenceGrant", true);
    static final List<Resource> ALL = List.of(CLASSES, GATEWAYS, ROUTES, GRANTS);

    private static final int SERVED_WITHIN_MILLIS = 15_000;
    private static final int CONFLICTS_MAX = 5;

    private GatewayKinds() {}

    /** The CustomResourceDefinitions that this module installs. */
    public static List<ApiObject> definitions() {
        return ALL.stream().map(GatewayKinds::definition).toList();
    }

    /** The CustomResourceDefinition of {@code resource}, as it lies in the jar. */
    static ApiObject definition(Resource resource) {
        try (InputStream in = GatewayKinds.class.getResourceAsStream(resource.plural() + ".json")) {
            if (in == null) {
                throw new IllegalStateException(
                        "expected the definition of " + resource.kind() + " in the jar");
            }
            return ApiObject.parse(new String(in.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Installs or updates the definitions, waits until they are served, and creates the class.
     * Blocks.
     */
    static void install(ApiClient client, TimeSource time) throws InterruptedException {
        for (Resource resource : ALL) {
            installed(client, Resource.CUSTOM_RESOURCE_DEFINITIONS, definition(resource));
        }
        for (Resource resource : ALL) {
            awaitServed(client, resource, time);
        }
        ApiObject declared =
                ApiObject.named(CLASSES, "", CLASS_NAME)
                        .edit(tree ->
                                tree.putObject("spec")
                                        .put("controllerName", CONTROLLER)
                                        .put("description", "Kemudi's own gateway"));
        if (client.find(CLASSES, "", CLASS_NAME).isEmpty()) {
            created(client, CLASSES, declared);
        }
    }

    private static void installed(ApiClient client, Resource resource, ApiObject wanted) {
        for (int i = 0; i < CONFLICTS_MAX; i++) {
            Optional<ApiObject> found = client.find(resource, "", wanted.name());
            if (found.isEmpty()) {
                if (created(client, resource, wanted)) {
                    return;
                }
                continue;
            }
            if (contains(found.get().at("/spec"), wanted.at("/spec"))) {
                return;
            }
            try {
                client.update(
                        resource, found.get().edit(tree -> tree.set("spec", wanted.at("/spec"))));
                return;
            } catch (ApiException e) {
                if (!e.conflict()) {
                    throw e;
                }
            }
        }
    }

    /**
     * Whether all of {@code wanted} stands in {@code found}; more may, because the server adds
     * defaults.
     */
    static boolean contains(JsonNode found, JsonNode wanted) {
        if (wanted.isObject()) {
            return wanted.properties().stream()
                    .allMatch(e -> contains(found.path(e.getKey()), e.getValue()));
        }
        if (wanted.isArray()) {
            boolean same = found.size() == wanted.size();
            for (int i = 0; same && i < wanted.size(); i++) {
                same = contains(found.path(i), wanted.path(i));
            }
            return same;
        }
        return found.equals(wanted) || (wanted.isNumber() && found.asLong() == wanted.asLong());
    }

    private static boolean created(ApiClient client, Resource resource, ApiObject object) {
        try {
            client.create(resource, object);
            return true;
        } catch (ApiException e) {
            if (e.alreadyExists()) {
                return false;
            }
            throw e;
        }
    }

    private static void awaitServed(ApiClient client, Resource resource, TimeSource time)
            throws InterruptedException {
        long until = time.nanoTime() + SERVED_WITHIN_MILLIS * 1_000_000L;
        while (true) {
            try {
                client.list(resource, "", new ListOptions("", "", 1, "", ""));
                return;
            } catch (ApiException e) {
                if (!e.notFound() || time.nanoTime() > until) {
                    throw e;
                }
                time.sleep(5);
            }
        }
    }
}
