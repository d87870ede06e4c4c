package dev.kemudi.workloads;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Resource;
import java.util.Optional;
import java.util.Set;

/**
 * The replica counts of whatever can be scaled: built-in kinds, and custom ones whose definition
 * has the scale subresource. Safe for use by many threads.
 */
final class ScaleTargets {
    private static final Set<String> BUILT_IN =
            Set.of(
                    Resource.DEPLOYMENTS.qualifiedName(),
                    Resource.REPLICA_SETS.qualifiedName(),
                    Resource.STATEFUL_SETS.qualifiedName(),
                    "replicationcontrollers");
    private static final Paths STANDARD =
            new Paths("/spec/replicas", "/status/replicas", "/spec/selector");

    private final Floor floor;
    private final Monitors monitors;

    ScaleTargets(Floor floor, Monitors monitors) {
        this.floor = floor;
        this.monitors = monitors;
    }

    /** Where a kind keeps its counts, as JSON pointers; the selector's may be empty. */
    private record Paths(String wanted, String current, String selector) {}

    /** One object that can be scaled, as the server has it. */
    record Target(Resource resource, ApiObject object, Paths paths) {
        int wanted() {
            return object.integer(paths.wanted, 0);
        }

        int current() {
            return object.integer(paths.current, 0);
        }

        /** A label selector object, the text of one, or nothing. */
        JsonNode selector() {
            return object.at(paths.selector);
        }
    }

    /** Empty when there is no such object, or its kind cannot be scaled. */
    Optional<Target> find(String apiVersion, String kind, String namespace, String name) {
        return monitors.resource(apiVersion, kind)
                .flatMap(resource ->
                        paths(resource)
                                .flatMap(paths ->
                                        floor.client
                                                .find(resource, namespace, name)
                                                .map(o -> new Target(resource, o, paths))));
    }

    private Optional<Paths> paths(Resource resource) {
        return BUILT_IN.contains(resource.qualifiedName())
                ? Optional.of(STANDARD)
                : floor.definitions
                        .get("", resource.qualifiedName())
                        .flatMap(d -> custom(d, resource));
    }

    private static Optional<Paths> custom(ApiObject definition, Resource resource) {
        for (JsonNode version : definition.at("/spec/versions")) {
            JsonNode scale = version.path("subresources").path("scale");
            if (version.path("name").asText().equals(resource.version()) && scale.isObject()) {
                return Optional.of(
                        new Paths(
                                pointer(scale, "specReplicasPath"),
                                pointer(scale, "statusReplicasPath"),
                                pointer(scale, "labelSelectorPath")));
            }
        }
        return Optional.empty();
    }

    /** A definition writes {@code .spec.size}, without brackets: validation sees to that. */
    private static String pointer(JsonNode scale, String member) {
        return scale.path(member).asText("").replace('.', '/');
    }

    /** Writes a new count; refused when somebody changed the object since it was found. */
    void scale(Target target, int replicas) {
        floor.client.update(
                target.resource, target.object.edit(tree -> set(tree, target.paths, replicas)));
    }

    private static void set(ObjectNode tree, Paths paths, int replicas) {
        JsonPointer path = JsonPointer.compile(paths.wanted);
        ObjectNode at = tree;
        for (JsonPointer step = path; !step.tail().matches(); step = step.tail()) {
            at = at.withObjectProperty(step.getMatchingProperty());
        }
        at.put(path.last().getMatchingProperty(), replicas);
    }
}
