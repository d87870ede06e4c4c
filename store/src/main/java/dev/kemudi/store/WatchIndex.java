package dev.kemudi.store;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Finds the watches that a key concerns. Single keys and prefixes, which nearly all watches are,
 * cost one look-up per key and per distinct prefix length; other ranges are tried one by one, once
 * per distinct range. Guarded by the hub.
 */
final class WatchIndex {
    private final Map<Bytes, Group> singles = new HashMap<>();
    private final TreeMap<Integer, Map<Bytes, Group>> prefixes = new TreeMap<>();
    private final Map<KeyRange, Group> others = new HashMap<>();
    private int size;

    /** The watches of one range. */
    static final class Group {
        final List<Watch> members = new ArrayList<>(1);

        /** What the revisions being dispatched have for this group. */
        List<Watcher.Event> matched = List.of();

        /** What matched, and for whom; nothing matches afterwards. */
        Parcel pack(long through) {
            Delivery delivery = new Delivery(matched, through);
            matched = List.of();
            return new Parcel(delivery, members.toArray(Watch[]::new));
        }
    }

    /** One delivery for many: the members as they were. */
    record Parcel(Delivery delivery, Watch[] members) {}

    int size() {
        return size;
    }

    void add(Watch watch) {
        KeyRange range = watch.range();
        Group group;
        if (range.isSingle()) {
            group = singles.computeIfAbsent(range.key(), k -> new Group());
        } else if (isPrefix(range)) {
            group =
                    prefixes.computeIfAbsent(range.key().length(), l -> new HashMap<>())
                            .computeIfAbsent(range.key(), k -> new Group());
        } else {
            group = others.computeIfAbsent(range, r -> new Group());
        }
        watch.slot = group.members.size();
        group.members.add(watch);
        size++;
    }

    void remove(Watch watch) {
        KeyRange range = watch.range();
        if (range.isSingle()) {
            removeFrom(singles, range.key(), watch);
        } else if (isPrefix(range)) {
            int length = range.key().length();
            Map<Bytes, Group> groups = prefixes.getOrDefault(length, Map.of());
            removeFrom(groups, range.key(), watch);
            if (groups.isEmpty()) {
                prefixes.remove(length);
            }
        } else {
            removeFrom(others, range, watch);
        }
    }

    private <K> void removeFrom(Map<K, Group> groups, K key, Watch watch) {
        Group group = groups.get(key);
        if (group == null || watch.slot < 0) {
            return;
        }
        Watch last = group.members.removeLast();
        if (last != watch) {
            group.members.set(watch.slot, last);
            last.slot = watch.slot;
        }
        watch.slot = -1;
        size--;
        if (group.members.isEmpty()) {
            groups.remove(key);
        }
    }

    void match(Bytes key, Consumer<Group> found) {
        Group single = singles.get(key);
        if (single != null) {
            found.accept(single);
        }
        for (Map.Entry<Integer, Map<Bytes, Group>> length : prefixes.entrySet()) {
            if (length.getKey() > key.length()) {
                break;
            }
            Group group = length.getValue().get(head(key, length.getKey()));
            if (group != null) {
                found.accept(group);
            }
        }
        for (Map.Entry<KeyRange, Group> other : others.entrySet()) {
            if (other.getKey().contains(key)) {
                found.accept(other.getValue());
            }
        }
    }

    /** A copy of every watch. */
    List<Watch> all() {
        List<Watch> all = new ArrayList<>(size);
        singles.values().forEach(group -> all.addAll(group.members));
        prefixes.values()
                .forEach(groups -> groups.values().forEach(group -> all.addAll(group.members)));
        others.values().forEach(group -> all.addAll(group.members));
        return all;
    }

    private static Bytes head(Bytes key, int length) {
        return length == key.length() ? key : Bytes.of(Arrays.copyOf(key.array(), length));
    }

    private static boolean isPrefix(KeyRange range) {
        return !range.isOpenEnded() && range.end().equals(range.key().prefixEnd());
    }
}
