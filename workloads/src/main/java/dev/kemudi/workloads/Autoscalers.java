package dev.kemudi.workloads;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.LabelSelector;
import dev.kemudi.api.ListOptions;
import dev.kemudi.api.ObjectKey;
import dev.kemudi.api.Resource;
import dev.kemudi.controller.Controller;
import dev.kemudi.controller.Reconciler;
import dev.kemudi.controller.Result;
import dev.kemudi.workloads.ReplicaProposal.Proposed;
import dev.kemudi.workloads.ReplicaProposal.UnknownUsageException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** Scales what HorizontalPodAutoscalers point at to what its pods use. */
final class Autoscalers implements Reconciler {
    private static final String ABLE = "AbleToScale";
    private static final String ACTIVE = "ScalingActive";
    private static final String LIMITED = "ScalingLimited";

    /** When an autoscaler was looked at last, in which generation, and what it did. */
    private record Memory(Instant at, long generation, ScalePace pace) {}

    private final Floor floor;
    private final ScaleTargets targets;
    private final PodUsage usage;
    private final Map<ObjectKey, Memory> memories = new ConcurrentHashMap<>();

    private Autoscalers(Floor floor, ScaleTargets targets, PodUsage usage) {
        this.floor = floor;
        this.targets = targets;
        this.usage = usage;
    }

    static Controller controller(Floor floor, ScaleTargets targets, PodUsage usage) {
        return floor.controller("horizontalpodautoscaler", new Autoscalers(floor, targets, usage))
                .watches(floor.autoscalers);
    }

    @Override
    public Result reconcile(ObjectKey key) {
        Optional<ApiObject> found = floor.autoscalers.get(key).filter(a -> !a.deleting());
        if (found.isEmpty()) {
            memories.remove(key);
            return Result.DONE;
        }
        ApiObject autoscaler = found.get();
        Instant now = floor.time.now();
        Memory before = memories.get(key);
        if (before != null && before.generation == autoscaler.generation()) {
            long left =
                    Duration.between(now, before.at).toMillis() + floor.limits.autoscaleMillis();
            if (left > 0) {
                return Result.after(left); // called by its own status
            }
        }
        ScalePace pace = before == null ? new ScalePace() : before.pace;
        memories.put(key, new Memory(now, autoscaler.generation(), pace));
        Pass pass = new Pass(autoscaler, now, pace);
        pass.run();
        StatusWriter.write(
                floor.client, Resource.HORIZONTAL_POD_AUTOSCALERS, autoscaler, pass.status);
        return Result.after(floor.limits.autoscaleMillis());
    }

    /** One look at one autoscaler. */
    private final class Pass {
        private final ApiObject autoscaler;
        private final Instant now;
        private final ScalePace pace;
        private final ObjectNode status;

        Pass(ApiObject autoscaler, Instant now, ScalePace pace) {
            this.autoscaler = autoscaler;
            this.now = now;
            this.pace = pace;
            this.status =
                    autoscaler.at("/status") instanceof ObjectNode before
                            ? before.deepCopy()
                            : JsonNodeFactory.instance.objectNode();
            status.put("observedGeneration", autoscaler.generation());
        }

        private void condition(String type, boolean value, String reason, String message) {
            Conditions.PLAIN.replace(
                    status, type, value ? "True" : "False", reason, message, floor.timestamp());
        }

        private void unable(String type, String reason, String message) {
            floor.recorder.warning(autoscaler, reason, message);
            condition(type, false, reason, message);
        }

        void run() {
            JsonNode reference = autoscaler.at("/spec/scaleTargetRef");
            Optional<ScaleTargets.Target> target =
                    targets.find(
                            reference.path("apiVersion").asText(),
                            reference.path("kind").asText(),
                            autoscaler.namespace(),
                            reference.path("name").asText());
            if (target.isEmpty()) {
                unable(
                        ABLE,
                        "FailedGetScale",
                        "the HPA controller was unable to get the target's current scale: "
                                + "no %s \"%s\" that can be scaled"
                                        .formatted(
                                                reference.path("kind").asText(),
                                                reference.path("name").asText()));
                return;
            }
            condition(
                    ABLE,
                    true,
                    "SucceededGetScale",
                    "the HPA controller was able to get the target's current scale");
            int current = target.get().wanted();
            status.put("currentReplicas", target.get().current());
            decide(target.get(), current);
        }

        private void decide(ScaleTargets.Target target, int current) {
            int least = autoscaler.integer("/spec/minReplicas", 1);
            int most = autoscaler.integer("/spec/maxReplicas", Integer.MAX_VALUE);
            if (current == 0) {
                condition(
                        ACTIVE,
                        false,
                        "ScalingDisabled",
                        "scaling is disabled since the replica count of the target is zero");
                status.put("desiredReplicas", 0);
            } else if (current > most) {
                rescale(target, current, most, "Current number of replicas above Spec.MaxReplicas");
            } else if (current < least) {
                rescale(
                        target,
                        current,
                        least,
                        "Current number of replicas below Spec.MinReplicas");
            } else {
                byMetrics(target, current);
            }
        }

