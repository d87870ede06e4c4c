package dev.kemudi.workloads;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Quantity;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/*
 * How many pods a metric asks for
 * -------------------------------
 * As many as bring the average to its target: the present number times used over wanted. Within a tenth
 * of the target nothing changes. Pods that say nothing must not push the count further: when there seem
 * to be too many pods, they count as if they used what they asked for; when there seem to be too few, as
 * if they used nothing. Pods that are only starting burn cpu that they will not need later, so they count
 * as idle too when more pods are asked for. If the guesses turn the direction around, the count stays.
 *
 * Source: Kubernetes' "Horizontal Pod Autoscaling, algorithm details".
 */

/** What one metric of an autoscaler says. Pure arithmetic on one thread. */
final class ReplicaProposal {
    private static final double TOLERANCE = 0.1;
    private static final int STARTING_SECONDS = 300;
    private static final int FIRST_READY_SECONDS = 30;

    /** Why a metric says nothing. */
    static final class UnknownUsageException extends Exception {
        final String reason;

        UnknownUsageException(String reason, String message) {
            super(message);
            this.reason = reason;
        }
    }

    /**
     * @param replicas that the metric asks for
     * @param name of the metric, for people
     * @param current the metric's present value, as status shows it
     */
    record Proposed(int replicas, String name, ObjectNode current) {}

    private final PodUsage usage;
    private final Instant now;
    private final JsonNode metric;
    private final JsonNode source;
    private final boolean cpu;
    private final List<ApiObject> pods;
    private final int replicas;
    private final Map<String, Long> measured = new HashMap<>();
    private final List<ApiObject> unready = new ArrayList<>();
    private final List<ApiObject> missing = new ArrayList<>();
    private final Map<String, Long> requests = new HashMap<>();

    /**
     * @param replicas that there should be now
     */
    ReplicaProposal(
            PodUsage usage, Instant now, JsonNode metric, List<ApiObject> pods, int replicas) {
        this.usage = usage;
        this.now = now;
        this.metric = metric;
        this.source = metric.path(metric.has("resource") ? "resource" : "containerResource");
        this.cpu = source.path("name").asText().equals("cpu");
        this.pods =
                pods.stream()
                        .filter(p -> !p.deleting() && !Pods.phase(p).equals("Failed"))
                        .toList();
        this.replicas = replicas;
    }

    Proposed propose() throws UnknownUsageException {
        String type = metric.path("type").asText();
        if (!source.isObject()) {
            throw new UnknownUsageException(
                    "FailedGet" + type + "Metric",
                    "no metrics of type " + type + " are measured here: use Resource");
        }
        if (pods.isEmpty()) {
            throw unknown("no pods returned by selector while calculating replica count");
        }
        for (ApiObject pod : pods) {
            group(pod);
        }
        if (measured.isEmpty()) {
            throw unknown("did not receive metrics for targeted pods (pods might be unready)");
        }
        int wanted = byRatio();
        boolean percent = source.at("/target/averageUtilization").isNumber();
        String name = source.path("name").asText() + " resource";
        return new Proposed(
                wanted,
                percent ? name + " utilization (percentage of request)" : name,
                current(percent));
    }

    private UnknownUsageException unknown(String message) {
        return new UnknownUsageException(
                metric.has("resource")
                        ? "FailedGetResourceMetric"
                        : "FailedGetContainerResourceMetric",
                "failed to get %s utilization: %s"
                        .formatted(source.path("name").asText(), message));
    }

    // ---- what each pod says
    // ----------------------------------------------------------------------------------------

    private void group(ApiObject pod) throws UnknownUsageException {
        if (percentTarget() > 0) {
            requests.put(pod.uid(), requested(pod));
        }
        OptionalLong used = used(pod);
        if (Pods.phase(pod).equals("Pending")) {
            unready.add(pod);
        } else if (used.isEmpty()) {
            missing.add(pod);
        } else if (cpu && starting(pod)) {
            unready.add(pod);
        } else {
            measured.put(pod.uid(), used.getAsLong());
        }
    }

    private OptionalLong used(ApiObject pod) {
        Map<String, PodUsage.Usage> containers = usage.of(pod.uid());
        String only = source.path("container").asText("");
        return containers.isEmpty() || !only.isEmpty() && !containers.containsKey(only)
                ? OptionalLong.empty()
                : OptionalLong.of(
                        containers.entrySet().stream()
                                .filter(c -> only.isEmpty() || c.getKey().equals(only))
                                .mapToLong(c ->
                                        cpu ? c.getValue().cpuMillis() : c.getValue().memoryBytes())
                                .sum());
    }

