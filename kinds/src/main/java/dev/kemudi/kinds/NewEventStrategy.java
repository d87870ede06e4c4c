package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Resource;
import dev.kemudi.api.ResourceDefinition.Column;
import dev.kemudi.api.Status;
import dev.kemudi.api.StoredForm;
import dev.kemudi.api.Strategy;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Events as {@code events.k8s.io/v1} shows them: the same objects as the core group's, with other
 * names for some members. Who writes them here says more than the core group asks for.
 */
final class NewEventStrategy implements Strategy {
    /** Member here → member of the core group's events. */
    private static final Map<String, String> NAMES =
            Map.of(
                    "regarding", "involvedObject",
                    "note", "message",
                    "reportingController", "reportingComponent",
                    "deprecatedSource", "source",
                    "deprecatedFirstTimestamp", "firstTimestamp",
                    "deprecatedLastTimestamp", "lastTimestamp",
                    "deprecatedCount", "count");

    private static final StoredForm FORM =
            new StoredForm(
                    Resource.EVENTS,
                    tree -> {
                        NAMES.forEach((shown, stored) -> rename(tree, shown, stored));
                        return tree;
                    },
                    tree -> {
                        NAMES.forEach((shown, stored) -> rename(tree, stored, shown));
                        return tree;
                    });

    private static final Set<String> TYPES = Set.of("Normal", "Warning");
    private static final int TEXT_LENGTH_MAX = 128;
    private static final int NOTE_LENGTH_MAX = 1024;
    private static final int SERIES_MIN = 2;

    /** What a writer of today leaves alone: clients of yesterday fill it. */
    private static final List<String> LEFT_TO_OTHERS =
            List.of("firstTimestamp", "lastTimestamp", "count", "source");

    private static final List<String> FIXED =
            List.of(
                    "involvedObject",
                    "reason",
                    "message",
                    "source",
                    "firstTimestamp",
                    "lastTimestamp",
                    "count",
                    "type",
                    "eventTime",
                    "action",
                    "related",
                    "reportingComponent",
                    "reportingInstance");

    private final EventStrategy core = new EventStrategy();

    static List<Column> columns() {
        return EventColumns.ALL.stream()
                .map(c ->
                        new Column(
                                c.name(),
                                c.type(),
                                c.format(),
                                c.description(),
                                c.priority(),
                                (event, now) -> c.value().apply(stored(event), now)))
                .toList();
    }

    private static ApiObject stored(ApiObject event) {
        ObjectNode tree = event.tree().objectNode();
        tree.setAll(event.tree());
        return ApiObject.of(FORM.toStored().apply(tree));
    }

    private static void rename(ObjectNode tree, String from, String to) {
        JsonNode value = tree.remove(from);
        if (value != null) {
            tree.set(to, value);
        }
    }

    @Override
    public Optional<StoredForm> storedForm() {
        return Optional.of(FORM);
    }

    @Override
    public void applyDefaults(ObjectNode event) {
        Fill.object(event, "regarding");
    }

    @Override
    public List<Status.Cause> validate(ApiObject shown, Optional<ApiObject> old) {
        ApiObject event = stored(shown);
        Problems problems = new Problems();
        problems.addAll(core.validate(event, old));
        if (old.isEmpty()) {
            created(event, problems);
            return problems.causes();
        }
        ApiObject before = stored(old.get());
        for (String name : FIXED) {
            JsonNode now = event.at("/" + name);
            if (!now.equals(before.at("/" + name))
                    && !(empty(now) && empty(before.at("/" + name)))) {
                problems.immutable(name, now);
            }
        }
        series(event.at("/series"), problems);
        return problems.causes();
    }

    private static boolean empty(JsonNode node) {
        return node.isNull() || node.isMissingNode() || node.isContainerNode() && node.isEmpty();
    }

    private static void created(ApiObject event, Problems problems) {
        if (Age.instant(event.at("/eventTime")).isEmpty()) {
            problems.required("eventTime");
        }
        series(event.at("/series"), problems);
        String controller = event.text("/reportingComponent");
        if (controller.isEmpty()) {
            problems.required("reportingController");
        } else {
            Names.qualified(controller, "reportingController", problems);
        }
        for (String name : List.of("reportingInstance", "action", "reason")) {
            String text = event.text("/" + name);
            if (text.isEmpty()) {
                problems.required(name);
            } else if (text.length() > TEXT_LENGTH_MAX) {
                problems.invalid(name, "", "can have at most " + TEXT_LENGTH_MAX + " characters");
            }
        }
        if (event.text("/message").length() > NOTE_LENGTH_MAX) {
            problems.invalid("message", "", "can have at most " + NOTE_LENGTH_MAX + " characters");
        }
        String type = event.text("/type");
        if (!TYPES.contains(type)) {
            problems.invalid("type", "", "has invalid value: " + type);
        }
        for (String name : LEFT_TO_OTHERS) {
            JsonNode value = event.at("/" + name);
            if (!empty(value) && !(value.isNumber() && value.asLong() == 0)) {
                problems.invalid(name, "", "needs to be unset");
            }
        }
    }

    private static void series(JsonNode series, Problems problems) {
        if (!series.isObject()) {
            return;
        }
        if (series.path("count").asLong() < SERIES_MIN) {
            problems.invalid("series.count", "", "should be at least " + SERIES_MIN);
        }
        if (Age.instant(series.path("lastObservedTime")).isEmpty()) {
            problems.required("series.lastObservedTime");
        }
    }

    @Override
    public Map<String, String> selectableFields(ApiObject stored) {
        Map<String, String> fields = new LinkedHashMap<>();
        core.selectableFields(stored)
                .forEach((name, value) -> {
                    if (!name.equals("source")) {
                        fields.put(
                                name.replace("involvedObject.", "regarding.")
                                        .replace("reportingComponent", "reportingController"),
                                value);
                    }
                });
        return fields;
    }

    @Override
    public OptionalLong timeToLiveSeconds(ApiObject event) {
        return core.timeToLiveSeconds(event);
    }
}
