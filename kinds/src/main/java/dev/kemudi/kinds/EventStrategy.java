package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Status;
import dev.kemudi.api.Strategy;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/** Events: what happened to an object, kept for an hour. */
final class EventStrategy implements Strategy {
    /**
     * Kubernetes' {@code --event-ttl}: long enough to ask why, short enough not to fill the store.
     */
    private static final long TTL_SECONDS = 3600;

    private static final List<String> INVOLVED =
            List.of(
                    "kind",
                    "namespace",
                    "name",
                    "uid",
                    "apiVersion",
                    "resourceVersion",
                    "fieldPath");

    @Override
    public void applyDefaults(ObjectNode event) {
        Fill.object(event, "source");
        Fill.object(event, "involvedObject");
    }

    /**
     * An event lies in the namespace of what it is about; about cluster-scoped objects, in {@code
     * default}.
     */
    @Override
    public List<Status.Cause> validate(ApiObject event, Optional<ApiObject> old) {
        Problems problems = new Problems();
        String about = event.text("/involvedObject/namespace");
        boolean matches =
                about.isEmpty()
                        ? event.namespace().equals("default")
                                || event.namespace().equals("kube-system")
                        : about.equals(event.namespace());
        if (!matches) {
            problems.invalid("involvedObject.namespace", about, "does not match event.namespace");
        }
        return problems.causes();
    }

    @Override
    public Map<String, String> selectableFields(ApiObject event) {
        Map<String, String> fields = new LinkedHashMap<>();
        for (String member : INVOLVED) {
            fields.put("involvedObject." + member, event.text("/involvedObject/" + member));
        }
        fields.put("reason", event.text("/reason"));
        fields.put("reportingComponent", event.text("/reportingComponent"));
        String source = event.text("/source/component");
        fields.put("source", source.isEmpty() ? event.text("/reportingComponent") : source);
        fields.put("type", event.text("/type"));
        return fields;
    }

    @Override
    public OptionalLong timeToLiveSeconds(ApiObject event) {
        return OptionalLong.of(TTL_SECONDS);
    }
}
