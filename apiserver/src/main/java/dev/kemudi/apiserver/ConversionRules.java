package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.Status.Cause;
import java.util.ArrayList;
import java.util.List;

/** What a CustomResourceDefinition says of the way from one of its versions to another. */
final class ConversionRules {
    private static final String FIELD = "spec.conversion";
    private static final int PORT = 443;

    private ConversionRules() {}

    static void fill(JsonNode conversion) {
        JsonNode service = conversion.path("webhook").path("clientConfig").path("service");
        if (service instanceof ObjectNode object && !object.has("port")) {
            object.put("port", PORT);
        }
    }

    static List<Cause> check(JsonNode conversion) {
        String strategy = conversion.path("strategy").asText("");
        JsonNode webhook = conversion.path("webhook");
        return switch (strategy) {
            case "None" ->
                    webhook.isMissingNode()
                            ? List.of()
                            : List.of(
                                    new Cause(
                                            "FieldValueForbidden",
                                            "Forbidden: should not be set when strategy is not set"
                                                    + " to Webhook",
                                            FIELD + ".webhook"));
            case "Webhook" -> webhook(webhook);
            default ->
                    List.of(
                            new Cause(
                                    "FieldValueNotSupported",
                                    ("Unsupported value: \"%s\": supported values: \"None\","
                                                    + " \"Webhook\"")
                                            .formatted(strategy),
                                    FIELD + ".strategy"));
        };
    }

    private static List<Cause> webhook(JsonNode webhook) {
        List<Cause> causes = new ArrayList<>();
        JsonNode client = webhook.path("clientConfig");
        boolean url = !client.path("url").asText("").isEmpty();
        if (url == client.path("service").isObject()) {
            causes.add(
                    required("exactly one of url or service is required", ".webhook.clientConfig"));
        } else if (url && !client.path("url").asText().startsWith("https://")) {
            causes.add(
                    ObjectMeta.invalid(
                            FIELD + ".webhook.clientConfig.url",
                            client.path("url").asText(),
                            "'https' is the only allowed URL scheme; desired format:"
                                    + " https://host[/path]"));
        }
        boolean known = false;
        for (JsonNode version : webhook.path("conversionReviewVersions")) {
            known |= version.asText().equals("v1");
        }
        if (webhook.path("conversionReviewVersions").isEmpty()) {
            causes.add(required("must specify v1", ".webhook.conversionReviewVersions"));
        } else if (!known) {
            causes.add(
                    ObjectMeta.invalid(
                            FIELD + ".webhook.conversionReviewVersions",
                            webhook.path("conversionReviewVersions").toString(),
                            "must include v1"));
        }
        return causes;
    }

    private static Cause required(String why, String field) {
        return new Cause("FieldValueRequired", "Required value: " + why, FIELD + field);
    }
}
