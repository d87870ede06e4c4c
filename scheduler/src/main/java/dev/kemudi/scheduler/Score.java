package dev.kemudi.scheduler;

/**
 * How well a node suits a pod, higher is better: room left, cpu and memory evenly used, few pods of
 * the same owner, preferred labels, no taint that says "rather not".
 */
final class Score {
    private static final double SPREAD_WEIGHT = 2;
    private static final double TAINT_WEIGHT = 3;

    private Score() {}

    static double of(Demand demand, NodeRow node) {
        PodRequest request = demand.request;
        double cpu =
                used(
                        node.cpuMillisUsed
                                + orAssumed(request.cpuMillis(), PodRequest.ASSUMED.cpuMillis()),
                        node.cpuMillis);
        double memory =
                used(
                        node.memoryBytesUsed
                                + orAssumed(
                                        request.memoryBytes(), PodRequest.ASSUMED.memoryBytes()),
                        node.memoryBytes);
        double room = 1 - (cpu + memory) / 2;
        double balance = 1 - Math.abs(cpu - memory);
        int siblings = demand.owner.isEmpty() ? 0 : node.podsByOwner.getOrDefault(demand.owner, 0);
        double score =
                room + balance + SPREAD_WEIGHT / (1 + siblings) + demand.preference(node) / 50.0;
        for (int i = 0; i < node.taints.size(); i++) {
            NodeRow.Taint taint = node.taints.get(i);
            if (taint.effect().equals("PreferNoSchedule") && !demand.tolerates(taint)) {
                score -= TAINT_WEIGHT;
            }
        }
        return score;
    }

    private static long orAssumed(long asked, long assumed) {
        return asked == 0 ? assumed : asked;
    }

    private static double used(long used, long room) {
        return room <= 0 ? 1 : Math.min(1, (double) used / room);
    }
}
