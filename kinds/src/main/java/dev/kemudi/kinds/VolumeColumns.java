package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ResourceDefinition.Column;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The table views of persistent volumes and of the claims on them. */
final class VolumeColumns {
    /** In the order in which they are always shown. */
    private static final Map<String, String> ACCESS_MODES = new LinkedHashMap<>();

    static {
        ACCESS_MODES.put("ReadWriteOnce", "RWO");
        ACCESS_MODES.put("ReadOnlyMany", "ROX");
        ACCESS_MODES.put("ReadWriteMany", "RWX");
        ACCESS_MODES.put(VolumeRules.SINGLE_POD, "RWOP");
    }

    private static final String BETA_CLASS = "volume.beta.kubernetes.io/storage-class";

    private static final Column MODE =
            Columns.wide(
                    "VolumeMode",
                    "Whether it is a file system or a raw device.",
                    o -> orUnset(o.text("/spec/volumeMode")));
    private static final Column ATTRIBUTES_CLASS =
            Columns.text(
                    "VolumeAttributesClass",
                    "The class of its changeable attributes.",
                    o -> orUnset(o.text("/spec/volumeAttributesClassName")));
    private static final Column CLASS =
            Columns.text("StorageClass", "The class it belongs to.", VolumeColumns::storageClass);
    private static final Column STATUS =
            Columns.text(
                    "Status",
                    "Where it is in its life.",
                    o -> o.deleting() ? "Terminating" : o.text("/status/phase"));

    static final List<Column> VOLUME =
            List.of(
                    Columns.NAME,
                    Columns.text("Capacity", "Its size.", o -> o.text("/spec/capacity/storage")),
                    Columns.text(
                            "Access Modes",
                            "How it can be mounted.",
                            o -> accessModes(o.at("/spec/accessModes"))),
                    Columns.text(
                            "Reclaim Policy",
                            "What becomes of it after its claim.",
                            o -> o.text("/spec/persistentVolumeReclaimPolicy")),
                    STATUS,
                    Columns.text("Claim", "The claim that has it.", VolumeColumns::claim),
                    CLASS,
                    ATTRIBUTES_CLASS,
                    Columns.text(
                            "Reason", "Why it is in this status.", o -> o.text("/status/reason")),
                    Columns.AGE,
                    MODE);

    static final List<Column> CLAIM =
            List.of(
                    Columns.NAME,
                    STATUS,
                    Columns.text("Volume", "The volume it has.", o -> o.text("/spec/volumeName")),
                    Columns.text(
                            "Capacity",
                            "The size of its volume.",
                            o -> bound(o) ? o.text("/status/capacity/storage") : ""),
                    Columns.text(
                            "Access Modes",
                            "How its volume can be mounted.",
                            o -> bound(o) ? accessModes(o.at("/status/accessModes")) : ""),
                    CLASS,
                    ATTRIBUTES_CLASS,
                    Columns.AGE,
                    MODE);

    private VolumeColumns() {}

    private static boolean bound(ApiObject claim) {
        return !claim.text("/spec/volumeName").isEmpty();
    }

    private static String storageClass(ApiObject object) {
        String old = object.annotations().getOrDefault(BETA_CLASS, "");
        return old.isEmpty() ? object.text("/spec/storageClassName") : old;
    }

    private static String claim(ApiObject volume) {
        JsonNode claim = volume.at("/spec/claimRef");
        return claim.isObject()
                ? claim.path("namespace").asText("") + "/" + claim.path("name").asText("")
                : "";
    }

    private static String accessModes(JsonNode modes) {
        Set<String> there = new HashSet<>();
        modes.forEach(mode -> there.add(mode.asText()));
        List<String> shown = new ArrayList<>();
        ACCESS_MODES.forEach((name, shortName) -> {
            if (there.contains(name)) {
                shown.add(shortName);
            }
        });
        return String.join(",", shown);
    }

    private static String orUnset(String text) {
        return text.isEmpty() ? Columns.UNSET : text;
    }
}
