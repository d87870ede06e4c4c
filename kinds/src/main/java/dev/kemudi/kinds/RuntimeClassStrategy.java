package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ResourceDefinition.Column;
import dev.kemudi.api.Status;
import dev.kemudi.api.Strategy;
import java.util.List;
import java.util.Optional;

/** RuntimeClasses: what runs the containers of the pods that name one. */
final class RuntimeClassStrategy implements Strategy {
    static final List<Column> COLUMNS =
            List.of(
                    Columns.NAME,
                    Columns.text("Handler", "What runs the containers.", o -> o.text("/handler")),
                    Columns.AGE);

    @Override
    public void applyDefaults(ObjectNode runtimeClass) {
        Fill.items(runtimeClass.path("scheduling"), "tolerations")
                .forEach(toleration -> Fill.text(toleration, "operator", "Equal"));
    }

    @Override
    public List<Status.Cause> validate(ApiObject runtimeClass, Optional<ApiObject> old) {
        Problems problems = new Problems();
        String handler = runtimeClass.text("/handler");
        if (handler.isEmpty()) {
            problems.required("handler");
        } else {
            Names.label(handler, "handler", problems);
        }
        JsonNode fixed = runtimeClass.at("/overhead/podFixed");
        for (var amount : fixed.properties()) {
            ResourceRules.amount(
                    amount.getKey(),
                    amount.getValue(),
                    "overhead.podFixed[" + amount.getKey() + "]",
                    problems);
        }
        ObjectMetaRules.checkLabels(
                runtimeClass.at("/scheduling/nodeSelector"), "scheduling.nodeSelector", problems);
        if (old.isPresent() && !old.get().text("/handler").equals(handler)) {
            problems.immutable("handler", handler);
        }
        return problems.causes();
    }
}
