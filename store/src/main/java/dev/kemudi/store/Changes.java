package dev.kemudi.store;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Rows to write together. The value {@link #GONE} (by identity) deletes. */
final class Changes {
    static final byte[] GONE = {};

    private final Map<Family, TreeMap<byte[], byte[]>> families = new EnumMap<>(Family.class);
    private final List<Cut> cuts = new ArrayList<>();
    private List<Birth> births = List.of();
    private long growth;

    /** Every row in [from, to) of a family goes. */
    record Cut(Family family, byte[] from, byte[] to) {}

    /**
     * A key of CUR that came to be, or is no more.
     *
     * @param delta 1 or -1
     */
    record Birth(byte[] key, int delta) {}

    TreeMap<byte[], byte[]> of(Family family) {
        return families.computeIfAbsent(family, f -> new TreeMap<>(Arrays::compareUnsigned));
    }

    byte @Nullable [] get(Family family, byte[] key) {
        TreeMap<byte[], byte[]> rows = families.get(family);
        return rows == null ? null : rows.get(key);
    }

    void cut(Family family, byte[] from, byte[] to) {
        cuts.add(new Cut(family, from, to));
    }

    List<Cut> cuts() {
        return cuts;
    }

    /** Says which keys of CUR come to be and which go, in key order: whoever changes CUR tells. */
    void births(List<Birth> all) {
        births = all;
    }

    List<Birth> births() {
        return births;
    }

    /** By how many bytes what is retained grows, or shrinks: rows of CUR and of LOG. */
    void grow(long bytes) {
        growth += bytes;
    }

    long growth() {
        return growth;
    }

    boolean isEmpty() {
        return cuts.isEmpty() && families.values().stream().allMatch(TreeMap::isEmpty);
    }
}
