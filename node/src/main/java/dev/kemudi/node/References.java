package dev.kemudi.node;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiClient;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Quantity;
import dev.kemudi.api.Resource;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What a pod may refer to: its own fields, its containers' resources, ConfigMaps and Secrets of its
 * namespace.
 *
 * @param address the pod's
 * @param hostAddress the node's
 */
record References(
        ApiClient client,
        ApiObject pod,
        String address,
        String hostAddress,
        Map<String, Quantity> allocatable) {
    /** A reference that leads nowhere. */
    static final class MissingException extends Exception {
        MissingException(String message) {
            super(message);
        }
    }

    /** The contents of a ConfigMap; empty when there is none and {@code optional}. */
    Optional<Map<String, byte[]>> configMap(String name, boolean optional) throws MissingException {
        Optional<ApiObject> found = client.find(Resource.CONFIG_MAPS, pod.namespace(), name);
        if (found.isEmpty()) {
            return absent("configmap", name, optional);
        }
        Map<String, byte[]> contents = new LinkedHashMap<>();
        found.get()
                .textMap("/data")
                .forEach((k, v) -> contents.put(k, v.getBytes(StandardCharsets.UTF_8)));
        found.get().textMap("/binaryData").forEach((k, v) -> contents.put(k, decode(v)));
        return Optional.of(contents);
    }

    /** The contents of a Secret; empty when there is none and {@code optional}. */
    Optional<Map<String, byte[]>> secret(String name, boolean optional) throws MissingException {
        Optional<ApiObject> found = client.find(Resource.SECRETS, pod.namespace(), name);
        if (found.isEmpty()) {
            return absent("secret", name, optional);
        }
        Map<String, byte[]> contents = new LinkedHashMap<>();
        found.get().textMap("/data").forEach((k, v) -> contents.put(k, decode(v)));
        return Optional.of(contents);
    }

    private static byte[] decode(String base64) {
        return Base64.getMimeDecoder().decode(base64);
    }

    private static Optional<Map<String, byte[]>> absent(String kind, String name, boolean optional)
            throws MissingException {
        if (optional) {
            return Optional.empty();
        }
        throw new MissingException("%s \"%s\" not found".formatted(kind, name));
    }

    /** One key of a ConfigMap or Secret; empty when it is absent and optional. */
    Optional<byte[]> key(boolean secret, JsonNode selector) throws MissingException {
        String name = selector.path("name").asText();
        String key = selector.path("key").asText();
        boolean optional = selector.path("optional").asBoolean();
        Optional<Map<String, byte[]>> contents =
                secret ? secret(name, optional) : configMap(name, optional);
        Optional<byte[]> value = contents.map(c -> c.get(key));
        if (value.isEmpty() && !optional) {
            throw new MissingException(
                    "couldn't find key %s in %s %s/%s"
                            .formatted(
                                    key, secret ? "Secret" : "ConfigMap", pod.namespace(), name));
        }
        return value;
    }

    /**
     * A token of the pod's service account.
     *
     * @param renewAt when four fifths of its life are over
     */
    record Token(byte[] text, Instant renewAt) {}

    /** A new token, bound to the pod: it ends with it. */
    Token token(JsonNode source, Instant now) throws MissingException {
        ObjectNode request = JsonNodeFactory.instance.objectNode();
        ObjectNode spec = request.putObject("spec");
        String audience = source.path("audience").asText("");
        if (!audience.isEmpty()) {
            spec.putArray("audiences").add(audience);
        }
        if (source.path("expirationSeconds").isNumber()) {
            spec.set("expirationSeconds", source.path("expirationSeconds"));
        }
        spec.putObject("boundObjectRef")
                .put("apiVersion", "v1")
                .put("kind", "Pod")
                .put("name", pod.name())
                .put("uid", pod.uid());
        String account = pod.text("/spec/serviceAccountName");
        ApiObject answer;
        try {
            answer =
                    client.create(
                            Resource.SERVICE_ACCOUNTS,
                            pod.namespace(),
                            account.isEmpty() ? "default" : account,
                            "token",
                            ApiObject.of(request));
        } catch (ApiException e) {
            throw new MissingException("failed to fetch token: " + e.getMessage());
        }
        Duration life =
                Duration.between(now, Instant.parse(answer.text("/status/expirationTimestamp")));
        return new Token(
                answer.text("/status/token").getBytes(StandardCharsets.UTF_8),
                now.plus(life.multipliedBy(4).dividedBy(5)));
    }

    /** The downward API's fields. */
    String field(String path) throws MissingException {
        int bracket = path.indexOf("['");
        if (bracket > 0 && path.endsWith("']")) {
            String key = path.substring(bracket + 2, path.length() - 2);
            return switch (path.substring(0, bracket)) {
                case "metadata.labels" -> pod.labels().getOrDefault(key, "");
                case "metadata.annotations" -> pod.annotations().getOrDefault(key, "");
                default -> throw unknown(path);
            };
        }
        return switch (path) {
            case "metadata.name" -> pod.name();
            case "metadata.namespace" -> pod.namespace();
            case "metadata.uid" -> pod.uid();
            case "metadata.labels" -> lines(pod.labels());
            case "metadata.annotations" -> lines(pod.annotations());
            case "spec.nodeName" -> pod.text("/spec/nodeName");
            case "spec.serviceAccountName" -> pod.text("/spec/serviceAccountName");
            case "status.podIP", "status.podIPs" -> address;
            case "status.hostIP", "status.hostIPs" -> hostAddress;
            default -> throw unknown(path);
        };
    }

    private static MissingException unknown(String path) {
        return new MissingException("fieldRef names \"" + path + "\", which pods do not offer");
    }

    private static String lines(Map<String, String> map) {
        StringBuilder lines = new StringBuilder();
        map.forEach((k, v) ->
                lines.append(k)
                        .append("=\"")
                        .append(v.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n"))
                        .append("\"\n"));
        return lines.toString();
    }

    /**
     * A container's request or limit in units of the divisor, rounded up; the node's own where no
     * limit is set.
     */
    String resource(JsonNode selector, String ownContainer) throws MissingException {
        String container = selector.path("containerName").asText(ownContainer);
        String[] path = selector.path("resource").asText().split("\\.", 2);
        if (path.length != 2 || !(path[0].equals("limits") || path[0].equals("requests"))) {
            throw new MissingException(
                    "resourceFieldRef expects limits.NAME or requests.NAME, found: "
                            + selector.path("resource").asText());
        }
        JsonNode resources = container(container).path("resources");
        Quantity amount = Quantity.of(resources.path(path[0]).path(path[1]));
        if (amount.signum() == 0 && path[0].equals("limits")) {
            amount = allocatable.getOrDefault(path[1], Quantity.ZERO);
        }
        Quantity divisor = Quantity.of(selector.path("divisor"));
        BigDecimal by = divisor.signum() == 0 ? BigDecimal.ONE : divisor.amount();
        return amount.amount().divide(by, 0, RoundingMode.UP).toPlainString();
    }

    private JsonNode container(String name) throws MissingException {
        for (String list : new String[] {"/spec/containers", "/spec/initContainers"}) {
            for (JsonNode container : pod.at(list)) {
                if (container.path("name").asText().equals(name)) {
                    return container;
                }
            }
        }
        throw new MissingException(
                "resourceFieldRef names container \"" + name + "\", which the pod has not");
    }
}
