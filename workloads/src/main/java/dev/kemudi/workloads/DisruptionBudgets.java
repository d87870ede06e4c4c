package dev.kemudi.workloads;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.LabelSelector;
import dev.kemudi.api.ObjectKey;
import dev.kemudi.api.OwnerReference;
import dev.kemudi.api.Resource;
import dev.kemudi.controller.Controller;
import dev.kemudi.controller.Reconciler;
import dev.kemudi.controller.Result;
import java.math.RoundingMode;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/*
 * How an eviction is not counted twice
 * ------------------------------------
 * Whoever evicts takes one off disruptionsAllowed and writes the pod's name into disruptedPods, in one update
 * of status; so several evictions in a row cannot use the same allowance, however late this controller looks.
 * Here a pod stays in disruptedPods, and counts as not healthy, until its deletion is seen. One that is not
 * deleted within two minutes was refused after all and counts again.
 *
 * How many pods there should be is asked of their owners, not counted: pods that an owner has yet to make
 * again must not make room for more evictions. What cannot be known allows none.
 */

/** Tells, as the status of PodDisruptionBudgets, how many pods may be evicted now. */
final class DisruptionBudgets implements Reconciler {
    private static final Duration DELETION_DEADLINE = Duration.ofMinutes(2);
    private static final String ALLOWED = "DisruptionAllowed";

    /** What a budget asks for: of so many pods, so many healthy. */
    private record Demand(int expected, int healthy) {}

    /** The number of pods that should be there cannot be known. */
    private static final class UnknownScaleException extends Exception {
        final String why;

        UnknownScaleException(String why) {
            super(why);
            this.why = why;
        }
    }

    private final Floor floor;
    private final ScaleTargets targets;

    private DisruptionBudgets(Floor floor, ScaleTargets targets) {
        this.floor = floor;
        this.targets = targets;
    }

    static Controller controller(Floor floor, ScaleTargets targets) {
        return floor.controller("disruption", new DisruptionBudgets(floor, targets))
                .watches(floor.budgets)
                .watches(floor.pods, pod -> covering(floor, pod));
    }

    private static Collection<ObjectKey> covering(Floor floor, ApiObject pod) {
        Map<String, String> labels = pod.labels();
        return floor.budgets.list(pod.namespace()).stream()
                .filter(budget -> selects(budget, labels))
                .map(ApiObject::key)
                .toList();
    }

    /** An empty selector selects all pods of the namespace; none at all selects none. */
    private static boolean selects(ApiObject budget, Map<String, String> labels) {
        JsonNode selector = budget.at("/spec/selector");
        return selector.isObject() && new LabelSelector(selector).matches(labels);
    }

    @Override
    public Result reconcile(ObjectKey key) {
        Optional<ApiObject> found = floor.budgets.get(key);
        if (found.isEmpty()) {
            return Result.DONE;
        }
        ApiObject budget = found.get();
        List<ApiObject> pods =
                floor.pods.list(key.namespace()).stream()
                        .filter(pod -> selects(budget, pod.labels()))
                        .toList();
        if (pods.isEmpty()) {
            floor.recorder.normal(budget, "NoPods", "No matching pods found");
        }
        ObjectNode status = status(budget);
        Demand demand;
        try {
            demand = demand(budget, pods);
        } catch (UnknownScaleException e) {
            floor.recorder.warning(
                    budget,
                    "CalculateExpectedPodCountFailed",
                    "Failed to calculate the number of expected pods: " + e.why);
            return refuse(budget, status, e.why);
        }
        ObjectNode disrupted = stillExpected(budget, pods);
        return write(budget, status, demand, healthy(pods, disrupted), disrupted);
    }

    private static ObjectNode status(ApiObject budget) {
        return budget.at("/status") instanceof ObjectNode before
                ? before.deepCopy()
                : JsonNodeFactory.instance.objectNode();
    }

    // ---- what is wanted
    // --------------------------------------------------------------------------------------------

    private Demand demand(ApiObject budget, List<ApiObject> pods) throws UnknownScaleException {
        JsonNode unavailable = budget.at("/spec/maxUnavailable");
        JsonNode available = budget.at("/spec/minAvailable");
        if (!unavailable.isMissingNode()) {
            int expected = expected(budget, pods);
            int most = Share.of(unavailable, expected, RoundingMode.CEILING);
            return new Demand(expected, Math.max(0, expected - most));
        }
        if (available.isMissingNode()) {
            return new Demand(0, 0);
        }
        if (!Share.isPercent(available)) {
            return new Demand(pods.size(), available.asInt());
        }
        int expected = expected(budget, pods);
        return new Demand(expected, Share.of(available, expected, RoundingMode.CEILING));
    }

