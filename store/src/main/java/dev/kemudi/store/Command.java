package dev.kemudi.store;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** What travels through the log. The first byte is the encoding's version, the second the kind. */
sealed interface Command {
    record Apply(Op op) implements Command {}

    record Compact(long revision) implements Command {}

    record LeaseGrant(long id, long ttlSeconds) implements Command {}

    record LeaseRevoke(long id) implements Command {}

    record Change(AreaChange change) implements Command {}

    /** {@code op}, if the area is still at {@code revision}. */
    record Guarded(String area, long revision, Op op) implements Command {}

    /**
     * A lease ran out by the count of the leader of {@code term}. Under any other term it is
     * refused: whoever leads then has given the lease its whole time again.
     */
    record LeaseExpire(long id, long term) implements Command {}

    int VERSION = 1;

    default byte[] encode() {
        ByteWriter out = new ByteWriter(sizeGuess()).u8(VERSION);
        switch (this) {
            case Apply apply -> Codec.write(out.u8(1), apply.op);
            case Compact compact -> out.u8(2).number(compact.revision);
            case LeaseGrant grant -> out.u8(3).number(grant.id).number(grant.ttlSeconds);
            case LeaseRevoke revoke -> out.u8(4).number(revoke.id);
            case Change change -> Codec.write(out.u8(5), change.change);
            case Guarded guarded -> {
                out.u8(6).bytes(Bytes.utf8(guarded.area)).number(guarded.revision);
                Codec.write(out, guarded.op);
            }
            case LeaseExpire expire -> out.u8(7).number(expire.id).number(expire.term);
        }
        return out.done();
    }

    /** Exact for what there is most of. */
    private int sizeGuess() {
        return switch (this) {
            case Apply(Op.Put put) -> 2 + Codec.sizeOf(put);
            case Guarded(String area, long revision, Op.Put put) ->
                    2
                            + ByteWriter.sizeOf(Bytes.utf8(area))
                            + ByteWriter.sizeOf(revision)
                            + Codec.sizeOf(put);
            default -> ByteWriter.SMALL;
        };
    }

    /**
     * @throws ByteReader.MalformedException when {@code bytes} are not one whole command
     */
    static Command decode(byte[] bytes) {
        ByteReader in = new ByteReader(bytes);
        int version = in.u8();
        if (version != VERSION) {
            throw new ByteReader.MalformedException(
                    "command version " + version + ", this reads " + VERSION);
        }
        int kind = in.u8();
        Command command =
                switch (kind) {
                    case 1 -> new Apply(Codec.op(in, Codec.DEPTH_MAX));
                    case 2 -> new Compact(in.number());
                    case 3 -> new LeaseGrant(in.number(), in.number());
                    case 4 -> new LeaseRevoke(in.number());
                    case 5 -> new Change(Codec.change(in));
                    case 6 ->
                            new Guarded(
                                    in.bytes().toString(),
                                    in.number(),
                                    Codec.op(in, Codec.DEPTH_MAX));
                    case 7 -> new LeaseExpire(in.number(), in.number());
                    default ->
                            throw new ByteReader.MalformedException(
                                    "command kind " + kind + " is unknown");
                };
        in.end();
        return command;
    }

    /** Operations as bytes. */
    final class Codec {
        /** Nested transactions deeper than etcd's operation budget allows are never written. */
        static final int DEPTH_MAX = 129;

        private static final List<Op.Target> TARGETS = List.of(Op.Target.values());
        private static final List<Op.Relation> RELATIONS = List.of(Op.Relation.values());

        private Codec() {}

        static int sizeOf(Op.Put put) {
            return 4
                    + ByteWriter.sizeOf(put.key())
                    + ByteWriter.sizeOf(put.value())
                    + ByteWriter.sizeOf(put.lease());
        }

