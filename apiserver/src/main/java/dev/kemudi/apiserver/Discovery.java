package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.Json;
import dev.kemudi.api.Resource;
import dev.kemudi.api.ResourceDefinition;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * {@code /api} and {@code /apis}: what is served, aggregated (v2 and v2beta1) and in the older form
 * per group.
 */
final class Discovery {
    private static final String AGGREGATED =
            "application/json;g=apidiscovery.k8s.io;v=%s;as=APIGroupDiscoveryList";

    /** A subresource or a resource that is not stored. */
    record Extra(
            String name,
            String group,
            String version,
            String kind,
            boolean namespaced,
            List<String> verbs) {}

    private final Registry registry;
    private final Subresources subresources;

    Discovery(Registry registry, Subresources subresources) {
        this.registry = registry;
        this.subresources = subresources;
    }

    private static List<String> verbs() {
        return List.of(
                "create", "delete", "deletecollection", "get", "list", "patch", "update", "watch");
    }

    /** Answers {@code /api} or {@code /apis}. */
    void root(Exchange exchange, boolean core) {
        Optional<String> version = aggregatedVersion(exchange.header("Accept").orElse(""));
        ObjectNode body;
        String contentType = "application/json";
        if (version.isPresent()) {
            body = aggregated(core, version.get());
            contentType = AGGREGATED.formatted(version.get());
        } else {
            body = core ? legacyCore() : legacyGroups();
        }
        send(exchange, contentType, body);
    }

    private static Optional<String> aggregatedVersion(String accept) {
        for (String text : accept.split(",")) {
            Negotiation.Alternative alternative = Negotiation.Alternative.parse(text);
            String version = alternative.parameter("v");
            if (alternative.parameter("as").equals("APIGroupDiscoveryList")) {
                if (version.equals("v2") || version.equals("v2beta1")) {
                    return Optional.of(version);
                }
            } else if (alternative.mediaType().equals("application/json")) {
                return Optional.empty();
            }
        }
        return Optional.empty();
    }

    static void send(Exchange exchange, String contentType, ObjectNode body) {
        byte[] bytes = Render.tree(body);
        String etag = "\"" + sha(bytes) + "\"";
        exchange.setHeader("ETag", etag);
        exchange.setHeader("Vary", "Accept");
        boolean known = exchange.header("If-None-Match").filter(etag::equals).isPresent();
        exchange.send(known ? 304 : 200, contentType, bytes);
    }

