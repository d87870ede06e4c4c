package dev.kemudi.etcd;

import dev.kemudi.etcd.proto.RangeRequest;
import dev.kemudi.etcd.proto.RangeResponse;
import dev.kemudi.etcd.proto.ResponseHeader;
import dev.kemudi.store.Answer;
import dev.kemudi.store.KeyValue;
import dev.kemudi.store.Op;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * etcd's range: sorting and the filters by revision happen here, upon what the store reads in key
 * order.
 */
final class Ranges {
    private Ranges() {}

    static Op.Range op(RangeRequest request) {
        if (request.getSortOrder() == RangeRequest.SortOrder.UNRECOGNIZED
                || request.getSortTarget() == RangeRequest.SortTarget.UNRECOGNIZED) {
            throw Errors.INVALID_SORT.asRuntimeException();
        }
        boolean whole = readsWhole(request);
        // Sorting by value needs the values even when only keys are asked for.
        boolean keysOnly = request.getKeysOnly() && !whole;
        return new Op.Range(
                Wire.range(request.getKey(), request.getRangeEnd()),
                request.getRevision(),
                whole ? 0 : request.getLimit(),
                keysOnly,
                request.getCountOnly());
    }

    /** Whether every key of the range must be read, whatever the limit. */
    static boolean readsWhole(RangeRequest request) {
        return sorted(request) || filtered(request);
    }

    static RangeResponse answer(ResponseHeader header, RangeRequest request, Answer.Ranged ranged) {
        List<KeyValue> kvs = ranged.kvs();
        boolean more = ranged.more();
        if (!request.getCountOnly() && readsWhole(request)) {
            kvs = kvs.stream().filter(kv -> passes(request, kv)).toList();
            if (sorted(request)) {
                kvs = new ArrayList<>(kvs);
                kvs.sort(order(request));
            }
            more = request.getLimit() > 0 && kvs.size() > request.getLimit();
            if (more) {
                kvs = kvs.subList(0, Math.toIntExact(request.getLimit()));
            }
            if (request.getKeysOnly()) {
                kvs = kvs.stream().map(Ranges::withoutValue).toList();
            }
        }
        return Wire.ranged(header, kvs, more, ranged.count()).build();
    }

    private static KeyValue withoutValue(KeyValue kv) {
        return new KeyValue(
                kv.key(),
                kv.createRevision(),
                kv.modRevision(),
                kv.version(),
                dev.kemudi.store.Bytes.EMPTY,
                kv.lease());
    }

    /** Keys ascend by themselves. */
    private static boolean sorted(RangeRequest request) {
        return request.getSortTarget() != RangeRequest.SortTarget.KEY
                || request.getSortOrder() == RangeRequest.SortOrder.DESCEND;
    }

    private static boolean filtered(RangeRequest request) {
        return request.getMinModRevision() != 0
                || request.getMaxModRevision() != 0
                || request.getMinCreateRevision() != 0
                || request.getMaxCreateRevision() != 0;
    }

    private static boolean passes(RangeRequest request, KeyValue kv) {
        return within(kv.modRevision(), request.getMinModRevision(), request.getMaxModRevision())
                && within(
                        kv.createRevision(),
                        request.getMinCreateRevision(),
                        request.getMaxCreateRevision());
    }

    private static boolean within(long revision, long min, long max) {
        return (min == 0 || revision >= min) && (max == 0 || revision <= max);
    }

    private static Comparator<KeyValue> order(RangeRequest request) {
        Comparator<KeyValue> order =
                switch (request.getSortTarget()) {
                    case KEY, UNRECOGNIZED -> Comparator.comparing(KeyValue::key);
                    case VERSION -> Comparator.comparingLong(KeyValue::version);
                    case CREATE -> Comparator.comparingLong(KeyValue::createRevision);
                    case MOD -> Comparator.comparingLong(KeyValue::modRevision);
                    case VALUE -> Comparator.comparing(KeyValue::value);
                };
        return request.getSortOrder() == RangeRequest.SortOrder.DESCEND ? order.reversed() : order;
    }
}
