package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ResourceDefinition.Column;
import dev.kemudi.api.Strategy;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/** Secrets: plain {@code stringData} goes in, base64 {@code data} is what is stored and read. */
final class SecretStrategy implements Strategy {
    static final List<Column> COLUMNS =
            List.of(
                    Columns.NAME,
                    Columns.text("Type", "What the secret is for.", o -> o.text("/type")),
                    Columns.integer(
                            "Data", "How many entries it holds.", o -> o.at("/data").size()),
                    Columns.AGE);

    @Override
    public void applyDefaults(ObjectNode secret) {
        Fill.text(secret, "type", "Opaque");
        if (secret.path("stringData") instanceof ObjectNode plain) {
            ObjectNode data = Fill.object(secret, "data");
            plain.properties().forEach(e -> data.put(e.getKey(), base64(e.getValue().asText())));
            secret.remove("stringData");
        }
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public Map<String, String> selectableFields(ApiObject secret) {
        return Map.of("type", secret.text("/type"));
    }
}