    static String sha(byte[] bytes) {
        try {
            return HexFormat.of()
                    .withUpperCase()
                    .formatHex(MessageDigest.getInstance("SHA-512").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-512", e);
        }
    }

    /** Group → versions, preferred first. */
    Map<String, List<String>> groups() {
        Map<String, List<String>> groups = new LinkedHashMap<>();
        registry.all().forEach(k -> add(groups, k.resource().group(), k.resource().version()));
        subresources.virtual().forEach(e -> add(groups, e.group(), e.version()));
        groups.values().forEach(versions -> versions.sort(Versions.NEWEST_FIRST));
        return groups;
    }

    private static void add(Map<String, List<String>> groups, String group, String version) {
        List<String> versions = groups.computeIfAbsent(group, g -> new ArrayList<>());
        if (!versions.contains(version)) {
            versions.add(version);
        }
    }

    private ObjectNode aggregated(boolean core, String version) {
        ObjectNode list = Json.MAPPER.createObjectNode();
        list.put("kind", "APIGroupDiscoveryList")
                .put("apiVersion", "apidiscovery.k8s.io/" + version);
        list.putObject("metadata");
        ArrayNode items = list.putArray("items");
        groups().forEach((group, versions) -> {
            if (group.isEmpty() == core) {
                ObjectNode item = items.addObject();
                ObjectNode metadata = item.putObject("metadata");
                if (!group.isEmpty()) {
                    metadata.put("name", group);
                }
                metadata.putNull("creationTimestamp");
                ArrayNode array = item.putArray("versions");
                versions.forEach(v -> aggregatedVersion(array.addObject(), group, v));
            }
        });
        return list;
    }

    private void aggregatedVersion(ObjectNode node, String group, String version) {
        node.put("version", version);
        ArrayNode resources = node.putArray("resources");
        for (Kind kind : kinds(group, version)) {
            Resource resource = kind.resource();
            ObjectNode entry = resources.addObject().put("resource", resource.plural());
            entry.set("responseKind", kindNode(group, version, resource.kind()));
            entry.put("scope", resource.namespaced() ? "Namespaced" : "Cluster");
            entry.put("singularResource", kind.definition().singular());
            verbs().forEach(entry.putArray("verbs")::add);
            texts(entry, "shortNames", kind.definition().shortNames());
            texts(entry, "categories", kind.definition().categories());
            List<Extra> subs = subresources.of(kind);
            if (!subs.isEmpty()) {
                ArrayNode array = entry.putArray("subresources");
                for (Extra sub : subs) {
                    ObjectNode node2 = array.addObject().put("subresource", sub.name());
                    node2.set("responseKind", kindNode(sub.group(), sub.version(), sub.kind()));
                    sub.verbs().forEach(node2.putArray("verbs")::add);
                }
            }
        }
        for (Extra extra : virtual(group, version)) {
            ObjectNode entry = resources.addObject().put("resource", extra.name());
            entry.set("responseKind", kindNode(group, version, extra.kind()));
            entry.put("scope", extra.namespaced() ? "Namespaced" : "Cluster");
            entry.put("singularResource", extra.kind().toLowerCase(java.util.Locale.ROOT));
            extra.verbs().forEach(entry.putArray("verbs")::add);
        }
        node.put("freshness", "Current");
    }

    private static ObjectNode kindNode(String group, String version, String kind) {
        return Json.MAPPER
                .createObjectNode()
                .put("group", group)
                .put("version", version)
                .put("kind", kind);
    }

    private static void texts(ObjectNode node, String field, List<String> values) {
        if (!values.isEmpty()) {
            values.forEach(node.putArray(field)::add);
        }
    }

    private List<Kind> kinds(String group, String version) {
        return registry.all().stream()
                .filter(k ->
                        k.resource().group().equals(group)
                                && k.resource().version().equals(version))
                .sorted(Comparator.comparing(k -> k.resource().plural()))
                .toList();
    }

    private List<Extra> virtual(String group, String version) {
        return subresources.virtual().stream()
                .filter(e -> e.group().equals(group) && e.version().equals(version))
                .toList();
    }

    private static ObjectNode legacyCore() {
        ObjectNode body = Json.MAPPER.createObjectNode();
        body.put("kind", "APIVersions").putArray("versions").add("v1");
        body.putArray("serverAddressByClientCIDRs");
        return body;
    }

    private ObjectNode legacyGroups() {
        ObjectNode body = Json.MAPPER.createObjectNode();
        body.put("kind", "APIGroupList").put("apiVersion", "v1");
        ArrayNode array = body.putArray("groups");
        groups().forEach((group, versions) -> {
            if (!group.isEmpty()) {
                array.add(group(group, versions));
            }
        });
        return body;
    }

    private static ObjectNode group(String group, List<String> versions) {
        ObjectNode node = Json.MAPPER.createObjectNode().put("name", group);
        ArrayNode array = node.putArray("versions");
        versions.forEach(
                v -> array.addObject().put("groupVersion", group + "/" + v).put("version", v));
        node.putObject("preferredVersion")
                .put("groupVersion", group + "/" + versions.getFirst())
                .put("version", versions.getFirst());
        return node;
    }

    /** Answers {@code /apis/GROUP}; false when there is no such group. */
    boolean group(Exchange exchange, String group) {
        List<String> versions = groups().get(group);
        if (versions == null || group.isEmpty()) {
            return false;
        }
        ObjectNode node = group(group, versions);
        send(exchange, "application/json", node.put("kind", "APIGroup").put("apiVersion", "v1"));
        return true;
    }

    /**
     * Answers {@code /api/v1} and {@code /apis/GROUP/VERSION}; false when there is no such version.
     */
    boolean version(Exchange exchange, String group, String version) {
        if (!groups().getOrDefault(group, List.of()).contains(version)) {
            return false;
        }
        String groupVersion = group.isEmpty() ? version : group + "/" + version;
        ObjectNode body = Json.MAPPER.createObjectNode();
        body.put("kind", "APIResourceList")
                .put("apiVersion", "v1")
                .put("groupVersion", groupVersion);
        ArrayNode array = body.putArray("resources");
        for (Kind kind : kinds(group, version)) {
            legacyKind(array, kind);
        }
        for (Extra extra : virtual(group, version)) {
            legacyExtra(array.addObject(), extra.name(), extra, group, version);
        }
        send(exchange, "application/json", body);
        return true;
    }

    private void legacyKind(ArrayNode array, Kind kind) {
        Resource resource = kind.resource();
        ResourceDefinition definition = kind.definition();
        ObjectNode entry = array.addObject();
        entry.put("name", resource.plural()).put("singularName", definition.singular());
        entry.put("namespaced", resource.namespaced()).put("kind", resource.kind());
        verbs().forEach(entry.putArray("verbs")::add);
        texts(entry, "shortNames", definition.shortNames());
        texts(entry, "categories", definition.categories());
        entry.put(
                "storageVersionHash",
                sha(kind.keyPrefix().getBytes(StandardCharsets.UTF_8)).substring(0, 11));
        for (Extra sub : subresources.of(kind)) {
            legacyExtra(
                    array.addObject(),
                    resource.plural() + "/" + sub.name(),
                    sub,
                    resource.group(),
                    resource.version());
        }
    }

    private static void legacyExtra(
            ObjectNode entry, String name, Extra extra, String group, String version) {
        entry.put("name", name).put("singularName", "").put("namespaced", extra.namespaced());
        if (!extra.group().equals(group) || !extra.version().equals(version)) {
            entry.put("group", extra.group()).put("version", extra.version());
        }
        entry.put("kind", extra.kind());
        extra.verbs().forEach(entry.putArray("verbs")::add);
    }
}
