package dev.kemudi.admission;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.Json;
import dev.kemudi.api.Status;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;

/**
 * What a webhook answered, checked.
 *
 * @param denial why the request is refused; empty when it is allowed
 * @param patch a JSON patch; missing when nothing is to be changed
 * @param annotations for the audit log, by the webhook's own keys
 */
record AdmissionReview(
        Optional<Status> denial,
        Optional<JsonNode> patch,
        List<String> warnings,
        Map<String, String> annotations) {
    private static final String VERSION = "admission.k8s.io/v1";
    private static final String KIND = "AdmissionReview";

    /**
     * Asks a webhook.
     *
     * @throws WebhookException when it does not answer in time or in form
     */
    static AdmissionReview of(
            Webhook webhook, Attributes asked, Attributes seen, WebhookClient client)
            throws WebhookException {
        String uid = UUID.randomUUID().toString();
        ObjectNode review = JsonNodeFactory.instance.objectNode();
        review.put("kind", KIND).put("apiVersion", VERSION);
        ObjectNode request = review.putObject("request").put("uid", uid);
        request.setAll(RequestTree.of(asked, seen));
        request.set("object", orNull(RequestScope.tree(seen.object())));
        request.set("oldObject", orNull(RequestScope.tree(seen.old())));
        ObjectNode answer = client.post(webhook.clientConfig(), review, webhook.timeoutSeconds());
        return checked(answer, uid, webhook.name());
    }

    private static JsonNode orNull(JsonNode tree) {
        return tree.isMissingNode() ? JsonNodeFactory.instance.nullNode() : tree;
    }

    private static AdmissionReview checked(ObjectNode answer, String uid, String webhook)
            throws WebhookException {
        expect("apiVersion", VERSION, answer.path("apiVersion"));
        expect("kind", KIND, answer.path("kind"));
        JsonNode response = answer.path("response");
        if (!response.isObject()) {
            throw invalid("webhook response is absent");
        }
        expect("response.uid", uid, response.path("uid"));
        List<String> warnings = new ArrayList<>();
        response.path("warnings").forEach(w -> warnings.add(w.asText()));
        Map<String, String> annotations = new TreeMap<>();
        response.path("auditAnnotations")
                .properties()
                .forEach(e -> annotations.put(e.getKey(), e.getValue().asText()));
        if (!response.path("allowed").isBoolean()) {
            throw invalid(
                    "expected response.allowed to be true or false, got "
                            + response.path("allowed"));
        }
        Optional<Status> denial =
                response.path("allowed").asBoolean()
                        ? Optional.empty()
                        : Optional.of(denial(webhook, response.path("status")));
        return new AdmissionReview(denial, patch(response), warnings, annotations);
    }

    private static void expect(String what, String wanted, JsonNode found) throws WebhookException {
        if (!wanted.equals(found.asText(""))) {
            throw invalid(
                    "expected %s=\"%s\", got \"%s\"".formatted(what, wanted, found.asText("")));
        }
    }

    private static WebhookException invalid(String why) {
        return new WebhookException("received invalid webhook response: " + why);
    }

    private static Optional<JsonNode> patch(JsonNode response) throws WebhookException {
        String patch = response.path("patch").asText("");
        String type = response.path("patchType").asText("");
        if (patch.isEmpty()) {
            if (!type.isEmpty()) {
                throw invalid("webhook returned response.patchType but not response.patch");
            }
            return Optional.empty();
        }
        if (type.isEmpty()) {
            throw invalid("webhook returned response.patch but not response.patchType");
        }
        if (!type.equals("JSONPatch")) {
            throw invalid("webhook returned invalid response.patchType of \"" + type + "\"");
        }
        try {
            JsonNode operations = Json.MAPPER.readTree(Base64.getDecoder().decode(patch));
            return operations.isEmpty() ? Optional.empty() : Optional.of(operations);
        } catch (IOException | IllegalArgumentException e) {
            throw new WebhookException(
                    "received invalid webhook response: response.patch: expected a JSON patch in"
                            + " Base64: "
                            + e.getMessage(),
                    e);
        }
    }

    /** A refusal is one whatever code the webhook gave it. */
    private static Status denial(String webhook, JsonNode status) {
        int code = status.path("code").asInt(0);
        String message = status.path("message").asText("");
        String reason = status.path("reason").asText("");
        String denied = "admission webhook \"" + webhook + "\" denied the request";
        String said = message.isEmpty() ? reason : message;
        return new Status(
                code < 400 ? 400 : code,
                reason,
                said.isEmpty() ? denied + " without explanation" : denied + ": " + said,
                status.path("details") instanceof ObjectNode details
                        ? details
                        : JsonNodeFactory.instance.objectNode());
    }
}
