package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ResourceDefinition.Column;
import java.time.Instant;
import java.util.List;
import java.util.Locale;

/** The table view of events: the one kind whose rows do not begin with a name. */
final class EventColumns {
    static final List<Column> ALL =
            List.of(
                    Columns.timed(
                            "Last Seen",
                            0,
                            "The time since it last happened.",
                            EventColumns::lastSeen),
                    Columns.text("Type", "Normal or Warning.", o -> o.text("/type")),
                    Columns.text(
                            "Reason", "Why, in one word for machines.", o -> o.text("/reason")),
                    Columns.text("Object", "What it happened to.", EventColumns::object),
                    Columns.wide(
                            "Subobject",
                            "The part it happened to.",
                            o -> o.text("/involvedObject/fieldPath")),
                    Columns.wide("Source", "Who reported it.", EventColumns::source),
                    Columns.text(
                            "Message",
                            "What happened, for people.",
                            o -> o.text("/message").strip()),
                    Columns.timed(
                            "First Seen",
                            1,
                            "The time since it first happened.",
                            EventColumns::firstSeen),
                    new Column(
                            "Count",
                            "string",
                            "",
                            "How often it happened.",
                            1,
                            (o, _) -> String.valueOf(count(o))),
                    new Column(
                            "Name",
                            "string",
                            "name",
                            "The event's own name.",
                            1,
                            (o, _) -> o.name()));

    private EventColumns() {}

    private static String lastSeen(ApiObject event, Instant now) {
        JsonNode series = event.at("/series/lastObservedTime");
        if (Age.instant(series).isPresent()) {
            return Age.since(series, now);
        }
        JsonNode last = event.at("/lastTimestamp");
        return Age.instant(last).isPresent() ? Age.since(last, now) : firstSeen(event, now);
    }

    private static String firstSeen(ApiObject event, Instant now) {
        JsonNode first = event.at("/firstTimestamp");
        return Age.since(Age.instant(first).isPresent() ? first : event.at("/eventTime"), now);
    }

    private static int count(ApiObject event) {
        int series = event.integer("/series/count", 0);
        return series > 0 ? series : Math.max(1, event.integer("/count", 1));
    }

    private static String object(ApiObject event) {
        String kind = event.text("/involvedObject/kind").toLowerCase(Locale.ROOT);
        String name = event.text("/involvedObject/name");
        return name.isEmpty() ? kind : kind + "/" + name;
    }

    private static String source(ApiObject event) {
        String component = event.text("/source/component");
        String host = event.text("/source/host");
        if (component.isEmpty()) {
            component = event.text("/reportingComponent");
            host = event.text("/reportingInstance");
        }
        return host.isEmpty() ? component : component + ", " + host;
    }
}
