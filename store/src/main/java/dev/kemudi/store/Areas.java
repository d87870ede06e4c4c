package dev.kemudi.store;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/**
 * The areas in memory, as the applier last left them. Reading takes no lock; listeners are called
 * one after the other. Safe for use by many threads.
 */
final class Areas {
    private final Map<String, Area> now = new ConcurrentHashMap<>();
    private final Map<String, List<Consumer<Area>>> listeners = new HashMap<>();

    Area get(String name) {
        Area area = now.get(name);
        return area == null ? empty(name) : area;
    }

    private static Area empty(String name) {
        return new Area(name, 0, Collections.emptySortedMap());
    }

    /** Everything of a view, in place of what was known: at the start, and after an install. */
    synchronized void load(View view) {
        Map<String, Area> found = read(view);
        List<Area> moved = new ArrayList<>(found.values());
        for (String name : now.keySet()) {
            if (!found.containsKey(name)) {
                moved.add(empty(name));
            }
        }
        now.keySet().retainAll(found.keySet());
        for (Area area : moved) {
            if (area.revision() > 0) {
                now.put(area.name(), area);
            }
            tell(area);
        }
    }

    /** Called by the applier with what one batch changed. */
    synchronized void changed(List<Machine.AreaStep> steps) {
        for (Machine.AreaStep step : steps) {
            SortedMap<Bytes, Bytes> rows = with(get(step.area()), step.rows());
            Area after = new Area(step.area(), step.revision(), rows);
            now.put(after.name(), after);
            tell(after);
        }
    }

    /** The rows of {@code area} after a change. */
    static SortedMap<Bytes, Bytes> with(Area area, Map<Bytes, Optional<Bytes>> change) {
        SortedMap<Bytes, Bytes> rows = new TreeMap<>(area.rows());
        change.forEach((key, value) -> {
            if (value.isPresent()) {
                rows.put(key, value.get());
            } else {
                rows.remove(key);
            }
        });
        return Collections.unmodifiableSortedMap(rows);
    }

    static long bytes(SortedMap<Bytes, Bytes> rows) {
        long bytes = 0;
        for (Map.Entry<Bytes, Bytes> row : rows.entrySet()) {
            bytes += row.getKey().length() + row.getValue().length();
        }
        return bytes;
    }

    private void tell(Area area) {
        listeners.getOrDefault(area.name(), List.of()).forEach(each -> each.accept(area));
    }

    synchronized void listen(String name, Consumer<Area> listener) {
        listeners.computeIfAbsent(name, n -> new ArrayList<>()).add(listener);
        listener.accept(get(name));
    }

    /** Every area of one snapshot. */
    static Map<String, Area> read(Rows rows) {
        Map<String, Area> found = new TreeMap<>();
        try (Rows.Cursor cursor = rows.cursor(Family.AREA, new byte[0])) {
            while (cursor.valid()) {
                Area area = readOne(cursor);
                found.put(area.name(), area);
            }
        }
        return found;
    }

    /** The cursor stands on the row of an area's revision, and afterwards behind its last row. */
    private static Area readOne(Rows.Cursor cursor) {
        AreaRow head = AreaRow.of(cursor.key());
        long revision = new ByteReader(cursor.value()).number();
        SortedMap<Bytes, Bytes> rows = new TreeMap<>();
        cursor.next();
        while (cursor.valid()) {
            AreaRow row = AreaRow.of(cursor.key());
            if (!row.area().equals(head.area()) || row.isHead()) {
                break;
            }
            rows.put(row.key().orElseThrow(), Bytes.of(cursor.value()));
            cursor.next();
        }
        return new Area(head.area(), revision, Collections.unmodifiableSortedMap(rows));
    }
}
