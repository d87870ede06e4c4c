package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Quantity;
import dev.kemudi.api.ResourceDefinition.Column;
import dev.kemudi.api.Status;
import dev.kemudi.api.Strategy;
import java.util.List;
import java.util.Optional;

/** CSIStorageCapacities: how much a storage class still has, somewhere. */
final class CsiStorageCapacityStrategy implements Strategy {
    private static final List<String> AMOUNTS = List.of("capacity", "maximumVolumeSize");

    static final List<Column> COLUMNS =
            List.of(
                    Columns.NAME,
                    Columns.text(
                            "StorageClassName", "The class.", o -> o.text("/storageClassName")),
                    Columns.text("Capacity", "What is left.", o -> o.text("/capacity")));

    @Override
    public void applyDefaults(ObjectNode capacity) {
        for (String name : AMOUNTS) {
            ResourceRules.quantity(capacity.path(name))
                    .ifPresent(q -> capacity.set(name, TextNode.valueOf(q.toString())));
        }
    }

    @Override
    public List<Status.Cause> validate(ApiObject capacity, Optional<ApiObject> old) {
        Problems problems = new Problems();
        ObjectMetaRules.checkSelector(capacity.at("/nodeTopology"), "nodeTopology", problems);
        String name = capacity.text("/storageClassName");
        if (name.isEmpty()) {
            problems.required("storageClassName");
        } else {
            Names.subdomain(name, "storageClassName", problems);
        }
        for (String amount : AMOUNTS) {
            Optional<Quantity> quantity = ResourceRules.quantity(capacity.at("/" + amount));
            if (quantity.isPresent() && quantity.get().signum() < 0) {
                problems.invalid(
                        amount, quantity.get().toString(), "must be greater than or equal to 0");
            }
        }
        for (String fixed : List.of("nodeTopology", "storageClassName")) {
            JsonNode now = capacity.at("/" + fixed);
            if (old.isPresent() && !old.get().at("/" + fixed).equals(now)) {
                problems.immutable(fixed, now);
            }
        }
        return problems.causes();
    }
}
