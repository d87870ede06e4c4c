package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ResourceDefinition.Column;
import dev.kemudi.api.Status.Cause;
import dev.kemudi.api.Strategy;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Validating and mutating webhooks: who is asked about which requests, and how. */
final class WebhookConfigurationStrategy implements Strategy {
    static final List<Column> COLUMNS =
            List.of(
                    Columns.NAME,
                    Columns.integer(
                            "Webhooks",
                            "How many webhooks this configuration has.",
                            o -> o.at("/webhooks").size()),
                    Columns.AGE);

    private static final int TIMEOUT_SECONDS = 10;
    private static final int TIMEOUT_SECONDS_MAX = 30;
    private static final int NAME_SEGMENTS_MIN = 3;

    private final boolean mutating;

    WebhookConfigurationStrategy(boolean mutating) {
        this.mutating = mutating;
    }

    @Override
    public void applyDefaults(ObjectNode object) {
        for (ObjectNode webhook : Fill.items(object, "webhooks")) {
            Fill.text(webhook, "failurePolicy", "Fail");
            MatchRules.fillSelectors(webhook);
            MatchRules.fillRules(webhook, "rules");
            Fill.number(webhook, "timeoutSeconds", TIMEOUT_SECONDS);
            if (mutating) {
                Fill.text(webhook, "reinvocationPolicy", "Never");
            }
            if (webhook.path("clientConfig").path("service") instanceof ObjectNode service) {
                Fill.number(service, "port", 443);
            }
        }
    }

    @Override
    public List<Cause> validate(ApiObject object, Optional<ApiObject> old) {
        Problems problems = new Problems();
        Set<String> names = new HashSet<>();
        JsonNode webhooks = object.at("/webhooks");
        for (int i = 0; i < webhooks.size(); i++) {
            String field = "webhooks[" + i + "].";
            String name = webhooks.get(i).path("name").asText("");
            if (!names.add(name)) {
                problems.duplicate(field + "name", name);
            }
            webhook(webhooks.get(i), name, field, problems);
        }
        return problems.causes();
    }

    private void webhook(JsonNode webhook, String name, String field, Problems problems) {
        if (name.isEmpty()) {
            problems.required(field + "name");
        } else if (name.split("\\.", -1).length < NAME_SEGMENTS_MIN) {
            problems.invalid(
                    field + "name",
                    name,
                    "should be a domain with at least three segments separated by dots");
        }
        MatchRules.rules(webhook.path("rules"), field + "rules", problems);
        MatchRules.oneOf(webhook, "failurePolicy", List.of("Fail", "Ignore"), field, problems);
        MatchRules.oneOf(webhook, "matchPolicy", List.of("Equivalent", "Exact"), field, problems);
        if (webhook.path("sideEffects").asText("").isEmpty()) {
            problems.required(field + "sideEffects", "must specify one of None, NoneOnDryRun");
        } else {
            MatchRules.oneOf(
                    webhook, "sideEffects", List.of("None", "NoneOnDryRun"), field, problems);
        }
        int seconds = webhook.path("timeoutSeconds").asInt(TIMEOUT_SECONDS);
        if (seconds < 1 || seconds > TIMEOUT_SECONDS_MAX) {
            problems.invalid(
                    field + "timeoutSeconds",
                    seconds,
                    "the timeout value must be between 1 and 30 seconds");
        }
        if (mutating) {
            MatchRules.oneOf(
                    webhook, "reinvocationPolicy", List.of("Never", "IfNeeded"), field, problems);
        }
        reviewVersions(webhook.path("admissionReviewVersions"), field, problems);
        MatchRules.conditions(webhook.path("matchConditions"), field + "matchConditions", problems);
        client(webhook.path("clientConfig"), field + "clientConfig", problems);
    }

    private static void reviewVersions(JsonNode versions, String field, Problems problems) {
        if (versions.isEmpty()) {
            problems.required(field + "admissionReviewVersions", "must specify one of v1, v1beta1");
            return;
        }
        for (JsonNode version : versions) {
            if (version.asText().equals("v1")) {
                return;
            }
        }
        problems.invalid(field + "admissionReviewVersions", versions, "must include v1");
    }

    private static void client(JsonNode client, String field, Problems problems) {
        boolean url = !client.path("url").asText("").isEmpty();
        boolean service = client.path("service").isObject();
        if (url == service) {
            problems.required(field, "exactly one of url or service is required");
        } else if (url) {
            url(client.path("url").asText(), field + ".url", problems);
        } else {
            for (String part : List.of("namespace", "name")) {
                if (client.path("service").path(part).asText("").isEmpty()) {
                    problems.required(
                            field + ".service." + part, "service " + part + " is required");
                }
            }
        }
    }

    private static void url(String text, String field, Problems problems) {
        String form = "; desired format: https://host[/path]";
        try {
            URI url = new URI(text);
            if (!"https".equals(url.getScheme())) {
                problems.invalid(
                        field,
                        String.valueOf(url.getScheme()),
                        "'https' is the only allowed URL scheme" + form);
            }
            if (url.getHost() == null) {
                problems.invalid(field, "", "host must be specified" + form);
            }
            if (url.getUserInfo() != null) {
                problems.invalid(field, "", "user information is not permitted in the URL");
            }
            if (url.getFragment() != null) {
                problems.invalid(
                        field, url.getFragment(), "fragments are not permitted in the URL");
            }
            if (url.getQuery() != null) {
                problems.invalid(
                        field, url.getQuery(), "query parameters are not permitted in the URL");
            }
        } catch (URISyntaxException e) {
            problems.required(field, "url must be a valid URL: " + e.getMessage() + form);
        }
    }
}