    private long requested(ApiObject pod) throws UnknownUsageException {
        String name = source.path("name").asText();
        String only = source.path("container").asText("");
        long sum = 0;
        for (JsonNode container : pod.at("/spec/containers")) {
            if (!only.isEmpty() && !container.path("name").asText().equals(only)) {
                continue;
            }
            JsonNode request = container.path("resources").path("requests").path(name);
            if (request.isMissingNode()) {
                throw unknown(
                        "missing request for %s in container %s of Pod %s"
                                .formatted(name, container.path("name").asText(), pod.name()));
            }
            sum += cpu ? Quantity.of(request).milliValue() : Quantity.of(request).bytes();
        }
        return sum;
    }

    private boolean starting(ApiObject pod) {
        Optional<JsonNode> ready = Pods.condition(pod, "Ready");
        String start = pod.text("/status/startTime");
        if (ready.isEmpty() || start.isEmpty()) {
            return !Pods.ready(pod);
        }
        Instant began = Instant.parse(start);
        String changed = ready.get().path("lastTransitionTime").asText("");
        Instant since = changed.isEmpty() ? began : Instant.parse(changed);
        boolean settling = since.plusSeconds(FIRST_READY_SECONDS).isAfter(now);
        if (began.plusSeconds(STARTING_SECONDS).isAfter(now)) {
            return !Pods.ready(pod) || settling;
        }
        // One that was ready once and is not now is overloaded rather than starting.
        return !Pods.ready(pod) && !began.plusSeconds(FIRST_READY_SECONDS).isBefore(since);
    }

    // ---- what all say together
    // -------------------------------------------------------------------------------------

    private int percentTarget() {
        return source.at("/target/averageUtilization").asInt(0);
    }

    private long averageTarget() {
        Quantity target = Quantity.of(source.at("/target/averageValue"));
        return cpu ? target.milliValue() : target.bytes();
    }

    private static long sum(Map<String, Long> amounts) {
        return amounts.values().stream().mapToLong(Long::longValue).sum();
    }

    private long requestsOf(Map<String, Long> used) {
        return used.keySet().stream().mapToLong(uid -> requests.getOrDefault(uid, 0L)).sum();
    }

    /** Used over wanted. */
    private double ratio(Map<String, Long> used) {
        return percentTarget() > 0
                ? sum(used) * 100.0 / Math.max(1, requestsOf(used)) / percentTarget()
                : (double) sum(used) / used.size() / Math.max(1, averageTarget());
    }

    private int byRatio() {
        double ratio = ratio(measured);
        boolean startingMatters = ratio > 1 && !unready.isEmpty();
        if (missing.isEmpty() && !startingMatters) {
            return tolerable(ratio) ? replicas : (int) Math.ceil(ratio * measured.size());
        }
        Map<String, Long> filled = new HashMap<>(measured);
        if (ratio < 1) {
            missing.forEach(pod -> filled.put(pod.uid(), assumed(pod)));
        } else if (ratio > 1) {
            missing.forEach(pod -> filled.put(pod.uid(), 0L));
        }
        if (startingMatters) {
            unready.forEach(pod -> filled.put(pod.uid(), 0L));
        }
        double guessed = ratio(filled);
        boolean turned = ratio < 1 && guessed > 1 || ratio > 1 && guessed < 1;
        if (tolerable(guessed) || turned) {
            return replicas;
        }
        int wanted = (int) Math.ceil(guessed * filled.size());
        boolean against = guessed < 1 && wanted > replicas || guessed > 1 && wanted < replicas;
        return against ? replicas : wanted;
    }

    private long assumed(ApiObject pod) {
        return percentTarget() > 0
                ? requests.getOrDefault(pod.uid(), 0L) * Math.max(100, percentTarget()) / 100
                : averageTarget();
    }

    private static boolean tolerable(double ratio) {
        return Math.abs(1 - ratio) <= TOLERANCE;
    }

    private ObjectNode current(boolean percent) {
        ObjectNode status = JsonNodeFactory.instance.objectNode();
        status.put("type", metric.path("type").asText());
        ObjectNode shown =
                status.putObject(metric.has("resource") ? "resource" : "containerResource");
        shown.put("name", source.path("name").asText());
        if (source.has("container")) {
            shown.put("container", source.path("container").asText());
        }
        long average = sum(measured) / measured.size();
        ObjectNode values = shown.putObject("current");
        if (percent) {
            values.put(
                    "averageUtilization", sum(measured) * 100 / Math.max(1, requestsOf(measured)));
        }
        values.put(
                "averageValue",
                (cpu ? Quantity.ofMillis(average) : Quantity.ofBytes(average)).toString());
        return status;
    }
}
