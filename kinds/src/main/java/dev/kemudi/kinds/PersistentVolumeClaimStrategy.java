package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Quantity;
import dev.kemudi.api.Status;
import dev.kemudi.api.Strategy;
import java.util.List;
import java.util.Optional;

/**
 * PersistentVolumeClaims: a wish for storage. Once made, a claim only grows, and only when it is
 * bound.
 */
final class PersistentVolumeClaimStrategy implements Strategy {
    private static final String STORAGE = "spec.resources[storage]";

    @Override
    public void applyDefaults(ObjectNode claim) {
        ObjectNode spec = Fill.object(claim, "spec");
        Fill.text(spec, "volumeMode", "Filesystem");
        if (spec.path("resources") instanceof ObjectNode resources) {
            ResourceRules.canonicalise(resources);
        }
    }

    @Override
    public void prepareForCreate(ObjectNode claim) {
        claim.putObject("status").put("phase", "Pending");
    }

    @Override
    public List<Status.Cause> validate(ApiObject claim, Optional<ApiObject> old) {
        Problems problems = new Problems();
        JsonNode spec = claim.at("/spec");
        VolumeRules.accessModes(spec, "at least 1 access mode is required", problems);
        ObjectMetaRules.checkSelector(spec.path("selector"), "spec.selector", problems);
        JsonNode storage = claim.at("/spec/resources/requests/storage");
        if (storage.isMissingNode() || storage.isNull()) {
            problems.required(STORAGE);
        } else {
            VolumeRules.positive(storage, STORAGE, problems);
        }
        VolumeRules.modeAndClass(spec, problems);
        old.ifPresent(before -> changes(claim, before, problems));
        return problems.causes();
    }

    private static void changes(ApiObject claim, ApiObject before, Problems problems) {
        boolean bound = before.text("/status/phase").equals("Bound");
        if (!fixed(claim, before, bound).equals(fixed(before, before, bound))) {
            problems.forbidden(
                    "spec",
                    "spec is immutable after creation except resources.requests and"
                            + " volumeAttributesClassName for bound claims");
        }
        Optional<Quantity> asked =
                ResourceRules.quantity(claim.at("/spec/resources/requests/storage"));
        Optional<Quantity> asking =
                ResourceRules.quantity(before.at("/spec/resources/requests/storage"));
        Optional<Quantity> has = ResourceRules.quantity(before.at("/status/capacity/storage"));
        if (asked.isPresent()
                && asking.isPresent()
                && asked.get().compareTo(asking.get()) < 0
                && asked.get().compareTo(has.orElse(asking.get())) <= 0) {
            problems.forbidden(
                    "spec.resources.requests.storage",
                    "field can not be less than status.capacity");
        }
    }

    /** The part of {@code claim}'s spec that must be as it was in {@code before}. */
    private static ObjectNode fixed(ApiObject claim, ApiObject before, boolean bound) {
        ObjectNode spec =
                claim.at("/spec") instanceof ObjectNode found
                        ? found.deepCopy()
                        : claim.tree().objectNode();
        if (before.text("/spec/volumeName").isEmpty()) {
            spec.remove("volumeName"); // whoever binds the claim sets it once
        }
        if (bound) {
            spec.remove("volumeAttributesClassName");
            if (spec.path("resources") instanceof ObjectNode resources) {
                resources.remove("requests");
            }
        }
        return spec;
    }
}
