package dev.kemudi.scheduler;

import dev.kemudi.api.ApiObject;
import dev.kemudi.api.OwnerReference;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/*
 * What the decision loop knows
 * ----------------------------
 * A row per node and a placement per pod, kept by events, not rebuilt. A decision is assumed here at once,
 * before it is written, so that the next decision counts with it; the event of the written pod then changes
 * nothing, and a failed write takes the assumption back.
 *
 * What holds always: a row's use is the sum over the placements on it; a pod has at most one placement; an
 * assumed placement is replaced by what the API says as soon as the API says something.
 */

/** The scheduler's own view of nodes and of what runs on them. Safe for use by many threads. */
final class Snapshot {
    private record Placement(String node, PodRequest request, String owner) {}

    /** Where a pod goes, or why nowhere. */
    sealed interface Decision {
        record Fits(String node) implements Decision {}

        record FitsNowhere(String message) implements Decision {}
    }

    private final Map<String, NodeRow> rows = new TreeMap<>();
    private final Map<String, Placement> placements = new HashMap<>();

    synchronized void node(ApiObject node) {
        row(node.name()).read(node);
    }

    synchronized void nodeGone(String name) {
        NodeRow row = rows.get(name);
        if (row != null) {
            row.known = false;
            dropIfIdle(row);
        }
    }

    private NodeRow row(String name) {
        return rows.computeIfAbsent(name, NodeRow::new);
    }

    private void dropIfIdle(NodeRow row) {
        if (!row.known && row.podsUsed == 0) {
            rows.remove(row.name);
        }
    }

    /** A pod that stands on a node, or does so no longer; whether room was freed. */
    synchronized boolean pod(ApiObject pod) {
        String node = pod.text("/spec/nodeName");
        if (node.isEmpty()) {
            return false; // an assumption, if there is one, stands until its write ends
        }
        String phase = pod.text("/status/phase");
        if (phase.equals("Succeeded") || phase.equals("Failed")) {
            return release(pod.uid());
        }
        PodRequest request = PodRequest.of(pod);
        Placement before = placements.get(pod.uid());
        if (before != null && before.node.equals(node) && before.request.equals(request)) {
            return false;
        }
        boolean freed = release(pod.uid());
        occupy(pod.uid(), new Placement(node, request, owner(pod)));
        return freed;
    }

    private static String owner(ApiObject pod) {
        return pod.controller().map(OwnerReference::uid).orElse("");
    }

    /** The pod is gone, or its assumption failed; whether room was freed. */
    synchronized boolean release(String uid) {
        Placement placement = placements.remove(uid);
        if (placement == null) {
            return false;
        }
        NodeRow row = row(placement.node);
        row.release(placement.request, placement.owner);
        dropIfIdle(row);
        return true;
    }

    private void occupy(String uid, Placement placement) {
        placements.put(uid, placement);
        row(placement.node).occupy(placement.request, placement.owner);
    }

    /** Decides where {@code pod} goes and assumes that it is there. */
    synchronized Decision place(ApiObject pod) {
        Demand demand = new Demand(pod);
        Map<String, Integer> refusals = new HashMap<>();
        int known = 0;
        String best = "";
        double bestScore = Double.NEGATIVE_INFINITY;
        for (NodeRow row : rows.values()) {
            if (!row.known) {
                continue;
            }
            known++;
            String refusal = Filter.refusal(demand, row);
            if (!refusal.isEmpty()) {
                refusals.merge(refusal, 1, Integer::sum);
                continue;
            }
            double score = Score.of(demand, row);
            if (score > bestScore) {
                best = row.name;
                bestScore = score;
            }
        }
        if (best.isEmpty()) {
            return new Decision.FitsNowhere(Filter.message(known, refusals));
        }
        occupy(pod.uid(), new Placement(best, demand.request, demand.owner));
        return new Decision.Fits(best);
    }

    synchronized boolean placed(String uid) {
        return placements.containsKey(uid);
    }
}
