package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.api.Quantity;
import java.util.Optional;
import java.util.Set;

/** What persistent volumes and the claims on them share. */
final class VolumeRules {
    static final String SINGLE_POD = "ReadWriteOncePod";
    private static final Set<String> ACCESS_MODES =
            Set.of("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", SINGLE_POD);
    private static final Set<String> VOLUME_MODES = Set.of("Block", "Filesystem");

    private VolumeRules() {}

    /**
     * @param why what to say when there is none, possibly nothing
     */
    static void accessModes(JsonNode spec, String why, Problems problems) {
        JsonNode modes = spec.path("accessModes");
        if (modes.isEmpty() && why.isEmpty()) {
            problems.required("spec.accessModes");
        } else if (modes.isEmpty()) {
            problems.required("spec.accessModes", why);
        }
        boolean single = false;
        for (JsonNode mode : modes) {
            if (!ACCESS_MODES.contains(mode.asText())) {
                problems.notSupported("spec.accessModes", mode.asText(), ACCESS_MODES);
            }
            single |= mode.asText().equals(SINGLE_POD);
        }
        if (single && modes.size() > 1) {
            problems.forbidden(
                    "spec.accessModes", "may not use ReadWriteOncePod with other access modes");
        }
    }

    static void modeAndClass(JsonNode spec, Problems problems) {
        PodRules.oneOf(spec, "volumeMode", VOLUME_MODES, "spec", problems);
        for (String name : Set.of("storageClassName", "volumeAttributesClassName")) {
            String value = spec.path(name).asText("");
            if (!value.isEmpty()) {
                Names.subdomain(value, "spec." + name, problems);
            }
        }
    }

    static void positive(JsonNode amount, String field, Problems problems) {
        Optional<Quantity> quantity = ResourceRules.quantity(amount);
        if (quantity.isEmpty()) {
            problems.invalid(field, amount.asText(), ResourceRules.QUANTITY_RULE);
        } else if (quantity.get().signum() <= 0) {
            problems.invalid(field, quantity.get().toString(), "must be greater than zero");
        }
    }
}
