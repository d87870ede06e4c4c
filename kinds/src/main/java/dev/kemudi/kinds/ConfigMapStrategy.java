package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ResourceDefinition.Column;
import dev.kemudi.api.Status;
import dev.kemudi.api.Strategy;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * ConfigMaps: keys that can be file names, a size that fits the store, and immutability when asked
 * for.
 */
final class ConfigMapStrategy implements Strategy {
    static final List<Column> COLUMNS =
            List.of(
                    Columns.NAME,
                    Columns.integer(
                            "Data",
                            "How many entries it holds.",
                            o -> o.at("/data").size() + o.at("/binaryData").size()),
                    Columns.AGE);

    @Override
    public List<Status.Cause> validate(ApiObject map, Optional<ApiObject> old) {
        Problems problems = new Problems();
        JsonNode binary = map.at("/binaryData");
        long bytes = 0;
        for (Map.Entry<String, JsonNode> entry : map.at("/data").properties()) {
            Names.fileKey(entry.getKey(), "data[" + entry.getKey() + "]", problems);
            if (binary.has(entry.getKey())) {
                problems.invalid(
                        "data[" + entry.getKey() + "]",
                        entry.getKey(),
                        "duplicate of key present in binaryData");
            }
            bytes += entry.getValue().asText("").getBytes(StandardCharsets.UTF_8).length;
        }
        for (Map.Entry<String, JsonNode> entry : binary.properties()) {
            Names.fileKey(entry.getKey(), "binaryData[" + entry.getKey() + "]", problems);
            bytes += entry.getValue().asText("").length() / 4 * 3L;
        }
        if (bytes > StoredFiles.BYTES_MAX) {
            problems.tooLong("", StoredFiles.BYTES_MAX);
        }
        old.ifPresent(before ->
                StoredFiles.unchanged(map, before, List.of("data", "binaryData"), problems));
        return problems.causes();
    }
}