        private void byMetrics(ScaleTargets.Target target, int current) {
            Optional<List<ApiObject>> pods = pods(target);
            if (pods.isEmpty()) {
                unable(ACTIVE, "InvalidSelector", "the HPA target's scale is missing a selector");
                return;
            }
            Optional<Proposed> highest = highest(pods.get(), current);
            if (highest.isEmpty()) {
                status.put("desiredReplicas", current);
                return;
            }
            Proposed proposed = highest.get();
            condition(
                    ACTIVE,
                    true,
                    "ValidMetricFound",
                    "the HPA was able to successfully calculate a replica count from "
                            + proposed.name());
            ScalePace.Pace next = pace.pace(autoscaler, now, current, proposed.replicas());
            stabilised(next.stabilised());
            condition(LIMITED, next.limited(), next.limitReason(), next.limitMessage());
            String why =
                    next.replicas() > current
                            ? proposed.name() + " above target"
                            : "All metrics below target";
            rescale(target, current, next.replicas(), why);
        }

        private void stabilised(String reason) {
            switch (reason) {
                case "ScaleDownStabilized" ->
                        condition(
                                ABLE,
                                true,
                                reason,
                                "recent recommendations were higher than current one, applying the highest"
                                        + " recent recommendation");
                case "ScaleUpStabilized" ->
                        condition(
                                ABLE,
                                true,
                                reason,
                                "recent recommendations were lower than current one, applying the lowest"
                                        + " recent recommendation");
                default ->
                        condition(
                                ABLE,
                                true,
                                "ReadyForNewScale",
                                "recommended size matches current size");
            }
        }

        private Optional<List<ApiObject>> pods(ScaleTargets.Target target) {
            JsonNode selector = target.selector();
            if (selector.isTextual() && !selector.asText().isEmpty()) {
                return Optional.of(
                        floor.client
                                .list(
                                        Resource.PODS,
                                        autoscaler.namespace(),
                                        ListOptions.labels(selector.asText()))
                                .items());
            }
            if (!selector.isObject()) {
                return Optional.empty();
            }
            return Optional.of(
                    floor.pods.list(autoscaler.namespace()).stream()
                            .filter(p -> new LabelSelector(selector).matches(p.labels()))
                            .toList());
        }

        /**
         * What the metric that asks for most asks for. One that says nothing forbids to go down,
         * for it might have asked for more.
         */
        private Optional<Proposed> highest(List<ApiObject> pods, int current) {
            Optional<Proposed> highest = Optional.empty();
            Optional<UnknownUsageException> unknown = Optional.empty();
            ArrayNode shown = status.arrayNode();
            for (JsonNode metric : autoscaler.at("/spec/metrics")) {
                try {
                    Proposed proposed =
                            new ReplicaProposal(usage, now, metric, pods, current).propose();
                    shown.add(proposed.current());
                    if (highest.filter(h -> h.replicas() >= proposed.replicas()).isEmpty()) {
                        highest = Optional.of(proposed);
                    }
                } catch (UnknownUsageException e) {
                    shown.addObject().put("type", metric.path("type").asText());
                    unknown = unknown.or(() -> Optional.of(e));
                }
            }
            status.set("currentMetrics", shown);
            boolean down = highest.filter(h -> h.replicas() < current).isPresent();
            if (unknown.isPresent() && (highest.isEmpty() || down)) {
                UnknownUsageException why = unknown.get();
                unable(
                        ACTIVE,
                        why.reason,
                        "the HPA was unable to compute the replica count: " + why.getMessage());
                return Optional.empty();
            }
            return highest;
        }

        private void rescale(ScaleTargets.Target target, int current, int wanted, String why) {
            status.put("desiredReplicas", wanted);
            if (wanted == current) {
                return;
            }
            try {
                targets.scale(target, wanted);
            } catch (ApiException e) {
                unable(
                        ABLE,
                        "FailedUpdateScale",
                        "the HPA controller was unable to update the target scale: "
                                + e.status().message());
                status.put("desiredReplicas", current);
                return;
            }
            pace.changed(now, current, wanted);
            status.put("lastScaleTime", floor.timestamp());
            condition(
                    ABLE,
                    true,
                    "SucceededRescale",
                    "the HPA controller was able to update the target scale to " + wanted);
            floor.recorder.normal(
                    autoscaler,
                    "SuccessfulRescale",
                    "New size: %d; reason: %s".formatted(wanted, why));
        }
    }
}
