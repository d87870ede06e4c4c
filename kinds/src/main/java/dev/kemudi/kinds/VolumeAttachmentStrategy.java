package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ResourceDefinition.Column;
import dev.kemudi.api.Status;
import dev.kemudi.api.Strategy;
import java.util.List;
import java.util.Optional;

/** VolumeAttachments: a volume that is to be at a node. */
final class VolumeAttachmentStrategy implements Strategy {
    static final List<Column> COLUMNS =
            List.of(
                    Columns.NAME,
                    Columns.text("Attacher", "Who attaches it.", o -> o.text("/spec/attacher")),
                    Columns.text(
                            "PV", "The volume.", o -> o.text("/spec/source/persistentVolumeName")),
                    Columns.text("Node", "The node.", o -> o.text("/spec/nodeName")),
                    new Column(
                            "Attached",
                            "boolean",
                            "",
                            "Whether it is there.",
                            0,
                            (o, _) -> o.bool("/status/attached")),
                    Columns.AGE);

    @Override
    public void prepareForCreate(ObjectNode attachment) {
        attachment.putObject("status").put("attached", false);
    }

    @Override
    public List<Status.Cause> validate(ApiObject attachment, Optional<ApiObject> old) {
        Problems problems = new Problems();
        JsonNode spec = attachment.at("/spec");
        for (String name : List.of("attacher", "nodeName")) {
            String value = spec.path(name).asText("");
            if (value.isEmpty()) {
                problems.required("spec." + name);
            } else {
                Names.subdomain(value, "spec." + name, problems);
            }
        }
        boolean inline = spec.path("source").hasNonNull("inlineVolumeSpec");
        boolean named = spec.path("source").hasNonNull("persistentVolumeName");
        if (!inline && !named) {
            problems.required(
                    "spec.source",
                    "must specify exactly one of inlineVolumeSpec and persistentVolumeName");
        } else if (inline && named) {
            problems.forbidden(
                    "spec.source",
                    "must specify exactly one of inlineVolumeSpec and persistentVolumeName");
        }
        if (old.isPresent() && !old.get().at("/spec").equals(spec)) {
            problems.immutable("spec", spec);
        }
        return problems.causes();
    }
}
