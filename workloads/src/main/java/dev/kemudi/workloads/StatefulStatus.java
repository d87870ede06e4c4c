package dev.kemudi.workloads;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Resource;
import java.util.function.Predicate;

/**
 * What a StatefulSet says of itself. It has come to its new revision when every pod that is wanted
 * is of it and ready: that is what {@code kubectl rollout status} waits for.
 */
final class StatefulStatus {
    private final StatefulPass pass;
    private final ApiObject set;
    private final ObjectNode status;

    private StatefulStatus(StatefulPass pass) {
        this.pass = pass;
        this.set = pass.set;
        this.status =
                set.at("/status") instanceof ObjectNode before
                        ? before.deepCopy()
                        : JsonNodeFactory.instance.objectNode();
    }

    static void write(Floor floor, StatefulPass pass) {
        StatefulStatus status = new StatefulStatus(pass);
        status.count();
        StatusWriter.write(floor.client, Resource.STATEFUL_SETS, pass.set, status.status);
    }

    private void count() {
        String current = pass.current.name();
        String update = pass.update.name();
        int replicas = pass.pods.size();
        int ready = count(StatefulPods::runningAndReady);
        int updated = count(of(update));
        int wanted = set.integer("/spec/replicas", 1);
        boolean rolls = set.text("/spec/updateStrategy/type").equals("RollingUpdate");
        if (rolls && updated == wanted && replicas == wanted && ready == wanted) {
            current = update;
        }
        status.put("observedGeneration", set.generation());
        status.put("replicas", replicas);
        put("readyReplicas", ready);
        put("currentReplicas", count(of(current)));
        put("updatedReplicas", updated);
        status.put("availableReplicas", count(pass::available));
        status.put("currentRevision", current).put("updateRevision", update);
        if (!status.has("collisionCount")) {
            status.put("collisionCount", 0);
        }
    }

    private static Predicate<ApiObject> of(String revision) {
        return pod -> StatefulPods.revision(pod).equals(revision) && !pod.deleting();
    }

    private int count(Predicate<ApiObject> which) {
        return (int) pass.pods.stream().filter(which).count();
    }

    private void put(String name, int count) {
        if (count == 0) {
            status.remove(name);
        } else {
            status.put(name, count);
        }
    }
}
