package dev.kemudi.workloads;

import java.util.BitSet;
import java.util.StringJoiner;

/** The completed indexes of an indexed Job, as its status writes them: {@code 0-2,5}. */
final class Indexes {
    private Indexes() {}

    static BitSet parse(String text) {
        BitSet set = new BitSet();
        for (String part : text.split(",")) {
            if (part.isEmpty()) {
                continue;
            }
            String[] ends = part.split("-", 2);
            set.set(Integer.parseInt(ends[0]), Integer.parseInt(ends[ends.length - 1]) + 1);
        }
        return set;
    }

    static String format(BitSet set) {
        StringJoiner text = new StringJoiner(",");
        for (int from = set.nextSetBit(0); from >= 0; ) {
            int end = set.nextClearBit(from);
            text.add(end == from + 1 ? Integer.toString(from) : from + "-" + (end - 1));
            from = set.nextSetBit(end);
        }
        return text.toString();
    }
}
