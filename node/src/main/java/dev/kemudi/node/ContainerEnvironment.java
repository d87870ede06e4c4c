package dev.kemudi.node;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A container's environment and command line, with references read and {@code $(NAME)} expanded as
 * Kubernetes does.
 */
final class ContainerEnvironment {
    private final Map<String, String> variables = new LinkedHashMap<>();
    private final Map<String, String> known = new LinkedHashMap<>();

    /**
     * @param fromRuntime known to {@code $(NAME)} besides the container's own variables
     */
    ContainerEnvironment(Map<String, String> fromRuntime) {
        known.putAll(fromRuntime);
    }

    static ContainerEnvironment of(
            JsonNode container, Map<String, String> fromRuntime, References references)
            throws References.MissingException {
        ContainerEnvironment environment = new ContainerEnvironment(fromRuntime);
        for (JsonNode source : container.path("envFrom")) {
            environment.takeAll(source, references);
        }
        String name = container.path("name").asText();
        for (JsonNode variable : container.path("env")) {
            Optional<String> value =
                    variable.has("valueFrom")
                            ? valueFrom(variable.path("valueFrom"), name, references)
                            : Optional.of(environment.expand(variable.path("value").asText("")));
            value.ifPresent(v -> environment.put(variable.path("name").asText(), v));
        }
        return environment;
    }

    private void takeAll(JsonNode source, References references)
            throws References.MissingException {
        String prefix = source.path("prefix").asText("");
        boolean secret = source.has("secretRef");
        JsonNode selector = source.path(secret ? "secretRef" : "configMapRef");
        String name = selector.path("name").asText();
        boolean optional = selector.path("optional").asBoolean();
        Optional<Map<String, byte[]>> contents =
                secret ? references.secret(name, optional) : references.configMap(name, optional);
        contents.ifPresent(all ->
                all.forEach((k, v) -> put(prefix + k, new String(v, StandardCharsets.UTF_8))));
    }

    private static Optional<String> valueFrom(
            JsonNode from, String container, References references)
            throws References.MissingException {
        if (from.has("fieldRef")) {
            return Optional.of(references.field(from.path("fieldRef").path("fieldPath").asText()));
        }
        if (from.has("resourceFieldRef")) {
            return Optional.of(references.resource(from.path("resourceFieldRef"), container));
        }
        boolean secret = from.has("secretKeyRef");
        JsonNode selector = from.path(secret ? "secretKeyRef" : "configMapKeyRef");
        return references.key(secret, selector).map(v -> new String(v, StandardCharsets.UTF_8));
    }

    private void put(String name, String value) {
        // NUL and = cannot stand in a process's environment: such a name would corrupt its
        // neighbours.
        if (!name.isEmpty()
                && name.indexOf('=') < 0
                && name.indexOf('\0') < 0
                && value.indexOf('\0') < 0) {
            variables.put(name, value);
            known.put(name, value);
        }
    }

    Map<String, String> variables() {
        return variables;
    }

    List<String> expandAll(JsonNode texts) {
        List<String> expanded = new ArrayList<>();
        texts.forEach(t -> expanded.add(expand(t.asText())));
        return expanded;
    }

    /**
     * {@code $(NAME)} becomes its value, {@code $$} a dollar sign, an unknown name stays as
     * written.
     */
    String expand(String text) {
        StringBuilder out = new StringBuilder();
        int at = 0;
        while (at < text.length()) {
            char c = text.charAt(at);
            char next = at + 1 < text.length() ? text.charAt(at + 1) : ' ';
            int close = c == '$' && next == '(' ? text.indexOf(')', at) : -1;
            if (c == '$' && next == '$') {
                out.append('$');
                at += 2;
            } else if (close > 0) {
                String name = text.substring(at + 2, close);
                out.append(known.getOrDefault(name, text.substring(at, close + 1)));
                at = close + 1;
            } else {
                out.append(c);
                at++;
            }
        }
        return out.toString();
    }
}
