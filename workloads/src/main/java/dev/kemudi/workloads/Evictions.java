package dev.kemudi.workloads;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.DeleteOptions;
import dev.kemudi.api.Resource;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Pods that must leave: those that do not bear a taint of their node (any longer), and those whose
 * node is gone.
 */
final class Evictions {
    private static final String TARGET = "DisruptionTarget";

    private final Floor floor;

    Evictions(Floor floor) {
        this.floor = floor;
    }

    private List<ApiObject> podsOn(String node) {
        return floor.pods.byIndex(Floor.NODE, node);
    }

    /**
     * Deletes the pods on {@code node} whose time is over; milliseconds until the next one's is,
     * the largest number for never.
     */
    long evict(ApiObject node) {
        long next = Long.MAX_VALUE;
        for (ApiObject pod : podsOn(node.name())) {
            if (pod.deleting()) {
                continue;
            }
            Optional<Instant> end = end(node, pod);
            if (end.isEmpty()) {
                continue;
            }
            long left = Duration.between(floor.time.now(), end.get()).toMillis();
            if (left > 0) {
                next = Math.min(next, left);
            } else {
                floor.recorder.normal(
                        pod,
                        "TaintManagerEviction",
                        "Marking for deletion Pod %s/%s".formatted(pod.namespace(), pod.name()));
                disrupt(
                        pod,
                        "DeletionByTaintManager",
                        "Taint manager: deleting due to NoExecute taint",
                        false);
                delete(pod, DeleteOptions.ofUid(pod.uid()));
            }
        }
        return next;
    }

    /** When a pod must leave its node; empty for never. */
    private Optional<Instant> end(ApiObject node, ApiObject pod) {
        Optional<Instant> end = Optional.empty();
        for (JsonNode taint : node.at("/spec/taints")) {
            if (!taint.path("effect").asText().equals(NodeTaints.NO_EXECUTE)) {
                continue;
            }
            Optional<JsonNode> toleration = NodeFit.toleration(pod.at("/spec"), taint);
            if (toleration.isPresent() && !toleration.get().hasNonNull("tolerationSeconds")) {
                continue;
            }
            String added = taint.path("timeAdded").asText("");
            Instant since = added.isEmpty() ? floor.time.now() : Instant.parse(added);
            long seconds =
                    toleration
                            .map(t -> Math.max(0, t.path("tolerationSeconds").asLong()))
                            .orElse(0L);
            Instant mustGo = since.plusSeconds(seconds);
            if (end.isEmpty() || mustGo.isBefore(end.get())) {
                end = Optional.of(mustGo);
            }
        }
        return end;
    }

    /** Nobody will ever say what became of the pods of a node that is no more. */
    void collect(String node) {
        for (ApiObject pod : podsOn(node)) {
            disrupt(pod, "DeletionByPodGC", "PodGC: node no longer exists", true);
            delete(pod, DeleteOptions.ofUid(pod.uid()).graceSeconds(0));
        }
    }

    boolean any(String node) {
        return !podsOn(node).isEmpty();
    }

    /** A node that does not answer is taken for one whose pods do not answer either. */
    void notReady(ApiObject node) {
        for (ApiObject pod : podsOn(node.name())) {
            if (Pods.ready(pod)) {
                status(
                        pod,
                        status ->
                                Conditions.PLAIN.replace(
                                        status,
                                        "Ready",
                                        "False",
                                        "NodeNotReady",
                                        "",
                                        floor.timestamp()));
            }
        }
    }

    private void disrupt(ApiObject pod, String reason, String message, boolean fail) {
        status(
                pod,
                status -> {
                    Conditions.PLAIN.replace(
                            status, TARGET, "True", reason, message, floor.timestamp());
                    if (fail && !Pods.finished(pod)) {
                        status.put("phase", "Failed");
                    }
                });
    }

    private void status(ApiObject pod, Consumer<ObjectNode> change) {
        try {
            floor.client.updateStatus(
                    Resource.PODS,
                    pod.edit(tree -> change.accept(tree.withObjectProperty("status"))));
        } catch (ApiException e) {
            if (!e.notFound()) {
                throw e;
            }
        }
    }

    private void delete(ApiObject pod, DeleteOptions options) {
        try {
            floor.client.delete(Resource.PODS, pod.namespace(), pod.name(), options);
        } catch (ApiException e) {
            if (!e.notFound()) {
                throw e;
            }
        }
    }
}
