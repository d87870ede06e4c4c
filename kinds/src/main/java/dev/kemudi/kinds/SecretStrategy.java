package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ResourceDefinition.Column;
import dev.kemudi.api.Status;
import dev.kemudi.api.Strategy;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Secrets: plain {@code stringData} goes in, base64 {@code data} is what is stored and read. */
final class SecretStrategy implements Strategy {
    private static final String ACCOUNT = "kubernetes.io/service-account.name";

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
    public List<Status.Cause> validate(ApiObject secret, Optional<ApiObject> old) {
        Problems problems = new Problems();
        long bytes = 0;
        for (Map.Entry<String, JsonNode> entry : secret.at("/data").properties()) {
            Names.fileKey(entry.getKey(), "data[" + entry.getKey() + "]", problems);
            bytes += decodedBytes(entry.getKey(), entry.getValue().asText(""), problems);
        }
        if (bytes > StoredFiles.BYTES_MAX) {
            problems.tooLong("data", StoredFiles.BYTES_MAX);
        }
        typed(secret, problems);
        old.ifPresent(before -> {
            if (!before.text("/type").equals(secret.text("/type"))) {
                problems.immutable("type", secret.text("/type"));
            }
            StoredFiles.unchanged(secret, before, List.of("data"), problems);
        });
        return problems.causes();
    }

    private static long decodedBytes(String key, String base64, Problems problems) {
        try {
            return Base64.getDecoder().decode(base64).length;
        } catch (IllegalArgumentException e) {
            problems.invalid(
                    "data[" + key + "]",
                    "<secret contents redacted>",
                    "illegal base64 data: " + e.getMessage());
            return 0;
        }
    }

    /** Types that other software relies on must hold what it will look for. */
    private static void typed(ApiObject secret, Problems problems) {
        List<String> wanted =
                switch (secret.text("/type")) {
                    case "kubernetes.io/tls" -> List.of("tls.crt", "tls.key");
                    case "kubernetes.io/dockerconfigjson" -> List.of(".dockerconfigjson");
                    case "kubernetes.io/dockercfg" -> List.of(".dockercfg");
                    case "kubernetes.io/ssh-auth" -> List.of("ssh-privatekey");
                    default -> List.of();
                };
        for (String key : wanted) {
            if (!secret.at("/data").has(key)) {
                problems.required("data[" + key + "]");
            }
        }
        if (secret.text("/type").equals("kubernetes.io/basic-auth")
                && !secret.at("/data").has("username")
                && !secret.at("/data").has("password")) {
            problems.required("data[username]");
            problems.required("data[password]");
        }
        if (secret.text("/type").equals("kubernetes.io/service-account-token")
                && secret.annotations().getOrDefault(ACCOUNT, "").isEmpty()) {
            problems.required("metadata.annotations[" + ACCOUNT + "]");
        }
    }

    @Override
    public Map<String, String> selectableFields(ApiObject secret) {
        return Map.of("type", secret.text("/type"));
    }
}
