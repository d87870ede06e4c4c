package dev.kemudi.admission;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.admission.Attributes.Operation;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Resource;
import dev.kemudi.api.Status;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Turns the name of a priority class into the number that schedulers compare. A pod that names no
 * class gets the one that is marked as default.
 *
 * <p>Source: Kubernetes documentation, "Pod Priority and Preemption".
 */
final class PriorityPlugin implements Plugin {
    private static final String PREEMPT = "PreemptLowerPriority";

    private final Derived<Classes> classes;

    private record Classes(Map<String, ApiObject> byName, Optional<ApiObject> usual) {
        static Classes of(List<ApiObject> all) {
            return new Classes(
                    all.stream().collect(Collectors.toMap(ApiObject::name, Function.identity())),
                    all.stream()
                            .filter(c -> c.bool("/globalDefault"))
                            .min(java.util.Comparator.comparingInt(PriorityPlugin::value)));
        }
    }

    PriorityPlugin(Cluster cluster) {
        classes = new Derived<>(cluster, Resource.PRIORITY_CLASSES, Classes::of);
    }

    private static int value(ApiObject priorityClass) {
        return priorityClass.integer("/value", 0);
    }

    @Override
    public ObjectNode mutate(Attributes attributes, ObjectNode object) {
        if (!attributes.creates(Resource.PODS)) {
            return object;
        }
        Classes known = classes.get();
        String name = object.path("spec").path("priorityClassName").asText("");
        Optional<ApiObject> found =
                name.isEmpty() ? known.usual() : Optional.ofNullable(known.byName().get(name));
        if (found.isEmpty() && !name.isEmpty()) {
            throw new ApiException(
                    attributes.forbidden("no PriorityClass with name " + name + " was found"));
        }
        return prioritised(attributes, object, found);
    }

    private static ObjectNode prioritised(
            Attributes attributes, ObjectNode pod, Optional<ApiObject> priorityClass) {
        int priority = priorityClass.map(PriorityPlugin::value).orElse(0);
        String policy = priorityClass.map(c -> c.text("/preemptionPolicy")).orElse(PREEMPT);
        var spec = pod.path("spec");
        if (spec.has("priority") && spec.path("priority").asInt() != priority) {
            throw new ApiException(
                    attributes.forbidden(
                            ("the integer value of priority (%s) must not be provided in pod spec; "
                                            + "priority admission controller computed %d from the "
                                            + "given PriorityClass name")
                                    .formatted(spec.path("priority").asText(), priority)));
        }
        if (spec.has("preemptionPolicy")
                && !spec.path("preemptionPolicy").asText().equals(policy)) {
            throw new ApiException(
                    attributes.forbidden(
                            ("the string value of PreemptionPolicy (%s) must not be provided in pod "
                                            + "spec; priority admission controller computed %s from "
                                            + "the given PriorityClass name")
                                    .formatted(spec.path("preemptionPolicy").asText(), policy)));
        }
        ObjectNode copy = pod.deepCopy();
        ObjectNode filled = copy.withObjectProperty("spec");
        priorityClass.ifPresent(c -> filled.put("priorityClassName", c.name()));
        filled.put("priority", priority).put("preemptionPolicy", policy);
        return copy;
    }

    @Override
    public void validate(Attributes attributes) {
        boolean write =
                attributes.operation() == Operation.CREATE
                        || attributes.operation() == Operation.UPDATE;
        if (!write || !attributes.about(Resource.PRIORITY_CLASSES)) {
            return;
        }
        ApiObject written = attributes.either();
        Optional<ApiObject> usual = classes.get().usual();
        if (written.bool("/globalDefault")
                && usual.isPresent()
                && !usual.get().name().equals(written.name())) {
            throw new ApiException(
                    Status.forbidden(
                            Resource.PRIORITY_CLASSES,
                            written.name(),
                            "PriorityClass %s is already marked as default. Only one default can exist"
                                    .formatted(usual.get().name())));
        }
    }
}
