package dev.kemudi.workloads;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What a Deployment says of itself, with the words that {@code kubectl rollout status} waits for.
 */
final class DeploymentStatus {
    private static final String PROGRESSING = "Progressing";
    private static final String DONE = "NewReplicaSetAvailable";
    private static final String TIMED_OUT = "ProgressDeadlineExceeded";
    private static final String PAUSED = "DeploymentPaused";

    private final Rollout rollout;
    private final ApiObject deployment;
    private final ObjectNode before;
    private final ObjectNode status;
    private final Instant instant;
    private final String now;

    DeploymentStatus(Rollout rollout, Instant instant, String now) {
        this.rollout = rollout;
        this.deployment = rollout.deployment();
        this.before =
                deployment.at("/status") instanceof ObjectNode tree
                        ? tree
                        : JsonNodeFactory.instance.objectNode();
        this.status = before.deepCopy();
        this.instant = instant;
        this.now = now;
        count();
        available();
    }

    private void count() {
        List<ApiObject> all = rollout.all();
        int available = Rollout.sum(all, "/status/availableReplicas");
        put("replicas", Rollout.sum(all, "/status/replicas"));
        put(
                "updatedReplicas",
                rollout.newest().map(rs -> rs.integer("/status/replicas", 0)).orElse(0));
        put("readyReplicas", Rollout.sum(all, "/status/readyReplicas"));
        put("availableReplicas", available);
        put("unavailableReplicas", Math.max(0, rollout.totalReplicas() - available));
        status.put("observedGeneration", deployment.generation());
    }

    private void put(String name, int count) {
        if (count == 0) {
            status.remove(name);
        } else {
            status.put(name, count);
        }
    }

    private int has(String counter) {
        return status.path(counter).asInt();
    }

    private void available() {
        boolean enough = has("availableReplicas") >= rollout.minAvailable();
        Conditions.OF_DEPLOYMENT.set(
                status,
                "Available",
                enough ? "True" : "False",
                enough ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
                enough
                        ? "Deployment has minimum availability."
                        : "Deployment does not have minimum availability.",
                now);
        Optional<JsonNode> failure =
                rollout.all().stream()
                        .flatMap(rs -> Pods.condition(rs, "ReplicaFailure").stream())
                        .findFirst();
        Conditions.remove(status, "ReplicaFailure");
        failure.ifPresent(f ->
                Conditions.OF_DEPLOYMENT.set(
                        status,
                        "ReplicaFailure",
                        f.path("status").asText(),
                        f.path("reason").asText(),
                        f.path("message").asText(),
                        now));
    }

    boolean complete() {
        int wanted = rollout.wanted();
        return has("updatedReplicas") == wanted
                && has("replicas") == wanted
                && has("availableReplicas") == wanted;
    }

    /** Notes that the newest ReplicaSet exists, {@code created} just now or {@code Found}. */
    DeploymentStatus newest(ApiObject replicaSet, boolean created) {
        if (created) {
            Conditions.OF_DEPLOYMENT.set(
                    status,
                    PROGRESSING,
                    "True",
                    "NewReplicaSetCreated",
                    "Created new replica set \"" + replicaSet.name() + "\"",
                    now);
        } else if (Conditions.find(status, PROGRESSING).isEmpty()) {
            Conditions.OF_DEPLOYMENT.set(
                    status,
                    PROGRESSING,
                    "True",
                    "FoundNewReplicaSet",
                    "Found new replica set \"" + replicaSet.name() + "\"",
                    now);
        }
        return this;
    }

    /** A pause stops the clock of the progress deadline; resuming starts it anew. */
    DeploymentStatus paused(boolean paused) {
        String reason = reason();
        if (reason.equals(TIMED_OUT)) {
            return this;
        }
        if (paused && !reason.equals(PAUSED)) {
            Conditions.OF_DEPLOYMENT.replace(
                    status, PROGRESSING, "Unknown", PAUSED, "Deployment is paused", now);
        } else if (!paused && reason.equals(PAUSED)) {
            Conditions.OF_DEPLOYMENT.replace(
                    status,
                    PROGRESSING,
                    "Unknown",
                    "DeploymentResumed",
                    "Deployment is resumed",
                    now);
        }
        return this;
    }

    private String reason() {
        return Conditions.find(status, PROGRESSING).map(c -> c.path("reason").asText()).orElse("");
    }

    /**
     * Judges progress; {@code spec.progressDeadlineSeconds} of none or the largest integer means no
     * deadline.
     */
    DeploymentStatus progress() {
        int deadline = deadlineSeconds();
        boolean over = has("replicas") == has("updatedReplicas") && reason().equals(DONE);
        if (deadline == Integer.MAX_VALUE || over) {
            return this;
        }
        String subject =
                rollout.newest()
                        .map(rs -> "ReplicaSet \"" + rs.name() + "\"")
                        .orElse("Deployment \"" + deployment.name() + "\"");
        if (complete()) {
            Conditions.OF_DEPLOYMENT.set(
                    status,
                    PROGRESSING,
                    "True",
                    DONE,
                    subject + " has successfully progressed.",
                    now);
        } else if (progressed()) {
            Conditions.OF_DEPLOYMENT.replace(
                    status,
                    PROGRESSING,
                    "True",
                    "ReplicaSetUpdated",
                    subject + " is progressing.",
                    now);
        } else if (millisToDeadline().filter(left -> left <= 0).isPresent()) {
            Conditions.OF_DEPLOYMENT.set(
                    status,
                    PROGRESSING,
                    "False",
                    TIMED_OUT,
                    subject + " has timed out progressing.",
                    now);
        }
        return this;
    }

    private int deadlineSeconds() {
        return deployment.integer("/spec/progressDeadlineSeconds", Integer.MAX_VALUE);
    }

    private boolean progressed() {
        int oldBefore = before.path("replicas").asInt() - before.path("updatedReplicas").asInt();
        int oldNow = has("replicas") - has("updatedReplicas");
        return has("updatedReplicas") > before.path("updatedReplicas").asInt()
                || oldNow < oldBefore
                || has("readyReplicas") > before.path("readyReplicas").asInt()
                || has("availableReplicas") > before.path("availableReplicas").asInt();
    }

    /**
     * How long until lack of progress becomes a failure; empty when nothing is under way or there
     * is no deadline.
     */
    Optional<Long> millisToDeadline() {
        String reason = reason();
        if (deadlineSeconds() == Integer.MAX_VALUE
                || reason.isEmpty()
                || List.of(DONE, TIMED_OUT, PAUSED).contains(reason)) {
            return Optional.empty();
        }
        Instant since =
                Conditions.find(status, PROGRESSING)
                        .map(c -> c.path("lastUpdateTime").asText(""))
                        .filter(t -> !t.isEmpty())
                        .map(Instant::parse)
                        .orElse(instant);
        return Optional.of(
                Duration.between(instant, since.plusSeconds(deadlineSeconds())).toMillis());
    }

    ApiObject deployment() {
        return deployment;
    }

    ObjectNode tree() {
        return status;
    }

    /** Another hash for a template whose ReplicaSet name was taken by something else. */
    DeploymentStatus collided() {
        status.put("collisionCount", status.path("collisionCount").asInt() + 1);
        return this;
    }
}
