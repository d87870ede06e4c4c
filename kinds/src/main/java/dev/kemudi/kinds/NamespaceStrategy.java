package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ResourceDefinition.Column;
import dev.kemudi.api.Status;
import dev.kemudi.api.Strategy;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Namespaces: held by the finalizer {@code kubernetes} in {@code spec.finalizers} until their
 * content is gone. Only a namespace that is being deleted may lose it.
 */
final class NamespaceStrategy implements Strategy {
    private static final String NAME_LABEL = "kubernetes.io/metadata.name";

    static final List<Column> COLUMNS =
            List.of(
                    Columns.NAME,
                    Columns.text(
                            "Status", "The status of the namespace.", o -> o.text("/status/phase")),
                    Columns.AGE);

    @Override
    public void applyDefaults(ObjectNode namespace) {
        String name = namespace.path("metadata").path("name").asText("");
        if (!name.isEmpty()) {
            Fill.object(Fill.object(namespace, "metadata"), "labels").put(NAME_LABEL, name);
        }
    }

    @Override
    public void prepareForCreate(ObjectNode namespace) {
        applyDefaults(namespace); // a generated name was not there yet
        ArrayNode finalizers = Fill.array(Fill.object(namespace, "spec"), "finalizers");
        boolean held = false;
        for (var finalizer : finalizers) {
            held |= finalizer.asText().equals("kubernetes");
        }
        if (!held) {
            finalizers.add("kubernetes");
        }
        namespace.putObject("status").put("phase", "Active");
    }

    @Override
    public void prepareForUpdate(ObjectNode namespace, ApiObject old) {
        if (!old.deleting() && old.at("/spec").isObject()) {
            namespace.set("spec", old.at("/spec").deepCopy());
        }
    }

    @Override
    public List<Status.Cause> validate(ApiObject namespace, Optional<ApiObject> old) {
        Problems problems = new Problems();
        // A name that is no subdomain either is reported with the metadata of every kind.
        if (old.isEmpty() && Names.isSubdomain(namespace.name())) {
            Names.label(namespace.name(), "metadata.name", problems);
        }
        return problems.causes();
    }

    @Override
    public Map<String, String> selectableFields(ApiObject namespace) {
        return Map.of("status.phase", namespace.text("/status/phase"));
    }
}
