package dev.kemudi.workloads;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.OwnerReference;
import dev.kemudi.api.Resource;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What controllers ask of pods. */
final class Pods {
    private static final Map<String, Integer> PHASES =
            Map.of("Pending", 0, "Unknown", 1, "Running", 2);
    private static final String DELETION_COST = "controller.kubernetes.io/pod-deletion-cost";

    private Pods() {}

    static String phase(ApiObject pod) {
        return pod.text("/status/phase");
    }

    static boolean finished(ApiObject pod) {
        return phase(pod).equals("Succeeded") || phase(pod).equals("Failed");
    }

    /** Counts towards its owner's replicas. */
    static boolean active(ApiObject pod) {
        return !finished(pod) && !pod.deleting();
    }

    static Optional<JsonNode> condition(ApiObject object, String type) {
        for (JsonNode condition : object.at("/status/conditions")) {
            if (condition.path("type").asText().equals(type)) {
                return Optional.of(condition);
            }
        }
        return Optional.empty();
    }

    static boolean ready(ApiObject pod) {
        return condition(pod, "Ready")
                .filter(c -> c.path("status").asText().equals("True"))
                .isPresent();
    }

    /** Since when the pod is ready; empty when it is not. */
    static Optional<Instant> readySince(ApiObject pod) {
        return condition(pod, "Ready")
                .filter(c -> c.path("status").asText().equals("True"))
                .map(c -> c.path("lastTransitionTime").asText(""))
                .filter(t -> !t.isEmpty())
                .map(Instant::parse);
    }

    /** Ready for at least {@code minReadySeconds}. */
    static boolean available(ApiObject pod, int minReadySeconds, Instant now) {
        if (!ready(pod)) {
            return false;
        }
        return minReadySeconds == 0
                || readySince(pod)
                        .filter(since -> !since.plusSeconds(minReadySeconds).isAfter(now))
                        .isPresent();
    }

    /** How long until the next ready pod is available by time alone; empty when there is none. */
    static Optional<Long> millisToAvailable(
            List<ApiObject> pods, int minReadySeconds, Instant now) {
        if (minReadySeconds == 0) {
            return Optional.empty();
        }
        return pods.stream()
                .flatMap(pod -> readySince(pod).stream())
                .map(since -> Duration.between(now, since.plusSeconds(minReadySeconds)).toMillis())
                .filter(millis -> millis > 0)
                .min(Long::compare)
                .map(millis -> millis + 1);
    }

    static int restarts(ApiObject pod) {
        int restarts = 0;
        for (JsonNode status : pod.at("/status/containerStatuses")) {
            restarts += status.path("restartCount").asInt();
        }
        for (JsonNode status : pod.at("/status/initContainerStatuses")) {
            restarts += status.path("restartCount").asInt();
        }
        return restarts;
    }

    /**
     * Which pods go first when there are too many: those without a node, pending, not ready, cheap
     * to delete, crowded on their node, ready for the shortest time, restarted most, newest.
     */
    static Comparator<ApiObject> deletionOrder(List<ApiObject> pods) {
        Map<String, Integer> perNode = new HashMap<>();
        pods.forEach(p -> perNode.merge(p.text("/spec/nodeName"), 1, Integer::sum));
        return Comparator.comparing((ApiObject p) -> !p.text("/spec/nodeName").isEmpty())
                .thenComparingInt(p -> PHASES.getOrDefault(phase(p), 0))
                .thenComparing(Pods::ready)
                .thenComparingInt(Pods::deletionCost)
                .thenComparingInt(p -> -perNode.getOrDefault(p.text("/spec/nodeName"), 0))
                .thenComparing(p -> readySince(p).orElse(Instant.MAX), Comparator.reverseOrder())
                .thenComparingInt(p -> -restarts(p))
                .thenComparing(
                        p -> p.creationTimestamp().orElse(Instant.MAX), Comparator.reverseOrder())
                .thenComparing(ApiObject::name);
    }

    private static int deletionCost(ApiObject pod) {
        String cost = pod.annotations().getOrDefault(DELETION_COST, "0");
        try {
            return Integer.parseInt(cost);
        } catch (NumberFormatException e) {
            return 0; // as Kubernetes: a cost that is no number is no cost
        }
    }

    /** A pod of {@code owner}'s template, not yet created; the server makes its name. */
    static ApiObject fromTemplate(ApiObject owner) {
        JsonNode template = owner.at("/spec/template");
        return ApiObject.named(Resource.PODS, owner.namespace(), "")
                .edit(tree -> {
                    ObjectNode metadata = tree.withObjectProperty("metadata");
                    metadata.remove("name");
                    metadata.put("generateName", owner.name() + "-");
                    for (String member : List.of("labels", "annotations", "finalizers")) {
                        if (!template.path("metadata").path(member).isMissingNode()) {
                            metadata.set(member, template.path("metadata").path(member).deepCopy());
                        }
                    }
                    metadata.putArray("ownerReferences")
                            .add(OwnerReference.controllerOf(owner).toTree());
                    tree.set("spec", template.path("spec").deepCopy());
                });
    }
}
