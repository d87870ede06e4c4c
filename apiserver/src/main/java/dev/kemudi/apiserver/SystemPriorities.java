package dev.kemudi.apiserver;

import dev.kemudi.api.ApiClient;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Resource;

/** The two priority classes that exist in every cluster: pods without which it does not run. */
final class SystemPriorities {
    private static final int CLUSTER_CRITICAL = 2_000_000_000;
    private static final int NODE_CRITICAL = 2_000_001_000;

    private final ApiClient client;

    SystemPriorities(ApiClient client) {
        this.client = client;
    }

    void make() {
        make(
                "system-cluster-critical",
                CLUSTER_CRITICAL,
                "Used for system critical pods that must run in the cluster, but can be moved to another"
                        + " node if necessary.");
        make(
                "system-node-critical",
                NODE_CRITICAL,
                "Used for system critical pods that must not be moved from their current node.");
    }

    private void make(String name, int value, String description) {
        if (client.find(Resource.PRIORITY_CLASSES, "", name).isPresent()) {
            return;
        }
        ApiObject made =
                ApiObject.named(Resource.PRIORITY_CLASSES, "", name)
                        .edit(tree -> tree.put("value", value).put("description", description));
        try {
            client.create(Resource.PRIORITY_CLASSES, made);
        } catch (ApiException e) {
            if (!e.alreadyExists()) {
                throw e; // another member may have been faster
            }
        }
    }
}