        static void write(ByteWriter out, Op op) {
            switch (op) {
                case Op.Range range -> {
                    range(out.u8(1), range.range());
                    out.number(range.revision()).number(range.limit());
                    out.flag(range.keysOnly()).flag(range.countOnly());
                }
                case Op.Put put -> {
                    out.u8(2).bytes(put.key()).bytes(put.value()).number(put.lease());
                    out.flag(put.prevKv()).flag(put.ignoreValue()).flag(put.ignoreLease());
                }
                case Op.Delete delete -> {
                    range(out.u8(3), delete.range());
                    out.flag(delete.prevKv());
                }
                case Op.Txn txn -> {
                    out.u8(4).number(txn.compares().size());
                    txn.compares().forEach(compare -> compare(out, compare));
                    out.number(txn.success().size());
                    txn.success().forEach(inner -> write(out, inner));
                    out.number(txn.failure().size());
                    txn.failure().forEach(inner -> write(out, inner));
                }
            }
        }

        static void write(ByteWriter out, AreaChange change) {
            out.bytes(Bytes.utf8(change.area())).number(change.expectedRevision());
            out.number(change.rows().size());
            new TreeMap<>(change.rows())
                    .forEach((key, value) -> {
                        out.bytes(key).flag(value.isPresent());
                        value.ifPresent(out::bytes);
                    });
        }

        static AreaChange change(ByteReader in) {
            String area = in.bytes().toString();
            long expected = in.number();
            int count = in.count();
            Map<Bytes, Optional<Bytes>> rows = new TreeMap<>();
            for (int i = 0; i < count; i++) {
                rows.put(in.bytes(), in.flag() ? Optional.of(in.bytes()) : Optional.empty());
            }
            return new AreaChange(area, expected, rows);
        }

        private static void range(ByteWriter out, KeyRange range) {
            out.bytes(range.key()).bytes(range.end());
        }

        private static void compare(ByteWriter out, Op.Compare compare) {
            range(out, compare.range());
            out.u8(compare.target().ordinal()).u8(compare.relation().ordinal());
            out.number(compare.number()).bytes(compare.value());
        }

        static Op op(ByteReader in, int depthLeft) {
            if (depthLeft == 0) {
                throw new ByteReader.MalformedException(
                        "transactions nested deeper than " + DEPTH_MAX);
            }
            int kind = in.u8();
            return switch (kind) {
                case 1 -> new Op.Range(range(in), in.number(), in.number(), in.flag(), in.flag());
                case 2 ->
                        new Op.Put(
                                in.bytes(),
                                in.bytes(),
                                in.number(),
                                in.flag(),
                                in.flag(),
                                in.flag());
                case 3 -> new Op.Delete(range(in), in.flag());
                case 4 -> {
                    int compares = in.count();
                    List<Op.Compare> conditions = new ArrayList<>(compares);
                    for (int i = 0; i < compares; i++) {
                        conditions.add(compare(in));
                    }
                    yield new Op.Txn(conditions, ops(in, depthLeft), ops(in, depthLeft));
                }
                default ->
                        throw new ByteReader.MalformedException(
                                "operation kind " + kind + " is unknown");
            };
        }

        private static List<Op> ops(ByteReader in, int depthLeft) {
            int count = in.count();
            List<Op> ops = new ArrayList<>(count);
            for (int i = 0; i < count; i++) {
                ops.add(op(in, depthLeft - 1));
            }
            return ops;
        }

        private static KeyRange range(ByteReader in) {
            return new KeyRange(in.bytes(), in.bytes());
        }

        private static Op.Compare compare(ByteReader in) {
            return new Op.Compare(
                    range(in), pick(TARGETS, in), pick(RELATIONS, in), in.number(), in.bytes());
        }

        private static <E> E pick(List<E> all, ByteReader in) {
            int ordinal = in.u8();
            if (ordinal >= all.size()) {
                throw new ByteReader.MalformedException("choice " + ordinal + " of " + all);
            }
            return all.get(ordinal);
        }
    }
}
