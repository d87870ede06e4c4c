package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Status.Cause;
import java.util.List;
import java.util.Optional;

/** CustomResourceDefinitions: the one kind whose objects make kinds. */
final class CustomResources {
    void prepare(Kind kind, ObjectNode tree, Optional<ApiObject> old) {}

    List<Cause> validate(Kind kind, ObjectNode tree) {
        return List.of();
    }

    void written(Kind kind, ApiObject object) {}

    void deleted(Kind kind, ApiObject object) {}
}
