package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ResourceDefinition.Column;
import dev.kemudi.api.Status;
import dev.kemudi.api.Strategy;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** CSINodes: the storage drivers that run on a node. */
final class CsiNodeStrategy implements Strategy {
    private static final int NODE_ID_LENGTH_MAX = 192;

    static final List<Column> COLUMNS =
            List.of(
                    Columns.NAME,
                    Columns.integer(
                            "Drivers",
                            "How many drivers run on the node.",
                            o -> o.at("/spec/drivers").size()),
                    Columns.AGE);

    @Override
    public List<Status.Cause> validate(ApiObject node, Optional<ApiObject> old) {
        Problems problems = new Problems();
        Set<String> names = new HashSet<>();
        int i = 0;
        for (JsonNode driver : node.at("/spec/drivers")) {
            String at = "spec.drivers[" + i++ + "]";
            String name = driver.path("name").asText("");
            if (name.isEmpty()) {
                problems.required(at + ".name");
            } else if (name.length() > CsiDriverStrategy.NAME_LENGTH_MAX) {
                problems.tooLong(at + ".name", CsiDriverStrategy.NAME_LENGTH_MAX);
            } else {
                Names.subdomain(name, at + ".name", problems);
            }
            if (!name.isEmpty() && !names.add(name)) {
                problems.duplicate(at + ".name", name);
            }
            String id = driver.path("nodeID").asText("");
            if (id.isEmpty()) {
                problems.required(at + ".nodeID");
            } else if (id.length() > NODE_ID_LENGTH_MAX) {
                problems.invalid(
                        at + ".nodeID",
                        id,
                        "must be " + NODE_ID_LENGTH_MAX + " characters or less");
            }
            JsonNode count = driver.path("allocatable").path("count");
            if (count.isNumber() && count.asLong() < 0) {
                problems.invalid(
                        at + ".allocatable.count",
                        count.asLong(),
                        "must be greater than or equal to 0");
            }
        }
        return problems.causes();
    }
}
