package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ResourceDefinition.Column;
import dev.kemudi.api.Status;
import dev.kemudi.api.Strategy;
import java.util.List;
import java.util.Optional;

/** PodTemplates: a pod's description on its own, for controllers that refer to one. */
final class PodTemplateStrategy implements Strategy {
    private static final String CONTAINERS = "/template/spec/containers";

    static final List<Column> COLUMNS =
            List.of(
                    Columns.NAME,
                    Columns.text(
                            "Containers",
                            "Names of each container in the template.",
                            o -> Columns.members(o.at(CONTAINERS), "name")),
                    Columns.text(
                            "Images",
                            "Images referenced by each container in the template.",
                            o -> Columns.members(o.at(CONTAINERS), "image")),
                    Columns.text(
                            "Pod Labels",
                            "The labels of the pods.",
                            o -> Columns.map(o.at("/template/metadata/labels"))));

    @Override
    public void applyDefaults(ObjectNode template) {
        PodDefaults.ofTemplate(template);
    }

    @Override
    public List<Status.Cause> validate(ApiObject template, Optional<ApiObject> old) {
        Problems problems = new Problems();
        JsonNode labels = template.at("/template/metadata/labels");
        ObjectMetaRules.checkLabels(labels, "template.labels", problems);
        PodRules.spec(template.at("/template/spec"), "template.spec", problems);
        return problems.causes();
    }
}
