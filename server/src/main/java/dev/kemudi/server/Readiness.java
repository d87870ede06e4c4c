package dev.kemudi.server;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.api.ApiObject;

/** When a declared object counts as ready, and what it waits for until then. */
final class Readiness {
    private Readiness() {}

    /** Empty when ready; otherwise a few words on what is missing. */
    static String missing(ApiObject object) {
        if (object.deleting()) {
            return "being deleted";
        }
        return switch (object.kind()) {
            case "Deployment" -> deployment(object);
            case "ReplicaSet" -> replicas(object, "/status/readyReplicas");
            case "Pod" -> pod(object);
            case "Job" -> condition(object, "Complete");
            case "Gateway" -> condition(object, "Programmed");
            case "GatewayClass" -> condition(object, "Accepted");
            case "HTTPRoute" -> route(object);
            case "CustomResourceDefinition" -> condition(object, "Established");
            default -> "";
        };
    }

    private static String deployment(ApiObject object) {
        if (object.integer("/status/observedGeneration", 0) < object.generation()) {
            return "not yet seen by its controller";
        }
        int wanted = object.integer("/spec/replicas", 1);
        int updated = object.integer("/status/updatedReplicas", 0);
        if (updated < wanted) {
            return "%d of %d replicas created".formatted(updated, wanted);
        }
        return replicas(object, "/status/availableReplicas");
    }

    private static String replicas(ApiObject object, String pointer) {
        int wanted = object.integer("/spec/replicas", 1);
        int ready = object.integer(pointer, 0);
        return ready >= wanted ? "" : "%d of %d replicas ready".formatted(ready, wanted);
    }

    private static String pod(ApiObject object) {
        return object.text("/status/phase").equals("Succeeded") ? "" : condition(object, "Ready");
    }

    private static String route(ApiObject object) {
        for (JsonNode parent : object.at("/status/parents")) {
            if (conditionMissing(parent.path("conditions"), "Accepted").isEmpty()) {
                return conditionMissing(parent.path("conditions"), "ResolvedRefs");
            }
        }
        return "no Gateway has accepted it";
    }

    private static String condition(ApiObject object, String type) {
        return conditionMissing(object.at("/status/conditions"), type);
    }

    private static String conditionMissing(JsonNode conditions, String type) {
        for (JsonNode condition : conditions) {
            if (condition.path("type").asText().equals(type)) {
                if (condition.path("status").asText().equals("True")) {
                    return "";
                }
                String message = condition.path("message").asText();
                return type + " is not true yet" + (message.isEmpty() ? "" : ": " + message);
            }
        }
        return "no condition " + type + " yet";
    }
}
