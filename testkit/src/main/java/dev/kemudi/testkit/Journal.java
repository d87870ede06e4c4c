package dev.kemudi.testkit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.kemudi.store.Bytes;
import dev.kemudi.store.KeyRange;
import dev.kemudi.store.KeyValue;
import dev.kemudi.store.Store;
import dev.kemudi.store.Watcher;
import java.io.IOException;
import java.time.LocalTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.TreeSet;

/**
 * What happened to the objects of a cluster lately: the last so many events, each with what it
 * changed. Safe for use by many threads.
 */
final class Journal implements Watcher.Listener, AutoCloseable {
    private static final String ROOT = "/registry/";

    /** Nodes say every ten seconds that they live; nobody looks for that. */
    private static final Bytes HEARTBEATS =
            Bytes.utf8(ROOT + "coordination.k8s.io/leases/kube-node-lease/");

    private static final int PATHS_MAX = 6;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final int eventsMax;
    private final Deque<Line> lines = new ArrayDeque<>();
    private final Watcher watcher;

    /** One event; only rendered when somebody asks. */
    private record Line(LocalTime at, Watcher.Event event) {
        String text() {
            KeyValue now = event.kv();
            String object = now.key().toString().substring(ROOT.length());
            String what =
                    event.type() == Watcher.Type.DELETE
                            ? "DELETED"
                            : event.previous().isEmpty() ? "ADDED" : "MODIFIED";
            String paths =
                    what.equals("MODIFIED")
                            ? changed(event.previous().getFirst().value(), now.value())
                            : "";
            return "%s  rv %-6d %-8s %s%s"
                    .formatted(
                            at,
                            now.modRevision(),
                            what,
                            object,
                            paths.isEmpty() ? "" : ": " + paths);
        }
    }

    Journal(Store store, int eventsMax) {
        this.eventsMax = eventsMax;
        watcher = store.watch(KeyRange.prefix(Bytes.utf8(ROOT)), 0, true, this);
    }

    @Override
    public void events(List<Watcher.Event> events, long revision) {
        LocalTime now = LocalTime.now().truncatedTo(ChronoUnit.MILLIS);
        synchronized (lines) {
            for (Watcher.Event event : events) {
                if (event.kv().key().startsWith(HEARTBEATS)) {
                    continue;
                }
                lines.add(new Line(now, event));
                if (lines.size() > eventsMax) {
                    lines.remove();
                }
            }
        }
    }

    @Override
    public void progress(long revision) {
        // Nothing happened.
    }

    @Override
    public void ended(long compactRevision) {
        // The cluster closes.
    }

    /** The events, oldest first, a line each. */
    List<String> lines() {
        List<Line> all;
        synchronized (lines) {
            all = List.copyOf(lines);
        }
        return all.stream().map(Line::text).toList();
    }

    /** Which fields differ, by their paths. */
    private static String changed(Bytes before, Bytes after) {
        try {
            List<String> paths = new ArrayList<>();
            compare(JSON.readTree(before.array()), JSON.readTree(after.array()), "", paths);
            List<String> shown = paths.subList(0, Math.min(PATHS_MAX, paths.size()));
            return String.join(", ", shown)
                    + (paths.size() > PATHS_MAX
                            ? " and %d more".formatted(paths.size() - PATHS_MAX)
                            : "");
        } catch (IOException e) {
            return "(not JSON)";
        }
    }

    private static void compare(JsonNode before, JsonNode after, String path, List<String> into) {
        if (before.equals(after) || path.equals("metadata.managedFields")) {
            return;
        }
        if (!before.isObject() || !after.isObject()) {
            boolean brief = !before.isContainerNode() && !after.isContainerNode();
            into.add(brief ? path + " " + brief(before) + " → " + brief(after) : path);
            return;
        }
        TreeSet<String> names = new TreeSet<>();
        for (Iterator<String> each = before.fieldNames(); each.hasNext(); ) {
            names.add(each.next());
        }
        for (Iterator<String> each = after.fieldNames(); each.hasNext(); ) {
            names.add(each.next());
        }
        for (String name : names) {
            compare(
                    before.path(name),
                    after.path(name),
                    path.isEmpty() ? name : path + "." + name,
                    into);
        }
    }

    private static String brief(JsonNode value) {
        return value.isMissingNode() ? "(none)" : value.toString();
    }

    @Override
    public void close() {
        watcher.close();
    }
}
