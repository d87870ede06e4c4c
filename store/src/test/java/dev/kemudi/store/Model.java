package dev.kemudi.store;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The store as simply as it can be said: a whole map per revision. */
final class Model {
    private final List<TreeMap<Bytes, KeyValue>> states = new ArrayList<>();
    private final Map<Long, List<Watcher.Event>> history = new HashMap<>();
    private final Map<Long, Long> leases = new HashMap<>();
    private long compacted;

    Model() {
        states.add(new TreeMap<>());
        states.add(new TreeMap<>());
    }

    long revision() {
        return states.size() - 1;
    }

    long compacted() {
        return compacted;
    }

    List<KeyValue> range(KeyRange range, long revision) {
        return states.get((int) revision).values().stream()
                .filter(kv -> range.contains(kv.key()))
                .toList();
    }

    /**
     * What a watch from {@code revision} sees, previous states included while they are retained.
     */
    List<Watcher.Event> events(KeyRange range, long revision) {
        List<Watcher.Event> events = new ArrayList<>();
        for (long at = revision; at <= revision(); at++) {
            for (Watcher.Event event : history.getOrDefault(at, List.of())) {
                if (range.contains(event.kv().key())) {
                    events.add(event);
                }
            }
        }
        return events;
    }

    void grant(long id) {
        leases.put(id, 1L);
    }

    boolean compact(long revision) {
        if (revision <= compacted || revision > revision()) {
            return false;
        }
        compacted = revision;
        return true;
    }

    /** Applies puts and deletes as one revision; nothing happens when a lease is missing. */
    boolean write(List<Op> ops) {
        TreeMap<Bytes, KeyValue> state = new TreeMap<>(states.getLast());
        List<Watcher.Event> events = new ArrayList<>();
        long revision = revision() + 1;
        for (Op op : ops) {
            if (op instanceof Op.Put put) {
                if (put.lease() != 0 && !leases.containsKey(put.lease())) {
                    return false;
                }
                KeyValue before = state.get(put.key());
                KeyValue after =
                        new KeyValue(
                                put.key(),
                                before == null ? revision : before.createRevision(),
                                revision,
                                before == null ? 1 : before.version() + 1,
                                put.value(),
                                put.lease());
                state.put(put.key(), after);
                events.add(
                        new Watcher.Event(
                                Watcher.Type.PUT,
                                after,
                                before == null ? List.of() : List.of(before)));
            } else if (op instanceof Op.Delete delete) {
                remove(state, events, delete.range(), revision);
            }
        }
        commit(state, events);
        return true;
    }

    void revoke(long id) {
        if (leases.remove(id) == null) {
            return;
        }
        TreeMap<Bytes, KeyValue> state = new TreeMap<>(states.getLast());
        List<Watcher.Event> events = new ArrayList<>();
        for (KeyValue kv : List.copyOf(state.values())) {
            if (kv.lease() == id) {
                remove(state, events, KeyRange.single(kv.key()), revision() + 1);
            }
        }
        commit(state, events);
    }

    private static void remove(
            TreeMap<Bytes, KeyValue> state,
            List<Watcher.Event> events,
            KeyRange range,
            long revision) {
        for (KeyValue kv : List.copyOf(state.values())) {
            if (range.contains(kv.key())) {
                state.remove(kv.key());
                KeyValue tombstone = new KeyValue(kv.key(), 0, revision, 0, Bytes.EMPTY, 0);
                events.add(new Watcher.Event(Watcher.Type.DELETE, tombstone, List.of(kv)));
            }
        }
    }

    private void commit(TreeMap<Bytes, KeyValue> state, List<Watcher.Event> events) {
        if (!events.isEmpty()) {
            states.add(state);
            history.put(revision(), events);
        }
    }
}
