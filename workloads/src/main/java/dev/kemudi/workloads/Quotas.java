package dev.kemudi.workloads;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ListOptions;
import dev.kemudi.api.ObjectKey;
import dev.kemudi.api.Quantity;
import dev.kemudi.api.QuotaScopes;
import dev.kemudi.api.QuotaUsage;
import dev.kemudi.api.Resource;
import dev.kemudi.controller.Controller;
import dev.kemudi.controller.Informer;
import dev.kemudi.controller.Reconciler;
import dev.kemudi.controller.Result;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/*
 * Who counts what
 * ---------------
 * Creations are charged to a quota's status before they are stored, elsewhere. Here everything is counted
 * anew when something may have become less: after a deletion, when a pod has ended, when the quota itself
 * changed; and now and then, because a creation that was charged may have failed. A creation does not
 * call, for a count that does not see it yet would take its charge back; and a count waits a moment, so
 * that a charge that came just before is followed by its object.
 */

/** Counts what the objects of a namespace use of its ResourceQuotas. */
final class Quotas implements Reconciler {
    private final Floor floor;
    private final Monitors monitors;

    private Quotas(Floor floor, Monitors monitors) {
        this.floor = floor;
        this.monitors = monitors;
    }

    static Controller controller(Floor floor, Monitors monitors) {
        Controller controller =
                floor.controller("resourcequota", new Quotas(floor, monitors))
                        .watches(
                                floor.quotas,
                                quota ->
                                        Canonical.same(
                                                        quota.at("/spec/hard"),
                                                        quota.at("/status/hard"))
                                                ? List.of()
                                                : List.of(quota.key()));
        monitors.listen(
                new Monitors.Listener() {
                    @Override
                    public void changed(Resource resource, ApiObject object) {
                        boolean less =
                                resource.equals(Resource.PODS) && Pods.finished(object)
                                        || resource.equals(Resource.SERVICES);
                        if (less) {
                            later(floor, controller, object.namespace());
                        }
                    }

                    @Override
                    public void deleted(Resource resource, ApiObject last) {
                        later(floor, controller, last.namespace());
                    }
                });
        return controller;
    }

    private static void later(Floor floor, Controller controller, String namespace) {
        if (!namespace.isEmpty()) {
            floor.quotas
                    .list(namespace)
                    .forEach(quota ->
                            controller
                                    .queue()
                                    .addAfter(quota.key(), floor.limits.quotaSettleMillis()));
        }
    }

    @Override
    public Result reconcile(ObjectKey key) {
        Optional<ApiObject> found = floor.quotas.get(key).filter(q -> !q.deleting());
        if (found.isEmpty()) {
            return Result.DONE;
        }
        ApiObject quota = found.get();
        ObjectNode status = JsonNodeFactory.instance.objectNode();
        JsonNode hard = quota.at("/spec/hard");
        status.set("hard", hard.isObject() ? hard : status.objectNode());
        ObjectNode used = status.putObject("used");
        count(quota).forEach((name, amount) -> used.put(name, amount.toString()));
        StatusWriter.write(floor.client, Resource.RESOURCE_QUOTAS, quota, status);
        return Result.after(floor.limits.quotaRecountMillis());
    }

    private Map<String, Quantity> count(ApiObject quota) {
        Map<String, Quantity> used = new TreeMap<>();
        quota.at("/spec/hard").properties().forEach(e -> used.put(e.getKey(), Quantity.ZERO));
        used.keySet().stream()
                .map(QuotaUsage::countedBy)
                .distinct()
                .toList()
                .forEach(name -> served(name).ifPresent(resource -> count(quota, resource, used)));
        return used;
    }

    private void count(ApiObject quota, Resource resource, Map<String, Quantity> used) {
        List<ApiObject> objects =
                monitors.informer(resource)
                        .filter(Informer::hasSynced)
                        .map(informer -> informer.list(quota.namespace()))
                        .orElseGet(() ->
                                floor.client
                                        .list(resource, quota.namespace(), ListOptions.ALL)
                                        .items());
        for (ApiObject object : objects) {
            if (QuotaScopes.covers(quota, resource, object)) {
                QuotaUsage.of(resource, object)
                        .forEach((name, amount) ->
                                used.computeIfPresent(name, (_, sum) -> sum.plus(amount)));
            }
        }
    }

    private Optional<Resource> served(String qualifiedName) {
        return monitors.served().stream()
                .filter(r -> r.namespaced() && r.qualifiedName().equals(qualifiedName))
                .findFirst();
    }
}