    /** How many pods the owners of {@code pods} want together. */
    private int expected(ApiObject budget, List<ApiObject> pods) throws UnknownScaleException {
        Map<String, Integer> byOwner = new HashMap<>();
        boolean unmanaged = false;
        for (ApiObject pod : pods) {
            Optional<OwnerReference> owner = pod.controller();
            if (owner.isEmpty()) {
                unmanaged = true;
                continue;
            }
            if (!byOwner.containsKey(owner.get().uid())) {
                byOwner.put(owner.get().uid(), 0);
                ScaleTargets.Target target = scaled(pod, owner.get());
                byOwner.put(target.object().uid(), target.wanted());
            }
        }
        if (unmanaged) {
            floor.recorder.warning(
                    budget,
                    "UnmanagedPods",
                    "Pods selected by this PodDisruptionBudget (selector: "
                            + budget.at("/spec/selector")
                            + ") have no controller, so how many there should be is not known;"
                            + " set .spec.minAvailable to an integer to count them");
        }
        return byOwner.values().stream().mapToInt(Integer::intValue).sum();
    }

    /** What is scaled to have more pods like this one: a Deployment, not its ReplicaSet. */
    private ScaleTargets.Target scaled(ApiObject pod, OwnerReference owner)
            throws UnknownScaleException {
        Optional<ScaleTargets.Target> target = find(pod.namespace(), owner);
        Optional<OwnerReference> above = target.flatMap(t -> t.object().controller());
        if (above.isPresent()) {
            target = find(pod.namespace(), above.get()).or(() -> find(pod.namespace(), owner));
        }
        return target.orElseThrow(() ->
                new UnknownScaleException(
                        "found no controllers for pod \"%s\"".formatted(pod.name())));
    }

    private Optional<ScaleTargets.Target> find(String namespace, OwnerReference owner) {
        return targets.find(owner.apiVersion(), owner.kind(), namespace, owner.name())
                .filter(t -> t.object().uid().equals(owner.uid()));
    }

    // ---- what is there
    // ---------------------------------------------------------------------------------------------

    /** Of the pods that were evicted, those whose deletion is still to be seen. */
    private ObjectNode stillExpected(ApiObject budget, List<ApiObject> pods) {
        Map<String, ApiObject> byName =
                pods.stream().collect(Collectors.toMap(ApiObject::name, Function.identity()));
        ObjectNode still = JsonNodeFactory.instance.objectNode();
        for (var evicted : budget.at("/status/disruptedPods").properties()) {
            ApiObject pod = byName.get(evicted.getKey());
            if (pod == null || pod.deleting()) {
                continue;
            }
            if (deadline(evicted.getValue()).isAfter(floor.time.now())) {
                still.set(evicted.getKey(), evicted.getValue());
            } else {
                floor.recorder.warning(
                        pod,
                        "NotDeleted",
                        "Pod was expected by PDB %s/%s to be deleted but it wasn't"
                                .formatted(budget.namespace(), budget.name()));
            }
        }
        return still;
    }

    private static Instant deadline(JsonNode evictedAt) {
        return Instant.parse(evictedAt.asText()).plus(DELETION_DEADLINE);
    }

    private static int healthy(List<ApiObject> pods, ObjectNode disrupted) {
        return (int)
                pods.stream()
                        .filter(p -> !p.deleting() && !disrupted.has(p.name()) && Pods.ready(p))
                        .count();
    }

    // ---- saying so
    // -------------------------------------------------------------------------------------------------

    private Result write(
            ApiObject budget, ObjectNode status, Demand demand, int healthy, ObjectNode disrupted) {
        int allowed = demand.expected <= 0 ? 0 : Math.max(0, healthy - demand.healthy);
        status.put("currentHealthy", healthy).put("desiredHealthy", demand.healthy);
        status.put("disruptionsAllowed", allowed).put("expectedPods", demand.expected);
        status.put("observedGeneration", budget.generation());
        if (disrupted.isEmpty()) {
            status.remove("disruptedPods");
        } else {
            status.set("disruptedPods", disrupted);
        }
        boolean enough = allowed > 0;
        condition(
                budget,
                status,
                enough ? "True" : "False",
                enough ? "SufficientPods" : "InsufficientPods",
                "");
        return disrupted
                .valueStream()
                .map(at -> Duration.between(floor.time.now(), deadline(at)).toMillis())
                .min(Long::compare)
                .map(millis -> Result.after(Math.max(1, millis)))
                .orElse(Result.DONE);
    }

    /** Nothing may be evicted while it is not known what should be there. */
    private Result refuse(ApiObject budget, ObjectNode status, String why) {
        status.put("disruptionsAllowed", 0).put("observedGeneration", budget.generation());
        condition(budget, status, "False", "SyncFailed", why);
        return Result.after(floor.limits.unknownScaleRetryMillis());
    }

    private void condition(
            ApiObject budget, ObjectNode status, String value, String reason, String message) {
        Conditions.PLAIN.set(status, ALLOWED, value, reason, message, floor.timestamp());
        for (JsonNode condition : status.path("conditions")) {
            if (condition.path("type").asText().equals(ALLOWED)
                    && condition instanceof ObjectNode tree) {
                tree.put("observedGeneration", budget.generation());
            }
        }
        StatusWriter.write(floor.client, Resource.POD_DISRUPTION_BUDGETS, budget, status);
    }
}
