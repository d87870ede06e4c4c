package dev.kemudi.conformance.testing;

/** What may happen to a cluster, and what it takes to make it happen. */
enum Fault {
    KILL_ONE(Needs.NOTHING, 1),
    KILL_LEADER(Needs.NOTHING, 3),
    KILL_ALL(Needs.NOTHING, 1),
    KILL_TWICE(Needs.NOTHING, 1),
    PAUSE_ONE(Needs.NOTHING, 1),
    PAUSE_LEADER(Needs.NOTHING, 3),
    CUT_ONE(Needs.NAMESPACES, 3),
    CUT_LEADER(Needs.NAMESPACES, 3),
    CUT_ONE_WAY(Needs.NAMESPACES, 3),
    UNPLUG_ONE(Needs.NAMESPACES, 1),
    FULL_DISK(Needs.DISKS, 1),
    SLOW_DISK(Needs.DISKS, 1),
    CLOCK_STEP(Needs.FAKE_TIME, 1),
    COMPACT(Needs.NOTHING, 1),
    DEFRAGMENT(Needs.NOTHING, 1),
    TRANSFER(Needs.NOTHING, 3),
    REPLACE_MEMBER(Needs.NOTHING, 3);

    private final Needs needs;
    private final int nodesMin;

    Fault(Needs needs, int nodesMin) {
        this.needs = needs;
        this.nodesMin = nodesMin;
    }

    /** What the script that called us must have been able to prepare. */
    enum Needs {
        NOTHING,
        NAMESPACES,
        DISKS,
        FAKE_TIME
    }

    Needs needs() {
        return needs;
    }

    int nodesMin() {
        return nodesMin;
    }
}
