package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ResourceDefinition.Column;
import dev.kemudi.api.Status;
import dev.kemudi.api.Strategy;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** CSIDrivers: what a storage driver wants of those who use it. */
final class CsiDriverStrategy implements Strategy {
    static final int NAME_LENGTH_MAX = 63;
    private static final String DEFAULT_MODE = "Persistent";
    private static final Set<String> MODES = Set.of(DEFAULT_MODE, "Ephemeral");
    private static final Set<String> FILE_OWNERS =
            Set.of("ReadWriteOnceWithFSType", "File", "None");
    private static final int TOKEN_SECONDS_MIN = 600;

    static final List<Column> COLUMNS =
            List.of(
                    Columns.NAME,
                    flag("AttachRequired", "Whether volumes are attached to nodes first."),
                    flag("PodInfoOnMount", "Whether it is told about pods."),
                    flag("StorageCapacity", "Whether it says how much is left."),
                    Columns.text(
                            "TokenRequests",
                            "Audiences of the tokens it wants.",
                            CsiDriverStrategy::audiences),
                    flag("RequiresRepublish", "Whether it wants to be called again and again."),
                    Columns.text("Modes", "The sorts of volumes it has.", CsiDriverStrategy::modes),
                    Columns.AGE);

    private static Column flag(String name, String description) {
        String member = Character.toLowerCase(name.charAt(0)) + name.substring(1);
        return new Column(name, "boolean", "", description, 0, (o, _) -> o.bool("/spec/" + member));
    }

    private static String audiences(ApiObject driver) {
        List<String> audiences = new ArrayList<>();
        driver.at("/spec/tokenRequests").forEach(r -> audiences.add(r.path("audience").asText("")));
        return audiences.isEmpty() ? Columns.UNSET : String.join(",", audiences);
    }

    private static String modes(ApiObject driver) {
        List<String> modes = new ArrayList<>();
        driver.at("/spec/volumeLifecycleModes").forEach(mode -> modes.add(mode.asText()));
        return modes.isEmpty() ? Columns.NONE : String.join(",", modes);
    }

    @Override
    public void applyDefaults(ObjectNode driver) {
        ObjectNode spec = Fill.object(driver, "spec");
        Fill.bool(spec, "attachRequired", true);
        for (String name :
                List.of("podInfoOnMount", "storageCapacity", "requiresRepublish", "seLinuxMount")) {
            Fill.bool(spec, name, false);
        }
        Fill.text(spec, "fsGroupPolicy", "ReadWriteOnceWithFSType");
        if (spec.path("volumeLifecycleModes").isEmpty()) {
            spec.putArray("volumeLifecycleModes").add(DEFAULT_MODE);
        }
    }

    @Override
    public List<Status.Cause> validate(ApiObject driver, Optional<ApiObject> old) {
        Problems problems = new Problems();
        if (driver.name().length() > NAME_LENGTH_MAX) {
            problems.tooLong("metadata.name", NAME_LENGTH_MAX);
        }
        JsonNode spec = driver.at("/spec");
        PodRules.oneOf(spec, "fsGroupPolicy", FILE_OWNERS, "spec", problems);
        for (JsonNode mode : spec.path("volumeLifecycleModes")) {
            if (!MODES.contains(mode.asText())) {
                problems.notSupported("spec.volumeLifecycleModes", mode.asText(), MODES);
            }
        }
        Set<String> audiences = new HashSet<>();
        int i = 0;
        for (JsonNode request : spec.path("tokenRequests")) {
            String at = "spec.tokenRequests[" + i++ + "]";
            String audience = request.path("audience").asText("");
            if (!audiences.add(audience)) {
                problems.duplicate(at + ".audience", audience);
            }
            JsonNode seconds = request.path("expirationSeconds");
            if (seconds.isNumber() && seconds.asLong() < TOKEN_SECONDS_MIN) {
                problems.invalid(
                        at + ".expirationSeconds",
                        seconds.asLong(),
                        "may not specify a duration less than 10 minutes");
            }
        }
        for (String name : List.of("attachRequired", "volumeLifecycleModes")) {
            if (old.isPresent() && !old.get().at("/spec/" + name).equals(spec.path(name))) {
                problems.immutable("spec." + name, spec.path(name));
            }
        }
        return problems.causes();
    }
}
