package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ResourceDefinition.Column;
import dev.kemudi.api.Status;
import dev.kemudi.api.Strategy;
import java.util.List;
import java.util.Optional;

/** IPAddresses: whose an address is. Their name is the address. */
final class IpAddressStrategy implements Strategy {
    static final List<Column> COLUMNS =
            List.of(
                    Columns.NAME,
                    Columns.text("ParentRef", "Whose it is.", IpAddressStrategy::parent),
                    Columns.AGE);

    private static String parent(ApiObject address) {
        JsonNode parent = address.at("/spec/parentRef");
        if (!parent.isObject()) {
            return Columns.NONE;
        }
        String group = parent.path("group").asText("");
        String namespace = parent.path("namespace").asText("");
        return parent.path("resource").asText("")
                + (group.isEmpty() ? "" : "." + group)
                + (namespace.isEmpty() ? "" : "/" + namespace)
                + "/"
                + parent.path("name").asText("");
    }

    @Override
    public List<Status.Cause> validate(ApiObject address, Optional<ApiObject> old) {
        Problems problems = new Problems();
        if (Addresses.parse(address.name()).isEmpty()) {
            problems.invalid("metadata.name", address.name(), Addresses.IP_RULE);
        }
        JsonNode parent = address.at("/spec/parentRef");
        if (!parent.isObject()) {
            problems.required("spec.parentRef");
        } else {
            for (String name : List.of("resource", "name")) {
                if (parent.path(name).asText("").isEmpty()) {
                    problems.required("spec.parentRef." + name);
                }
            }
        }
        if (old.isPresent() && !old.get().at("/spec").equals(address.at("/spec"))) {
            problems.immutable("spec", address.at("/spec"));
        }
        return problems.causes();
    }
}
