package dev.kemudi.workloads;

import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ObjectKey;
import dev.kemudi.api.Resource;
import dev.kemudi.controller.Controller;
import dev.kemudi.controller.Reconciler;
import dev.kemudi.controller.Result;
import java.util.List;
import java.util.Optional;

/** Every namespace has a ServiceAccount {@code default}. */
final class ServiceAccounts implements Reconciler {
    private static final String NAME = "default";

    private final Floor floor;

    private ServiceAccounts(Floor floor) {
        this.floor = floor;
    }

    static Controller controller(Floor floor) {
        return floor.controller("serviceaccount", new ServiceAccounts(floor))
                .watches(floor.namespaces)
                .watches(
                        floor.serviceAccounts,
                        account ->
                                account.name().equals(NAME)
                                        ? List.of(new ObjectKey("", account.namespace()))
                                        : List.of());
    }

    @Override
    public Result reconcile(ObjectKey key) {
        Optional<ApiObject> namespace = floor.namespaces.get(key);
        if (namespace.isEmpty()
                || namespace.get().deleting()
                || floor.serviceAccounts.get(key.name(), NAME).isPresent()) {
            return Result.DONE;
        }
        try {
            floor.client.create(
                    Resource.SERVICE_ACCOUNTS,
                    ApiObject.named(Resource.SERVICE_ACCOUNTS, key.name(), NAME));
        } catch (ApiException e) {
            boolean leaving = e.notFound() || e.status().reason().equals("Forbidden");
            if (!e.alreadyExists() && !leaving) {
                throw e;
            }
        }
        return Result.DONE;
    }
}
