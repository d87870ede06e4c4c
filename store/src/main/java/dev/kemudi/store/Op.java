package dev.kemudi.store;

import java.util.List;

/** One operation; those of one transaction happen at one revision, in order. */
public sealed interface Op {
    /**
     * Reads keys in key order.
     *
     * @param revision 0 for the newest
     * @param limit 0 for no limit
     * @param countOnly answer only how many keys there are
     */
    record Range(KeyRange range, long revision, long limit, boolean keysOnly, boolean countOnly)
            implements Op {
        public static Range of(KeyRange range) {
            return new Range(range, 0, 0, false, false);
        }
    }

    /**
     * Writes one key.
     *
     * @param ignoreValue keep the value (the key must exist)
     * @param ignoreLease keep the lease (the key must exist)
     */
    record Put(
            Bytes key,
            Bytes value,
            long lease,
            boolean prevKv,
            boolean ignoreValue,
            boolean ignoreLease)
            implements Op {
        public static Put of(Bytes key, Bytes value) {
            return new Put(key, value, 0, false, false, false);
        }
    }

    record Delete(KeyRange range, boolean prevKv) implements Op {}

    /** If every compare holds then {@code success}, otherwise {@code failure}. May be nested. */
    record Txn(List<Compare> compares, List<Op> success, List<Op> failure) implements Op {}

    /**
     * One condition; with a range it must hold for every key in it.
     *
     * @param number what to compare with, for all targets but VALUE
     * @param value what to compare with, for target VALUE
     */
    record Compare(KeyRange range, Target target, Relation relation, long number, Bytes value) {
        /** The key was last put at {@code modRevision}; 0: it does not exist. */
        public static Compare modRevisionIs(Bytes key, long modRevision) {
            return new Compare(
                    KeyRange.single(key), Target.MOD, Relation.EQUAL, modRevision, Bytes.EMPTY);
        }
    }

    /** What a compare looks at. */
    enum Target {
        VERSION,
        CREATE,
        MOD,
        VALUE,
        LEASE
    }

    /** How a compare compares. */
    enum Relation {
        EQUAL,
        GREATER,
        LESS,
        NOT_EQUAL
    }
}
