package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ResourceDefinition.Column;
import dev.kemudi.api.Status;
import dev.kemudi.api.Strategy;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** StorageClasses: who makes volumes, and how. All but what it is called stays as it was made. */
final class StorageClassStrategy implements Strategy {
    private static final List<String> DEFAULT =
            List.of(
                    "storageclass.kubernetes.io/is-default-class",
                    "storageclass.beta.kubernetes.io/is-default-class");
    private static final Set<String> RECLAIM_POLICIES = Set.of("Delete", "Retain");
    private static final Set<String> BINDING_MODES = Set.of("Immediate", "WaitForFirstConsumer");
    private static final int PARAMETERS_MAX = 512;
    private static final int PARAMETERS_LENGTH_MAX = 256 * 1024;

    static final List<Column> COLUMNS =
            List.of(
                    new Column(
                            "Name",
                            "string",
                            "name",
                            "The class's name, and whether it is the default.",
                            0,
                            (o, _) -> isDefault(o) ? o.name() + " (default)" : o.name()),
                    Columns.text("Provisioner", "Who makes volumes.", o -> o.text("/provisioner")),
                    Columns.text(
                            "ReclaimPolicy",
                            "What becomes of volumes after their claims.",
                            o -> o.text("/reclaimPolicy")),
                    Columns.text(
                            "VolumeBindingMode",
                            "When claims are given volumes.",
                            o -> o.text("/volumeBindingMode")),
                    new Column(
                            "AllowVolumeExpansion",
                            "boolean",
                            "",
                            "Whether volumes can grow.",
                            0,
                            (o, _) -> o.bool("/allowVolumeExpansion")),
                    Columns.AGE);

    private static boolean isDefault(ApiObject storageClass) {
        return DEFAULT.stream().anyMatch(key -> "true".equals(storageClass.annotations().get(key)));
    }

    @Override
    public void applyDefaults(ObjectNode storageClass) {
        Fill.text(storageClass, "reclaimPolicy", "Delete");
        Fill.text(storageClass, "volumeBindingMode", "Immediate");
    }

    @Override
    public List<Status.Cause> validate(ApiObject storageClass, Optional<ApiObject> old) {
        Problems problems = new Problems();
        String provisioner = storageClass.text("/provisioner");
        if (provisioner.isEmpty()) {
            problems.required("provisioner");
        } else {
            Names.qualified(provisioner.toLowerCase(Locale.ROOT), "provisioner", problems);
        }
        parameters(storageClass.at("/parameters"), problems);
        for (String name : List.of("reclaimPolicy", "volumeBindingMode")) {
            Set<String> supported = name.equals("reclaimPolicy") ? RECLAIM_POLICIES : BINDING_MODES;
            String value = storageClass.text("/" + name);
            if (!supported.contains(value)) {
                problems.notSupported(name, value, supported);
            }
        }
        old.ifPresent(before -> changes(storageClass, before, problems));
        return problems.causes();
    }

    private static void parameters(JsonNode parameters, Problems problems) {
        if (parameters.size() > PARAMETERS_MAX) {
            problems.tooMany("parameters", parameters.size(), PARAMETERS_MAX);
        }
        long length =
                parameters.properties().stream()
                        .mapToLong(e -> e.getKey().length() + e.getValue().asText().length())
                        .sum();
        if (length > PARAMETERS_LENGTH_MAX) {
            problems.tooLong("parameters", PARAMETERS_LENGTH_MAX);
        }
        if (parameters.has("")) {
            problems.invalid("parameters", "", "field can not be empty.");
        }
    }

    private static void changes(ApiObject storageClass, ApiObject before, Problems problems) {
        for (String name : List.of("parameters", "provisioner", "reclaimPolicy")) {
            if (!storageClass.at("/" + name).equals(before.at("/" + name))) {
                problems.forbidden(name, "updates to " + name + " are forbidden.");
            }
        }
        String mode = storageClass.text("/volumeBindingMode");
        if (!mode.equals(before.text("/volumeBindingMode"))) {
            problems.immutable("volumeBindingMode", mode);
        }
    }
}
