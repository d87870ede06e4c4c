package dev.kemudi.admission;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * Turns objects of one version of a custom resource into another by asking the webhook that its
 * definition names. Many objects share a call. Safe for use by many threads; calls block.
 *
 * <p>What a webhook may change of the metadata is labels and annotations; the rest stays as it was.
 * Source: Kubernetes documentation, "Versions in CustomResourceDefinitions", ConversionReview.
 */
public final class ObjectConversion {
    private static final String VERSION = "apiextensions.k8s.io/v1";
    private static final String KIND = "ConversionReview";
    private static final int TIMEOUT_SECONDS = 30;
    private static final List<String> CONVERTED_METADATA = List.of("labels", "annotations");

    private final WebhookClient client;
    private final JsonNode config;
    private final Limits limits;

    ObjectConversion(WebhookClient client, JsonNode config, Limits limits) {
        this.client = client;
        this.config = config;
        this.limits = limits;
    }

    /**
     * The objects in the same order, all of them of {@code apiVersion}.
     *
     * @throws ApiException 500 when the webhook does not do it
     */
    public List<ApiObject> convert(List<ApiObject> objects, String apiVersion) {
        List<ApiObject> converted = new ArrayList<>(objects);
        List<Integer> asked = new ArrayList<>();
        long bytes = 0;
        for (int i = 0; i < objects.size(); i++) {
            if (!objects.get(i).apiVersion().equals(apiVersion)) {
                asked.add(i);
                bytes += objects.get(i).toString().length();
            }
            boolean full =
                    asked.size() == limits.conversionObjectsMax()
                            || bytes >= limits.conversionBytes();
            if (!asked.isEmpty() && (full || i == objects.size() - 1)) {
                convert(objects, asked, apiVersion, converted);
                asked.clear();
                bytes = 0;
            }
        }
        return converted;
    }

    private void convert(
            List<ApiObject> objects,
            List<Integer> asked,
            String apiVersion,
            List<ApiObject> converted) {
        ApiObject first = objects.get(asked.getFirst());
        String from = first.apiVersion() + ", Kind=" + first.kind();
        try {
            ArrayNode answered = answer(objects, asked, apiVersion);
            if (answered.size() != asked.size()) {
                throw failed(
                        "conversion webhook for %s returned %d objects, expected %d"
                                .formatted(from, answered.size(), asked.size()));
            }
            for (int i = 0; i < answered.size(); i++) {
                ApiObject original = objects.get(asked.get(i));
                String wrong = wrong(original, answered.get(i), apiVersion);
                if (!wrong.isEmpty()) {
                    throw failed(
                            "conversion webhook for %s returned invalid converted object at index %d: %s"
                                    .formatted(from, i, wrong));
                }
                converted.set(asked.get(i), restored(original, (ObjectNode) answered.get(i)));
            }
        } catch (WebhookException e) {
            throw failed("conversion webhook for %s failed: %s".formatted(from, e.getMessage()));
        }
    }

    private static ApiException failed(String message) {
        return new ApiException(Status.of(500, "InternalError", message));
    }

    private ArrayNode answer(List<ApiObject> objects, List<Integer> asked, String apiVersion)
            throws WebhookException {
        String uid = UUID.randomUUID().toString();
        ObjectNode review = JsonNodeFactory.instance.objectNode();
        review.put("kind", KIND).put("apiVersion", VERSION);
        ObjectNode request = review.putObject("request");
        request.put("uid", uid).put("desiredAPIVersion", apiVersion);
        ArrayNode sent = request.putArray("objects");
        asked.forEach(i -> sent.add(objects.get(i).tree()));
        ObjectNode answer = client.post(config, review, TIMEOUT_SECONDS);
        if (!answer.path("kind").asText("").equals(KIND)
                || !answer.path("apiVersion").asText("").equals(VERSION)) {
            throw new WebhookException(
                    "expected %s, Kind=%s, got %s, Kind=%s"
                            .formatted(
                                    VERSION,
                                    KIND,
                                    answer.path("apiVersion").asText(""),
                                    answer.path("kind").asText("")));
        }
        JsonNode response = answer.path("response");
        if (!response.path("uid").asText("").equals(uid)) {
            throw new WebhookException(
                    "expected response.uid=\"%s\", got \"%s\""
                            .formatted(uid, response.path("uid").asText("")));
        }
        JsonNode result = response.path("result");
        if (!result.path("status").asText("").equals("Success")) {
            String message = result.path("message").asText("");
            throw new WebhookException(
                    message.isEmpty()
                            ? "response.result.status was '%s', not 'Success'"
                                    .formatted(result.path("status").asText(""))
                            : message);
        }
        return response.path("convertedObjects") instanceof ArrayNode array
                ? array
                : JsonNodeFactory.instance.arrayNode();
    }

    /** What a converted object may not be; empty when it is fine. */
    private static String wrong(ApiObject original, JsonNode converted, String apiVersion) {
        if (!(converted instanceof ObjectNode tree)) {
            return "expected an object, found " + converted.getNodeType();
        }
        ApiObject object = ApiObject.of(tree);
        if (!object.apiVersion().equals(apiVersion)) {
            return "invalid groupVersion (expected %s, received %s)"
                    .formatted(apiVersion, object.apiVersion());
        }
        if (!object.kind().equals(original.kind())) {
            return "invalid kind (expected %s, received %s)"
                    .formatted(original.kind(), object.kind());
        }
        if (!object.name().equals(original.name())) {
            return "metadata.name must not be changed: \"%s\" != \"%s\""
                    .formatted(object.name(), original.name());
        }
        if (!object.namespace().equals(original.namespace())) {
            return "metadata.namespace must not be changed: \"%s\" != \"%s\""
                    .formatted(object.namespace(), original.namespace());
        }
        if (!object.uid().equals(original.uid())) {
            return "metadata.uid must not be changed: \"%s\" != \"%s\""
                    .formatted(object.uid(), original.uid());
        }
        for (String map : CONVERTED_METADATA) {
            for (JsonNode value : tree.path("metadata").path(map)) {
                if (!value.isTextual()) {
                    return "metadata.%s: expected texts, found %s"
                            .formatted(map, value.getNodeType());
                }
            }
        }
        return "";
    }

    private static ApiObject restored(ApiObject original, ObjectNode converted) {
        JsonNode said = converted.path("metadata");
        ObjectNode metadata =
                original.tree().path("metadata") instanceof ObjectNode before
                        ? before.deepCopy()
                        : JsonNodeFactory.instance.objectNode();
        for (String member : CONVERTED_METADATA) {
            if (said.path(member).isEmpty()) {
                metadata.remove(member);
            } else {
                metadata.set(member, said.get(member));
            }
        }
        converted.set("metadata", metadata);
        return ApiObject.of(converted);
    }
}
