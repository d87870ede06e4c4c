package dev.kemudi.etcd;

import com.google.protobuf.ByteString;
import dev.kemudi.etcd.proto.Permission;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * What the roles of one user add up to: for reading and for writing each, key ranges in order that
 * neither touch nor overlap. A range is permitted when one of them holds it whole, so ranges that
 * several roles grant piece by piece count as one, as in etcd.
 */
final class Permissions {
    private static final ByteString NO_END = ByteString.copyFrom(new byte[] {0});
    private static final Comparator<ByteString> ORDER =
            ByteString.unsignedLexicographicalComparator();

    private final List<Span> reads;
    private final List<Span> writes;

    /** Keys in [from, to); an empty {@code to} is no end. */
    private record Span(ByteString from, ByteString to) {
        boolean endless() {
            return to.isEmpty();
        }

        boolean reaches(ByteString key) {
            return endless() || ORDER.compare(to, key) >= 0;
        }

        boolean holds(Span other) {
            return ORDER.compare(from, other.from) <= 0
                    && (endless() || !other.endless() && reaches(other.to));
        }

        boolean isEmpty() {
            return !endless() && ORDER.compare(from, to) >= 0;
        }
    }

    Permissions(List<Permission> granted) {
        reads = merged(granted, Permission.Type.WRITE);
        writes = merged(granted, Permission.Type.READ);
    }

    private static Span span(ByteString key, ByteString end) {
        if (end.isEmpty()) {
            return new Span(key, key.concat(NO_END));
        }
        return new Span(key, end.equals(NO_END) ? ByteString.EMPTY : end);
    }

    private static List<Span> merged(List<Permission> granted, Permission.Type without) {
        List<Span> spans = new ArrayList<>();
        for (Permission permission : granted) {
            Span span = span(permission.getKey(), permission.getRangeEnd());
            if (permission.getPermType() != without && !span.isEmpty()) {
                spans.add(span);
            }
        }
        spans.sort(Comparator.comparing(Span::from, ORDER));
        List<Span> merged = new ArrayList<>();
        for (Span span : spans) {
            Span last = merged.isEmpty() ? null : merged.getLast();
            if (last != null && last.reaches(span.from())) {
                merged.set(merged.size() - 1, joined(last, span));
            } else {
                merged.add(span);
            }
        }
        return List.copyOf(merged);
    }

    private static Span joined(Span first, Span second) {
        return second.endless() || !first.reaches(second.to())
                ? new Span(first.from(), second.to())
                : first;
    }

    boolean mayRead(ByteString key, ByteString end) {
        return holds(reads, span(key, end));
    }

    boolean mayWrite(ByteString key, ByteString end) {
        return holds(writes, span(key, end));
    }

    private static boolean holds(List<Span> spans, Span asked) {
        int low = 0;
        int high = spans.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (ORDER.compare(spans.get(middle).from(), asked.from()) <= 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low > 0 && spans.get(low - 1).holds(asked);
    }
}
