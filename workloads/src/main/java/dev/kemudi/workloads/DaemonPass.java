package dev.kemudi.workloads;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.controller.Result;
import java.math.RoundingMode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/*
 * One pod a node
 * --------------
 * A pass first makes what is missing and deletes what is too much; only a pass that had nothing of that
 * to do rolls templates forward. Without surge a pod of an old template is deleted, at most so many nodes
 * being without an available pod at a time; the next pass makes the new one. With surge the new pod is
 * made beside the old one, on so many nodes at a time, and the old one is deleted when the new one is
 * available. A pod of an old template that is not available anyway is replaced at once: it cannot become
 * worse.
 */

/** One look at one DaemonSet. For use by one thread. */
final class DaemonPass {
    private static final Comparator<ApiObject> BY_AGE =
            Comparator.comparing((ApiObject pod) -> pod.text("/metadata/creationTimestamp"))
                    .thenComparing(ApiObject::name);

    private final Floor floor;
    private final DaemonPods writer;
    private final ApiObject set;
    private final String hash;
    private final JsonNode podSpec;
    private final List<ApiObject> nodes;
    private final Map<String, List<ApiObject>> byNode;
    private final Instant now;
    private final int minReadySeconds;
    private int changes;
    private long againMillis = Long.MAX_VALUE;

    /**
     * @param hash of the present template
     */
    DaemonPass(Floor floor, DaemonPods writer, ApiObject set, String hash, List<ApiObject> pods) {
        this.floor = floor;
        this.writer = writer;
        this.set = set;
        this.hash = hash;
        this.podSpec = DaemonPods.spec(set);
        this.nodes =
                floor.nodes.list().stream().sorted(Comparator.comparing(ApiObject::name)).toList();
        this.byNode = pods.stream().sorted(BY_AGE).collect(Collectors.groupingBy(DaemonPods::node));
        this.now = floor.time.now();
        this.minReadySeconds = set.integer("/spec/minReadySeconds", 0);
    }

    Result run() {
        fill();
        if (changes == 0 && set.text("/spec/updateStrategy/type").equals("RollingUpdate")) {
            if (maxSurge() > 0) {
                surge();
            } else {
                roll();
            }
        }
        List<ApiObject> all = byNode.values().stream().flatMap(List::stream).toList();
        Pods.millisToAvailable(all, minReadySeconds, now)
                .ifPresent(millis -> againMillis = Math.min(againMillis, millis));
        return againMillis == Long.MAX_VALUE ? Result.DONE : Result.after(againMillis);
    }

    // ---- which nodes
    // -----------------------------------------------------------------------------------------------

    private boolean wants(ApiObject node) {
        return stays(node) && NodeFit.tolerates(podSpec, node, "NoSchedule");
    }

    /** A node that would not be chosen now may still keep the pod it has. */
    private boolean stays(ApiObject node) {
        return NodeFit.selects(podSpec, node) && NodeFit.tolerates(podSpec, node, "NoExecute");
    }

    private List<ApiObject> on(ApiObject node) {
        return byNode.getOrDefault(node.name(), List.of());
    }

    private boolean available(ApiObject pod) {
        return Pods.available(pod, minReadySeconds, now);
    }

    // ---- one pod each
    // ----------------------------------------------------------------------------------------------

    private void fill() {
        Set<String> names = new HashSet<>();
        for (ApiObject node : nodes) {
            names.add(node.name());
            if (changes >= floor.limits.podBurst()) {
                return; // the changes made so far bring the key back
            }
            if (wants(node) && on(node).isEmpty()) {
                create(node);
            } else if (stays(node)) {
                tidy(node);
            } else {
                DaemonPods.living(on(node)).forEach(this::delete);
            }
        }
        byNode.forEach((name, pods) -> {
            if (!names.contains(name)) {
                DaemonPods.living(pods).stream()
                        .filter(pod -> pod.text("/spec/nodeName").isEmpty())
                        .forEach(this::delete);
            }
        });
    }

    private void create(ApiObject node) {
        writer.create(set, hash, node.name());
        changes++;
    }

    private void delete(ApiObject pod) {
        writer.delete(set, pod);
        changes++;
    }

