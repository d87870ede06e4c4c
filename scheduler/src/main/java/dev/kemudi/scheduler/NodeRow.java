package dev.kemudi.scheduler;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Quantity;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * One node as the decision loop sees it: room, use, labels, taints. Guarded by its {@link
 * Snapshot}.
 */
final class NodeRow {
    /**
     * @param effect {@code NoSchedule}, {@code PreferNoSchedule} or {@code NoExecute}
     */
    record Taint(String key, String value, String effect) {}

    final String name;
    final Map<String, Integer> podsByOwner = new HashMap<>();
    Map<String, String> labels = Map.of();
    List<Taint> taints = List.of();
    boolean known;
    boolean unschedulable;
    long cpuMillis;
    long memoryBytes;
    long podsMax;
    long cpuMillisUsed;
    long memoryBytesUsed;
    long podsUsed;

    NodeRow(String name) {
        this.name = name;
    }

    void read(ApiObject node) {
        known = true;
        labels = node.labels();
        unschedulable = node.bool("/spec/unschedulable");
        JsonNode room = node.at("/status/allocatable");
        if (room.isMissingNode()) {
            room = node.at("/status/capacity");
        }
        cpuMillis = Quantity.of(room.path("cpu")).milliValue();
        memoryBytes = Quantity.of(room.path("memory")).bytes();
        podsMax = Quantity.of(room.path("pods")).value();
        List<Taint> read = new ArrayList<>();
        for (JsonNode taint : node.at("/spec/taints")) {
            read.add(
                    new Taint(
                            taint.path("key").asText(),
                            taint.path("value").asText(""),
                            taint.path("effect").asText()));
        }
        taints = read;
    }

    void occupy(PodRequest request, String owner) {
        cpuMillisUsed += request.cpuMillis();
        memoryBytesUsed += request.memoryBytes();
        podsUsed++;
        if (!owner.isEmpty()) {
            podsByOwner.merge(owner, 1, Integer::sum);
        }
    }

    void release(PodRequest request, String owner) {
        cpuMillisUsed -= request.cpuMillis();
        memoryBytesUsed -= request.memoryBytes();
        podsUsed--;
        if (!owner.isEmpty()) {
            podsByOwner.computeIfPresent(owner, (_, count) -> count == 1 ? null : count - 1);
        }
    }
}
