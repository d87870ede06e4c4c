package dev.kemudi.etcd;

import dev.kemudi.etcd.proto.Permission;
import dev.kemudi.store.Bytes;
import dev.kemudi.store.KeyRange;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * What the roles of one user add up to: for reading and for writing each, key ranges in order that
 * neither touch nor overlap. A range is permitted when one of them holds it whole, so ranges that
 * several roles grant piece by piece count as one, as in etcd.
 */
final class Permissions {
    private final List<Span> reads;
    private final List<Span> writes;

    /** Keys in [from, to); an empty {@code to} is no end. */
    private record Span(Bytes from, Bytes to) {
        static Span of(KeyRange range) {
            if (range.isSingle()) {
                byte[] key = range.key().array();
                return new Span(range.key(), Bytes.of(Arrays.copyOf(key, key.length + 1)));
            }
            return new Span(range.key(), range.isOpenEnded() ? Bytes.EMPTY : range.end());
        }

        boolean endless() {
            return to.isEmpty();
        }

        boolean reaches(Bytes key) {
            return endless() || to.compareTo(key) >= 0;
        }

        boolean holds(Span other) {
            return from.compareTo(other.from) <= 0
                    && (endless() || !other.endless() && reaches(other.to));
        }

        boolean isEmpty() {
            return !endless() && from.compareTo(to) >= 0;
        }

        Span joined(Span next) {
            return next.endless() || !reaches(next.to) ? new Span(from, next.to) : this;
        }
    }

    Permissions(List<Permission> granted) {
        reads = merged(granted, Permission.Type.WRITE);
        writes = merged(granted, Permission.Type.READ);
    }

    private static List<Span> merged(List<Permission> granted, Permission.Type without) {
        List<Span> spans = new ArrayList<>();
        for (Permission permission : granted) {
            Span span = Span.of(Wire.range(permission.getKey(), permission.getRangeEnd()));
            if (permission.getPermType() != without && !span.isEmpty()) {
                spans.add(span);
            }
        }
        spans.sort(Comparator.comparing(Span::from));
        List<Span> merged = new ArrayList<>();
        for (Span span : spans) {
            if (!merged.isEmpty() && merged.getLast().reaches(span.from())) {
                merged.add(merged.removeLast().joined(span));
            } else {
                merged.add(span);
            }
        }
        return List.copyOf(merged);
    }

    boolean mayRead(KeyRange range) {
        return holds(reads, Span.of(range));
    }

    boolean mayWrite(KeyRange range) {
        return holds(writes, Span.of(range));
    }

    private static boolean holds(List<Span> spans, Span asked) {
        int low = 0;
        int high = spans.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (spans.get(middle).from().compareTo(asked.from()) <= 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low > 0 && spans.get(low - 1).holds(asked);
    }
}