    /** Deletes what has ended on a node, and what is there twice. */
    private void tidy(ApiObject node) {
        List<ApiObject> running = new ArrayList<>();
        for (ApiObject pod : DaemonPods.living(on(node))) {
            switch (Pods.phase(pod)) {
                case "Failed" -> {
                    long wait = writer.deleteFailed(set, pod, node.name());
                    if (wait > 0) {
                        againMillis = Math.min(againMillis, wait);
                    } else {
                        changes++;
                    }
                }
                case "Succeeded" -> {
                    floor.recorder.normal(
                            set,
                            "SucceededDaemonPod",
                            "Found succeeded daemon pod %s/%s on node %s, will try to delete it"
                                    .formatted(pod.namespace(), pod.name(), node.name()));
                    delete(pod);
                }
                default -> running.add(pod);
            }
        }
        if (maxSurge() == 0) {
            running.stream().skip(1).forEach(this::delete);
        } else {
            running.stream().filter(this::updated).skip(1).forEach(this::delete);
            running.stream().filter(pod -> !updated(pod)).skip(1).forEach(this::delete);
        }
    }

    private boolean updated(ApiObject pod) {
        return DaemonPods.updated(pod, hash);
    }

    // ---- the new template
    // ------------------------------------------------------------------------------------------

    private int share(String member) {
        JsonNode value = set.at("/spec/updateStrategy/rollingUpdate/" + member);
        int desired = (int) nodes.stream().filter(this::wants).count();
        return Share.of(value, desired, RoundingMode.CEILING);
    }

    private int maxSurge() {
        return share("maxSurge");
    }

    private Optional<ApiObject> living(ApiObject node, boolean updated) {
        return DaemonPods.living(on(node)).stream()
                .filter(pod -> updated(pod) == updated)
                .findFirst();
    }

    private void roll() {
        int unavailable = 0;
        List<ApiObject> candidates = new ArrayList<>();
        for (ApiObject node : nodes.stream().filter(this::wants).toList()) {
            Optional<ApiObject> old = living(node, false);
            if (old.isPresent() && available(old.get())) {
                candidates.add(old.get());
            } else if (old.isPresent()) {
                unavailable++;
                delete(old.get());
            } else if (living(node, true).filter(this::available).isEmpty()) {
                unavailable++;
            }
        }
        candidates.stream()
                .limit(Math.max(0, share("maxUnavailable") - unavailable))
                .forEach(this::delete);
    }

    private void surge() {
        int surging = 0;
        List<ApiObject> candidates = new ArrayList<>();
        for (ApiObject node : nodes.stream().filter(this::wants).toList()) {
            Optional<ApiObject> old = living(node, false);
            Optional<ApiObject> fresh = living(node, true);
            if (old.isEmpty()) {
                continue;
            }
            if (fresh.isPresent() && available(fresh.get())) {
                delete(old.get());
            } else if (fresh.isPresent()) {
                surging++;
            } else if (available(old.get())) {
                candidates.add(node);
            } else {
                create(node);
            }
        }
        candidates.stream().limit(Math.max(0, maxSurge() - surging)).forEach(this::create);
    }

    // ---- saying so
    // -------------------------------------------------------------------------------------------------

    ObjectNode status() {
        ObjectNode status =
                set.at("/status") instanceof ObjectNode before
                        ? before.deepCopy()
                        : JsonNodeFactory.instance.objectNode();
        int desired = 0;
        int misscheduled = 0;
        List<ApiObject> first = new ArrayList<>();
        for (ApiObject node : nodes) {
            List<ApiObject> pods = on(node);
            if (wants(node)) {
                desired++;
                pods.stream().findFirst().ifPresent(first::add);
            } else if (!pods.isEmpty()) {
                misscheduled++;
            }
        }
        int available = (int) first.stream().filter(this::available).count();
        status.put("currentNumberScheduled", first.size());
        status.put("numberMisscheduled", misscheduled).put("desiredNumberScheduled", desired);
        status.put("numberReady", (int) first.stream().filter(Pods::ready).count());
        status.put("observedGeneration", set.generation());
        put(status, "updatedNumberScheduled", (int) first.stream().filter(this::updated).count());
        put(status, "numberAvailable", available);
        put(status, "numberUnavailable", desired - available);
        return status;
    }

    /** Zero counters that Kubernetes leaves out. */
    private static void put(ObjectNode status, String name, int count) {
        if (count == 0) {
            status.remove(name);
        } else {
            status.put(name, count);
        }
    }
}
