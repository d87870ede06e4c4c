package dev.kemudi.workloads;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.LabelSelector;
import dev.kemudi.api.OwnerReference;
import dev.kemudi.api.Resource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The PersistentVolumeClaims of StatefulSets. A claim outlives its pod, and belongs to whatever
 * must go for it to go: to nothing, to the set, or to a pod that is scaled away.
 */
final class Claims {
    static final Resource KIND =
            new Resource("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", true);

    private final Floor floor;
    private final Monitors monitors;

    Claims(Floor floor, Monitors monitors) {
        this.floor = floor;
        this.monitors = monitors;
    }

    /** Puts the set's claims in the place of the volumes with their names. */
    static void mount(ApiObject set, String podName, ObjectNode podSpec) {
        JsonNode templates = set.at("/spec/volumeClaimTemplates");
        if (templates.isEmpty()) {
            return;
        }
        List<String> names = new ArrayList<>();
        ArrayNode volumes = podSpec.arrayNode();
        for (JsonNode template : templates) {
            String name = template.at("/metadata/name").asText();
            names.add(name);
            volumes.addObject()
                    .put("name", name)
                    .putObject("persistentVolumeClaim")
                    .put("claimName", name + "-" + podName);
        }
        for (JsonNode volume : podSpec.path("volumes")) {
            if (!names.contains(volume.path("name").asText())) {
                volumes.add(volume);
            }
        }
        podSpec.set("volumes", volumes);
    }

    /**
     * Makes what a new pod claims and is not there yet; false when something that is about to go
     * still has the name of a claim.
     */
    boolean ready(ApiObject set, String podName) {
        for (JsonNode template : set.at("/spec/volumeClaimTemplates")) {
            String name = template.at("/metadata/name").asText() + "-" + podName;
            Optional<ApiObject> existing = floor.client.find(KIND, set.namespace(), name);
            if (existing.isEmpty()) {
                create(set, template, name, podName);
            } else if (existing.get().deleting() || belongsToAPod(existing.get())) {
                return false;
            }
        }
        return true;
    }

    /** Claims of pods that were scaled away; the pod is gone, and the collector takes them. */
    private static boolean belongsToAPod(ApiObject claim) {
        return claim.ownerReferences().stream().anyMatch(o -> o.kind().equals("Pod"));
    }

    private void create(ApiObject set, JsonNode template, String name, String podName) {
        ApiObject claim =
                ApiObject.named(KIND, set.namespace(), name)
                        .edit(tree -> {
                            ObjectNode metadata = tree.withObjectProperty("metadata");
                            ObjectNode labels = metadata.putObject("labels");
                            for (String member : List.of("labels", "annotations")) {
                                template.path("metadata")
                                        .path(member)
                                        .properties()
                                        .forEach(e ->
                                                metadata.withObjectProperty(member)
                                                        .set(e.getKey(), e.getValue()));
                            }
                            set.textMap("/spec/selector/matchLabels").forEach(labels::put);
                            own(metadata, set, Optional.empty());
                            tree.set("spec", template.path("spec").deepCopy());
                        });
        floor.client.create(KIND, claim);
        floor.recorder.normal(
                set,
                "SuccessfulCreate",
                "create Claim %s Pod %s in StatefulSet %s success"
                        .formatted(name, podName, set.name()));
    }

    /**
     * Gives the claims of one pod to whom the set's retention policy says.
     *
     * @param scaledAway whether the pod is beyond what the set wants
     */
    void retain(ApiObject set, ApiObject pod, boolean scaledAway) {
        for (JsonNode template : set.at("/spec/volumeClaimTemplates")) {
            String name = template.at("/metadata/name").asText() + "-" + pod.name();
            cached(set.namespace(), name)
                    .filter(c -> new LabelSelector(set.at("/spec/selector")).matches(c.labels()))
                    .ifPresent(claim -> retain(set, pod, scaledAway, claim));
        }
    }

    private void retain(ApiObject set, ApiObject pod, boolean scaledAway, ApiObject claim) {
        ApiObject owned =
                claim.edit(tree -> {
                    Owners.remove(
                            tree,
                            o ->
                                    o.uid().equals(set.uid())
                                            || o.kind().equals("Pod")
                                                    && o.name().equals(pod.name()));
                    own(
                            tree.withObjectProperty("metadata"),
                            set,
                            scaledAway ? Optional.of(pod) : Optional.empty());
                });
        if (owned.ownerReferences().equals(claim.ownerReferences())) {
            return;
        }
        try {
            floor.client.update(KIND, owned);
        } catch (ApiException e) {
            if (!e.notFound()) {
                throw e;
            }
        }
    }

    private static void own(ObjectNode metadata, ApiObject set, Optional<ApiObject> scaledAway) {
        boolean withPod = scaledAway.isPresent() && deletes(set, "whenScaled");
        if (!withPod && !deletes(set, "whenDeleted")) {
            return;
        }
        ApiObject owner = withPod ? scaledAway.get() : set;
        metadata.withArrayProperty("ownerReferences")
                .add(OwnerReference.controllerOf(owner).toTree());
    }

    private static boolean deletes(ApiObject set, String moment) {
        return set.text("/spec/persistentVolumeClaimRetentionPolicy/" + moment).equals("Delete");
    }

    private Optional<ApiObject> cached(String namespace, String name) {
        return monitors.informer(KIND).flatMap(informer -> informer.get(namespace, name));
    }
}
