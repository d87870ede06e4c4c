package dev.kemudi.workloads;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ObjectKey;
import dev.kemudi.api.Resource;
import dev.kemudi.controller.Controller;
import dev.kemudi.controller.Reconciler;
import dev.kemudi.controller.Result;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/*
 * When a node is taken for lost
 * -----------------------------
 * A sign of life is any change of the node's lease or of the heartbeat in its status; what counts is when
 * it was seen here, so that clocks of machines need not agree and a controller that was away blames
 * nobody. A node that has been silent for the grace is suspected first and declared unknown a little
 * later: after a pause of the whole process (a laptop's sleep, a test that moves the clock) the node's
 * own heartbeat gets its turn before the verdict.
 *
 * Then: conditions Unknown, taint unreachable, pods not ready; pods leave when their tolerations end. A
 * sign of life takes all of it back. Nothing polls: each node is looked at when it speaks, and when it
 * should have.
 */

/** Follows the signs of life of nodes. */
final class NodeLifecycle implements Reconciler {
    private static final String LEASES_OF_NODES = "kube-node-lease";
    private static final List<String> JUDGED =
            List.of("Ready", "MemoryPressure", "DiskPressure", "PIDPressure");

    /**
     * @param sign the newest sign of life
     * @param seen when it was seen
     * @param suspected since when the node has been silent for too long; the far future when not
     */
    private record Sight(String sign, Instant seen, Instant suspected) {}

    private final Floor floor;
    private final Evictions evictions;
    private final Map<ObjectKey, Sight> sights = new ConcurrentHashMap<>();
    private final Map<ObjectKey, Instant> missing = new ConcurrentHashMap<>();

    private NodeLifecycle(Floor floor) {
        this.floor = floor;
        this.evictions = new Evictions(floor);
    }

    static Controller controller(Floor floor) {
        return floor.controller("nodelifecycle", new NodeLifecycle(floor))
                .watches(floor.nodes)
                .watches(floor.leases, NodeLifecycle::node)
                .watches(floor.pods, pod -> troubled(floor, pod));
    }

    private static Collection<ObjectKey> node(ApiObject lease) {
        return lease.namespace().equals(LEASES_OF_NODES)
                ? List.of(new ObjectKey("", lease.name()))
                : List.of();
    }

    /** Only pods on nodes that drive pods out, or are gone, need a look. */
    private static Collection<ObjectKey> troubled(Floor floor, ApiObject pod) {
        ObjectKey node = new ObjectKey("", pod.text("/spec/nodeName"));
        return node.name().isEmpty()
                        || floor.nodes.get(node).filter(n -> !NodeTaints.evicts(n)).isPresent()
                ? List.of()
                : List.of(node);
    }

    @Override
    public Result reconcile(ObjectKey key) {
        Optional<ApiObject> found = floor.nodes.get(key);
        if (found.isEmpty()) {
            sights.remove(key);
            return gone(key);
        }
        missing.remove(key);
        ApiObject node = found.get();
        if (node.deleting()) {
            return Result.DONE;
        }
        long next = judge(node);
        if (next < 0) {
            return Result.DONE; // what was written brings the key back
        }
        ApiObject followed = NodeTaints.follow(node, floor.timestamp());
        if (!followed.equals(node)) {
            floor.client.update(Resource.NODES, followed);
            return Result.after(next);
        }
        if (NodeTaints.evicts(node)) {
            next = Math.min(next, evictions.evict(node));
        }
        return Result.after(Math.max(1, next));
    }

    // ---- a node that is gone
    // ---------------------------------------------------------------------------------------

    private Result gone(ObjectKey key) {
        if (!evictions.any(key.name())) {
            missing.remove(key);
            return Result.DONE;
        }
        Instant now = floor.time.now();
        Instant since = missing.computeIfAbsent(key, _ -> now);
        long left = Duration.between(now, since).toMillis() + floor.limits.missingNodeGraceMillis();
        if (left > 0) {
            return Result.after(left);
        }
        if (floor.client.find(Resource.NODES, "", key.name()).isEmpty()) {
            evictions.collect(key.name());
        }
        missing.remove(key);
        return Result.DONE;
    }

    // ---- signs of life
    // ---------------------------------------------------------------------------------------------

    private String sign(ApiObject node) {
        String heartbeat =
                Pods.condition(node, "Ready")
                        .map(c -> c.path("lastHeartbeatTime").asText(""))
                        .orElse("");
        return floor.leases
                        .get(LEASES_OF_NODES, node.name())
                        .map(lease -> lease.text("/spec/renewTime"))
                        .orElse("")
                + " "
                + heartbeat;
    }

    /** Milliseconds until the node must be looked at again; -1 when it was written to. */
    private long judge(ApiObject node) {
        Instant now = floor.time.now();
        String sign = sign(node);
        Sight before = sights.get(node.key());
        if (before == null || !before.sign.equals(sign)) {
            sights.put(node.key(), new Sight(sign, now, Instant.MAX));
            return grace(node);
        }
        long left = Duration.between(now, before.seen).toMillis() + grace(node);
        if (left > 0) {
            return left;
        }
        if (before.suspected.equals(Instant.MAX)) {
            sights.put(node.key(), new Sight(sign, before.seen, now));
            return floor.limits.nodeConfirmMillis();
        }
        long confirm =
                Duration.between(now, before.suspected).toMillis()
                        + floor.limits.nodeConfirmMillis();
        if (confirm > 0) {
            return confirm;
        }
        return lost(node) ? -1 : floor.limits.nodeGraceMillis();
    }

    /** A node that never said a word gets longer. */
    private long grace(ApiObject node) {
        return Pods.condition(node, "Ready").isPresent()
                ? floor.limits.nodeGraceMillis()
                : floor.limits.nodeStartupGraceMillis();
    }

    /** Whether anything had to be written. */
    private boolean lost(ApiObject node) {
        boolean wasReady = NodeTaints.condition(node, "Ready").equals("True");
        ObjectNode status =
                node.at("/status") instanceof ObjectNode before
                        ? before.deepCopy()
                        : JsonNodeFactory.instance.objectNode();
        JUDGED.forEach(type -> unknown(node, status, type));
        boolean written =
                StatusWriter.write(floor.client, Resource.NODES, node, status).isPresent();
        if (wasReady) {
            floor.recorder.normal(
                    node,
                    "NodeNotReady",
                    "Node %s status is now: NodeNotReady".formatted(node.name()));
            evictions.notReady(node);
        }
        return written;
    }

    /** The node's last heartbeat stays to be seen. */
    private void unknown(ApiObject node, ObjectNode status, String type) {
        boolean known = Conditions.find(status, type).isPresent();
        if (!known) {
            status.withArrayProperty("conditions")
                    .addObject()
                    .put("type", type)
                    .put("lastHeartbeatTime", node.text("/metadata/creationTimestamp"));
        }
        Conditions.find(status, type)
                .filter(c -> !c.path("status").asText().equals("Unknown"))
                .ifPresent(c ->
                        ((ObjectNode) c)
                                .put("status", "Unknown")
                                .put("lastTransitionTime", floor.timestamp())
                                .put(
                                        "reason",
                                        known ? "NodeStatusUnknown" : "NodeStatusNeverUpdated")
                                .put(
                                        "message",
                                        known
                                                ? "Kubelet stopped posting node status."
                                                : "Kubelet never posted node status."));
    }
}
