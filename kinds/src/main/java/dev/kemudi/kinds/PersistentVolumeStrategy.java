package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Status;
import dev.kemudi.api.Strategy;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** PersistentVolumes: a piece of storage of one size and of exactly one type. */
final class PersistentVolumeStrategy implements Strategy {
    private static final Set<String> RECLAIM_POLICIES = Set.of("Delete", "Recycle", "Retain");

    /** Every way to have storage that the API knows; all but a few are decided by CSI drivers. */
    private static final List<String> SOURCES =
            List.of(
                    "awsElasticBlockStore",
                    "azureDisk",
                    "azureFile",
                    "cephfs",
                    "cinder",
                    "csi",
                    "fc",
                    "flexVolume",
                    "flocker",
                    "gcePersistentDisk",
                    "glusterfs",
                    "hostPath",
                    "iscsi",
                    "local",
                    "nfs",
                    "photonPersistentDisk",
                    "portworxVolume",
                    "quobyte",
                    "rbd",
                    "scaleIO",
                    "storageos",
                    "vsphereVolume");

    @Override
    public void applyDefaults(ObjectNode volume) {
        ObjectNode spec = Fill.object(volume, "spec");
        Fill.text(spec, "persistentVolumeReclaimPolicy", "Retain");
        Fill.text(spec, "volumeMode", "Filesystem");
        if (spec.path("hostPath") instanceof ObjectNode path && Fill.absent(path, "type")) {
            path.put("type", "");
        }
        if (spec.path("capacity") instanceof ObjectNode capacity) {
            ResourceRules.quantity(capacity.path("storage"))
                    .ifPresent(q -> capacity.set("storage", TextNode.valueOf(q.toString())));
        }
    }

    @Override
    public void prepareForCreate(ObjectNode volume) {
        volume.putObject("status").put("phase", "Pending");
    }

    @Override
    public List<Status.Cause> validate(ApiObject volume, Optional<ApiObject> old) {
        Problems problems = new Problems();
        JsonNode spec = volume.at("/spec");
        VolumeRules.accessModes(spec, "", problems);
        capacity(spec.path("capacity"), problems);
        PodRules.oneOf(spec, "persistentVolumeReclaimPolicy", RECLAIM_POLICIES, "spec", problems);
        JsonNode affinity = spec.path("nodeAffinity");
        if (affinity.isObject() && !affinity.path("required").isObject()) {
            problems.required(
                    "spec.nodeAffinity.required", "must specify required node constraints");
        }
        source(spec, problems);
        VolumeRules.modeAndClass(spec, problems);
        old.ifPresent(before -> changes(volume, before, problems));
        return problems.causes();
    }

    private static void capacity(JsonNode capacity, Problems problems) {
        if (capacity.isEmpty()) {
            problems.required("spec.capacity");
        } else if (!capacity.has("storage") || capacity.size() > 1) {
            problems.notSupported("spec.capacity", capacity, List.of("storage"));
        } else {
            VolumeRules.positive(capacity.path("storage"), "spec.capacity[storage]", problems);
        }
    }

    private static void source(JsonNode spec, Problems problems) {
        List<String> there = new ArrayList<>();
        SOURCES.stream().filter(spec::hasNonNull).forEach(there::add);
        if (there.isEmpty()) {
            problems.required("spec", "must specify a volume type");
            return;
        }
        there.stream()
                .skip(1)
                .forEach(name ->
                        problems.forbidden(
                                "spec." + name, "may not specify more than 1 volume type"));
        JsonNode source = spec.path(there.getFirst());
        switch (there.getFirst()) {
            case "hostPath" -> hostPath(spec, source.path("path").asText(""), problems);
            case "local" -> local(spec, source.path("path").asText(""), problems);
            case "nfs" -> members(source, "spec.nfs", List.of("server", "path"), problems);
            case "csi" -> members(source, "spec.csi", List.of("driver", "volumeHandle"), problems);
            default -> {} // the schema has the types of their members; their drivers know the rest
        }
    }

    private static void hostPath(JsonNode spec, String path, Problems problems) {
        if (path.isEmpty()) {
            problems.required("spec.hostPath.path");
        } else if (List.of(path.split("/")).contains("..")) {
            problems.invalid("spec.hostPath.path", path, "must not contain '..'");
        } else if (path.equals("/")
                && spec.path("persistentVolumeReclaimPolicy").asText("").equals("Recycle")) {
            problems.forbidden(
                    "spec.persistentVolumeReclaimPolicy",
                    "may not be 'recycle' for a hostPath mount of '/'");
        }
    }

    private static void local(JsonNode spec, String path, Problems problems) {
        if (path.isEmpty()) {
            problems.required("spec.local.path");
        }
        if (!spec.path("nodeAffinity").isObject()) {
            problems.required("metadata.annotations", "Local volume requires node affinity");
        }
    }

    private static void members(
            JsonNode source, String field, List<String> names, Problems problems) {
        for (String name : names) {
            if (source.path(name).asText("").isEmpty()) {
                problems.required(field + "." + name);
            }
        }
    }

    private static void changes(ApiObject volume, ApiObject before, Problems problems) {
        boolean same =
                SOURCES.stream()
                        .allMatch(name ->
                                volume.at("/spec/" + name).equals(before.at("/spec/" + name)));
        if (!same) {
            problems.forbidden(
                    "spec.persistentvolumesource",
                    "spec.persistentvolumesource is immutable after creation");
        }
        String mode = volume.text("/spec/volumeMode");
        if (!mode.equals(before.text("/spec/volumeMode"))) {
            problems.immutable("spec.volumeMode", mode);
        }
        JsonNode affinity = before.at("/spec/nodeAffinity");
        if (affinity.isObject() && !affinity.equals(volume.at("/spec/nodeAffinity"))) {
            problems.invalid(
                    "spec.nodeAffinity",
                    volume.at("/spec/nodeAffinity"),
                    "field is immutable, except for updating from beta label to GA");
        }
    }
}
