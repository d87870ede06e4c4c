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
 */
public record Limits(
        int workersPerController,
        int podBurst,
        int endpointsPerSlice,
        int namespaceRetryMillis,
        int discoverySettleMillis,
        int collectorAbsentOwners,
        int unknownScaleRetryMillis,
        int claimRetryMillis) {
    public static Limits defaults() {
        return new Limits(2, 500, 100, 1_000, 500, 4_096, 10_000, 1_000);
    }
}
