package dev.kemudi.server;

import dev.kemudi.api.ApiClient;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Patch;
import dev.kemudi.api.Resource;
import dev.kemudi.api.Status;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A set of manifests on its way to being true: applied in the order they depend on each other, then
 * watched until ready.
 */
final class Declaration {
    /** Owner of the fields that {@code kemudi up} sets. */
    static final String FIELD_MANAGER = "kemudi-up";

    private static final int POLL_MILLIS = 25;

    private final List<Manifest> manifests;
    private final ApiClient client;
    private final Discovery discovery;

    Declaration(List<Manifest> manifests, ApiClient client, Discovery discovery) {
        this.manifests =
                manifests.stream()
                        .sorted(Comparator.comparingInt(m -> rank(m.object().kind())))
                        .toList();
        this.client = client;
        this.discovery = discovery;
    }

    private static int rank(String kind) {
        return switch (kind) {
            case "CustomResourceDefinition" -> 0;
            case "Namespace" -> 1;
            case "ConfigMap", "Secret", "ServiceAccount", "GatewayClass" -> 2;
            default -> 3;
        };
    }

    /**
     * Applies everything, server side. A refused document stops here and names its line.
     *
     * @throws UsageException what the server refused, and where it stands
     */
    void apply() throws InterruptedException {
        for (Manifest manifest : manifests) {
            Resource resource = Patience.with(() -> resource(manifest));
            ApiObject object = manifest.object();
            byte[] body = object.toString().getBytes(StandardCharsets.UTF_8);
            try {
                Patience.with(() ->
                        client.patch(
                                resource,
                                namespace(resource, object),
                                object.name(),
                                new Patch(Patch.Type.APPLY, body, FIELD_MANAGER, true, "")));
            } catch (ApiException e) {
                throw refused(manifest, e.status());
            }
        }
    }

    private static UsageException refused(Manifest manifest, Status status) {
        String field = status.details().path("causes").path(0).path("field").asText("");
        return new UsageException("%s: %s".formatted(manifest.where(field), status.message()));
    }

    private Resource resource(Manifest manifest) {
        ApiObject object = manifest.object();
        return discovery
                .of(object.apiVersion(), object.kind())
                .orElseThrow(() -> notServed(manifest, object));
    }

    private static UsageException notServed(Manifest manifest, ApiObject object) {
        String words =
                "%s: no kind %s in %s is served here; apply its CustomResourceDefinition first";
        return new UsageException(
                words.formatted(manifest.where("kind"), object.kind(), object.apiVersion()));
    }

    private static String namespace(Resource resource, ApiObject object) {
        if (!resource.namespaced()) {
            return "";
        }
        return object.namespace().isEmpty() ? "default" : object.namespace();
    }

    /** What is not ready yet, by {@code Kind/name}; empty when everything declared is true. */
    Map<String, String> missing() {
        Map<String, String> missing = new TreeMap<>();
        for (Manifest manifest : manifests) {
            Resource resource = resource(manifest);
            ApiObject wanted = manifest.object();
            String name = wanted.kind() + "/" + wanted.name();
            client.find(resource, namespace(resource, wanted), wanted.name())
                    .map(Readiness::missing)
                    .ifPresentOrElse(
                            words -> {
                                if (!words.isEmpty()) {
                                    missing.put(name, words);
                                }
                            },
                            () -> missing.put(name, "deleted by someone else"));
        }
        return missing;
    }

    /**
     * Blocks until everything declared is ready, telling {@code progress} what is missing whenever
     * that changes.
     */
    void awaitReady(Progress progress) throws InterruptedException {
        List<String> last = new ArrayList<>();
        for (Map<String, String> missing = Patience.with(this::missing);
                !missing.isEmpty();
                missing = Patience.with(this::missing)) {
            List<String> words =
                    missing.entrySet().stream().map(e -> e.getKey() + ": " + e.getValue()).toList();
            if (!words.equals(last)) {
                progress.show(
                        words.getFirst()
                                + (words.size() > 1
                                        ? " (and %d more)".formatted(words.size() - 1)
                                        : ""));
                last = words;
            }
            Thread.sleep(POLL_MILLIS);
        }
        progress.clear();
    }

    int size() {
        return manifests.size();
    }
}
