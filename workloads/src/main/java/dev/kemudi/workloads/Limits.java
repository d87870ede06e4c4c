package dev.kemudi.workloads;

/**
 * What the built-in controllers do at most.
 *
 * @param workersPerController 2: keys of one kind that are worked on at once; writes group in the
 *     log anyway
 * @param podBurst 500: pods that one pass creates or deletes for one owner; the next pass goes on
 * @param endpointsPerSlice 100: what Kubernetes puts into one EndpointSlice, so that a change
 *     rewrites little
 * @param namespaceRetryMillis 1_000: a namespace whose content refuses to go is looked at again
 *     this often
 * @param discoverySettleMillis 500: how long after a CustomResourceDefinition changed its kind is
 *     looked for again
 * @param collectorAbsentOwners 4_096: uids of owners known to be gone for ever, so that each is
 *     asked for once
 * @param unknownScaleRetryMillis 10_000: a budget whose pods have an owner that cannot be counted
 *     is looked at again this often, as their owner's changes do not call it
 * @param claimRetryMillis 1_000: a pod whose claim is still on its way out is tried again this
 *     often
 * @param autoscaleMillis 15_000: how often an autoscaler looks at what pods use, as in Kubernetes
 * @param nodeGraceMillis 40_000: silence after which a node is taken for lost: four of its
 *     heartbeats, as in Kubernetes
 * @param nodeStartupGraceMillis 60_000: the same for a node that never said that it is ready
 * @param nodeConfirmMillis 2_000: between suspicion and verdict, for a process that was stopped as
 *     a whole to beat again first
 * @param missingNodeGraceMillis 40_000: pods of a node that is gone are left so long, for it may be
 *     registered anew
 * @param quotaSettleMillis 500: after something became less, a quota is counted anew this much
 *     later, so that a wave of deletions is one count and charged creations are there to be counted
 * @param quotaRecountMillis 300_000: a charge whose creation failed is taken back within this time,
 *     as in Kubernetes
 */
public record Limits(
        int workersPerController,
        int podBurst,
        int endpointsPerSlice,
        int namespaceRetryMillis,
        int discoverySettleMillis,
        int collectorAbsentOwners,
        int unknownScaleRetryMillis,
        int claimRetryMillis,
        int autoscaleMillis,
        int nodeGraceMillis,
        int nodeStartupGraceMillis,
        int nodeConfirmMillis,
        int missingNodeGraceMillis,
        int quotaSettleMillis,
        int quotaRecountMillis) {
    public static Limits defaults() {
        return new Limits(
                2, 500, 100, 1_000, 500, 4_096, 10_000, 1_000, 15_000, 40_000, 60_000, 2_000,
                40_000, 500, 300_000);
    }
}
