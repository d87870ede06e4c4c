package dev.kemudi.workloads;

import dev.kemudi.api.ApiObject;
import dev.kemudi.controller.Result;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/*
 * The order of a StatefulSet
 * --------------------------
 * First every ordinal that is wanted, from the lowest: what is missing is made, what has ended is deleted
 * (and made anew when it is gone). Then what is beyond, from the highest: deleted. Then, when templates
 * roll, from the highest down to the partition: a pod of another revision is deleted, to be made anew of
 * the new one.
 *
 * With OrderedReady each of these waits for the one before: one pod is made or deleted at a time, and
 * only while all before it run and are ready. So a template that never becomes ready stops everything
 * until somebody deletes its pod; Kubernetes does the same. Parallel does not wait to make and to delete,
 * but rolls in order.
 *
 * A pod below the partition is made of the current revision even when it is made anew, so that a canary
 * stays one.
 */

/** One look at one StatefulSet. For use by one thread. */
final class StatefulPass {
    private final Floor floor;
    private final StatefulPods writer;
    private final Claims claims;
    final ApiObject set;
    final List<ApiObject> pods;
    final ApiObject current;
    final ApiObject update;
    private final boolean ordered;
    private final int start;
    private final int wanted;
    private final int minReadySeconds;
    private final Instant now;
    private final Map<Integer, ApiObject> byOrdinal = new TreeMap<>();
    private long againMillis = Long.MAX_VALUE;

    /**
     * @param current the revision that the set comes from
     * @param update the one it goes to
     */
    StatefulPass(
            Floor floor,
            StatefulPods writer,
            Claims claims,
            ApiObject set,
            List<ApiObject> pods,
            ApiObject current,
            ApiObject update) {
        this.floor = floor;
        this.writer = writer;
        this.claims = claims;
        this.set = set;
        this.pods = pods;
        this.current = current;
        this.update = update;
        this.ordered = !set.text("/spec/podManagementPolicy").equals("Parallel");
        this.start = set.integer("/spec/ordinals/start", 0);
        this.wanted = set.integer("/spec/replicas", 1);
        this.minReadySeconds = set.integer("/spec/minReadySeconds", 0);
        this.now = floor.time.now();
        pods.forEach(pod -> byOrdinal.put(StatefulPods.ordinal(set, pod), pod));
    }

    boolean available(ApiObject pod) {
        return StatefulPods.runningAndReady(pod) && Pods.available(pod, minReadySeconds, now);
    }

    Result run() {
        if (grow() && shrink() && set.text("/spec/updateStrategy/type").equals("RollingUpdate")) {
            roll();
        }
        Pods.millisToAvailable(pods, minReadySeconds, now).ifPresent(this::again);
        return againMillis == Long.MAX_VALUE ? Result.DONE : Result.after(againMillis);
    }

    private void again(long millis) {
        againMillis = Math.min(againMillis, millis);
    }

    // ---- what is wanted
    // --------------------------------------------------------------------------------------------

    /** False when the next step must wait. */
    private boolean grow() {
        int changes = 0;
        for (int ordinal = start; ordinal < start + wanted; ordinal++) {
            if (changes >= floor.limits.podBurst()) {
                return false;
            }
            ApiObject pod = byOrdinal.get(ordinal);
            if (pod == null) {
                changes += create(ordinal) ? 1 : 0;
                if (ordered) {
                    return false;
                }
            } else if (!keep(pod)) {
                return false;
            }
        }
        return true;
    }

    private boolean create(int ordinal) {
        if (!claims.ready(set, StatefulPods.name(set, ordinal))) {
            again(floor.limits.claimRetryMillis());
            return false;
        }
        boolean rolls = set.text("/spec/updateStrategy/type").equals("RollingUpdate");
        boolean belowPartition = rolls && ordinal < start + partition();
        writer.create(set, belowPartition ? current : update, ordinal);
        return true;
    }

    private int partition() {
        return set.integer("/spec/updateStrategy/rollingUpdate/partition", 0);
    }

    /** False when the set must wait for this pod. */
    private boolean keep(ApiObject pod) {
        if (Pods.finished(pod)) {
            if (!pod.deleting()) {
                boolean failed = Pods.phase(pod).equals("Failed");
                floor.recorder.warning(
                        set,
                        failed ? "RecreatingFailedPod" : "RecreatingTerminatedPod",
                        "StatefulSet %s/%s is recreating %s Pod %s"
                                .formatted(
                                        set.namespace(),
                                        set.name(),
                                        failed ? "failed" : "terminated",
                                        pod.name()));
                writer.delete(set, pod);
            }
            return false;
        }
        claims.retain(set, pod, false);
        return !ordered || available(pod) && !pod.deleting();
    }

    // ---- what is beyond
    // --------------------------------------------------------------------------------------------

    private List<ApiObject> condemned() {
        List<ApiObject> condemned = new ArrayList<>();
        byOrdinal.forEach((ordinal, pod) -> {
            if (ordinal < start || ordinal >= start + wanted) {
                condemned.add(pod);
            }
        });
        return condemned.reversed();
    }

    private boolean shrink() {
        List<ApiObject> condemned = condemned();
        condemned.forEach(pod -> claims.retain(set, pod, true));
        // Of those that are not healthy, the lowest need not wait for itself.
        ApiObject firstUnhealthy =
                condemned.stream()
                        .filter(pod -> !StatefulPods.healthy(pod))
                        .min(Comparator.comparingInt(pod -> StatefulPods.ordinal(set, pod)))
                        .orElse(set);
        for (ApiObject pod : condemned) {
            if (pod.deleting()) {
                if (ordered) {
                    return false;
                }
                continue;
            }
            if (ordered && !available(pod) && pod != firstUnhealthy) {
                return false;
            }
            writer.delete(set, pod);
            if (ordered) {
                return false;
            }
        }
        return true;
    }

    // ---- the new template
    // ------------------------------------------------------------------------------------------

    private void roll() {
        for (int index = wanted - 1; index >= partition(); index--) {
            ApiObject pod = byOrdinal.get(start + index);
            if (pod == null) {
                return;
            }
            if (!StatefulPods.revision(pod).equals(update.name()) && !pod.deleting()) {
                writer.delete(set, pod);
                return;
            }
            if (!StatefulPods.healthy(pod) || !available(pod)) {
                return;
            }
        }
    }
}
