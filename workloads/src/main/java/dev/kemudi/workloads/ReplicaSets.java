package dev.kemudi.workloads;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.LabelSelector;
import dev.kemudi.api.ObjectKey;
import dev.kemudi.api.Resource;
import dev.kemudi.controller.Controller;
import dev.kemudi.controller.Reconciler;
import dev.kemudi.controller.Result;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Keeps as many pods of one template as a ReplicaSet says. */
final class ReplicaSets implements Reconciler {
    private static final long LAG_MILLIS = 1_000;

    private final Floor floor;
    private final Adoption adoption;
    private final Freshness freshness;

    private ReplicaSets(Floor floor) {
        this.floor = floor;
        this.adoption = new Adoption(floor.client, floor.pods);
        this.freshness = new Freshness(floor.pods);
    }

    static Controller controller(Floor floor) {
        return floor.controller("replicaset", new ReplicaSets(floor))
                .watches(floor.replicaSets)
                .watches(floor.pods, pod -> interested(floor, pod));
    }

    private static Collection<ObjectKey> interested(Floor floor, ApiObject pod) {
        if (pod.controller().isPresent()) {
            return Floor.managerKey(pod, Resource.REPLICA_SETS).stream().toList();
        }
        Map<String, String> labels = pod.labels();
        return floor.replicaSets.list(pod.namespace()).stream()
                .filter(rs -> selector(rs).matches(labels))
                .map(ApiObject::key)
                .toList();
    }

    private static LabelSelector selector(ApiObject replicaSet) {
        return new LabelSelector(replicaSet.at("/spec/selector"));
    }

    @Override
    public Result reconcile(ObjectKey key) {
        Optional<ApiObject> found = floor.replicaSets.get(key);
        if (found.isEmpty()) {
            freshness.forget(key);
            return Result.DONE;
        }
        if (!freshness.caughtUp(key)) {
            return Result.after(LAG_MILLIS); // the event that is missing brings the key back sooner
        }
        ApiObject replicaSet = found.get();
        List<ApiObject> pods =
                adoption.claim(replicaSet, selector(replicaSet), Resource.REPLICA_SETS).stream()
                        .filter(Pods::active)
                        .toList();
        String failure = "";
        if (!replicaSet.deleting()) {
            failure = scale(replicaSet, pods);
        }
        ObjectNode status = status(replicaSet, pods, failure);
        StatusWriter.write(floor.client, Resource.REPLICA_SETS, replicaSet, status);
        if (!failure.isEmpty()) {
            throw new IllegalStateException(failure);
        }
        return Pods.millisToAvailable(
                        pods, replicaSet.integer("/spec/minReadySeconds", 0), floor.time.now())
                .map(Result::after)
                .orElse(Result.DONE);
    }

    /** Creates or deletes pods; what went wrong, or nothing. */
    private String scale(ApiObject replicaSet, List<ApiObject> pods) {
        int missing = replicaSet.integer("/spec/replicas", 1) - pods.size();
        try {
            if (missing > 0) {
                create(replicaSet, Math.min(missing, floor.limits.podBurst()));
            } else if (missing < 0) {
                pods.stream()
                        .sorted(Pods.deletionOrder(pods))
                        .limit(Math.min(-missing, floor.limits.podBurst()))
                        .forEach(pod -> delete(replicaSet, pod));
            }
            return "";
        } catch (ApiException e) {
            if (e.status().reason().equals("Forbidden")
                    && e.status().message().contains("being terminated")) {
                return ""; // the namespace goes away, and this ReplicaSet with it
            }
            floor.recorder.warning(
                    replicaSet,
                    missing > 0 ? "FailedCreate" : "FailedDelete",
                    "Error: " + e.status().message());
            return e.status().message();
        }
    }

    private void create(ApiObject replicaSet, int count) {
        for (int i = 0; i < count; i++) {
            ApiObject pod = floor.client.create(Resource.PODS, Pods.fromTemplate(replicaSet));
            freshness.wrote(replicaSet.key(), pod);
            floor.recorder.normal(replicaSet, "SuccessfulCreate", "Created pod: " + pod.name());
        }
    }

    private void delete(ApiObject replicaSet, ApiObject pod) {
        floor.deletePod(freshness, replicaSet, pod, "Deleted pod: " + pod.name());
    }

    private ObjectNode status(ApiObject replicaSet, List<ApiObject> pods, String failure) {
        ObjectNode status =
                replicaSet.at("/status") instanceof ObjectNode before
                        ? before.deepCopy()
                        : JsonNodeFactory.instance.objectNode();
        Instant now = floor.time.now();
        int minReady = replicaSet.integer("/spec/minReadySeconds", 0);
        Map<String, String> templateLabels = replicaSet.textMap("/spec/template/metadata/labels");
        count(status, "replicas", pods.size());
        count(
                status,
                "fullyLabeledReplicas",
                pods.stream()
                        .filter(p -> p.labels().entrySet().containsAll(templateLabels.entrySet()))
                        .count());
        count(status, "readyReplicas", pods.stream().filter(Pods::ready).count());
        count(
                status,
                "availableReplicas",
                pods.stream().filter(p -> Pods.available(p, minReady, now)).count());
        status.put("replicas", pods.size());
        status.put("observedGeneration", replicaSet.generation());
        if (failure.isEmpty()) {
            Conditions.remove(status, "ReplicaFailure");
        } else {
            Conditions.PLAIN.set(
                    status, "ReplicaFailure", "True", "FailedCreate", failure, floor.timestamp());
        }
        return status;
    }

    /** Zero counters are left out, as Kubernetes does. */
    private static void count(ObjectNode status, String name, long count) {
        if (count == 0) {
            status.remove(name);
        } else {
            status.put(name, count);
        }
    }
}
