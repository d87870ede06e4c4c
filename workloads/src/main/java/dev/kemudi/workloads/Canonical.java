package dev.kemudi.workloads;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;

/**
 * Trees as text that is the same for the same content, however members are ordered and numbers are
 * held.
 */
final class Canonical {
    private static final int FNV_OFFSET = 0x811c9dc5;
    private static final int FNV_PRIME = 0x01000193;

    /** Kubernetes' alphabet for generated names: no vowels, so no words. */
    private static final String SAFE = "bcdfghjklmnpqrstvwxz2456789";

    private Canonical() {}

    static String text(JsonNode node) {
        StringBuilder text = new StringBuilder();
        append(node, text);
        return text.toString();
    }

    static boolean same(JsonNode left, JsonNode right) {
        return left == right || text(left).equals(text(right));
    }

    private static void append(JsonNode node, StringBuilder text) {
        switch (node.getNodeType()) {
            case OBJECT -> {
                Map<String, JsonNode> sorted = new TreeMap<>();
                node.properties().forEach(e -> sorted.put(e.getKey(), e.getValue()));
                text.append('{');
                sorted.forEach((name, value) -> {
                    text.append('"').append(name).append("\":");
                    append(value, text);
                    text.append(',');
                });
                text.append('}');
            }
            case ARRAY -> {
                text.append('[');
                node.forEach(item -> {
                    append(item, text);
                    text.append(',');
                });
                text.append(']');
            }
            case NULL, BOOLEAN, NUMBER, STRING, BINARY, MISSING, POJO -> text.append(node);
        }
    }

    /**
     * A short name for the content of a pod template, told apart from earlier collisions by {@code
     * salt}.
     */
    static String hash(ObjectNode template, int salt) {
        int hash = FNV_OFFSET;
        for (byte b : (text(template) + salt).getBytes(StandardCharsets.UTF_8)) {
            hash = (hash ^ (b & 0xff)) * FNV_PRIME;
        }
        StringBuilder name = new StringBuilder();
        for (char digit : Integer.toUnsignedString(hash).toCharArray()) {
            name.append(SAFE.charAt(digit % SAFE.length()));
        }
        return name.toString();
    }
}
