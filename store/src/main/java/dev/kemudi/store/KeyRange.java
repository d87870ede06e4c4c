package dev.kemudi.store;

/**
 * A set of keys, after etcd's {@code key}/{@code range_end}.
 *
 * @param key first key
 * @param end empty: only {@code key}; {@code "\0"}: every key ≥ {@code key}; otherwise keys in
 *     [key, end)
 */
public record KeyRange(Bytes key, Bytes end) {
    static final Bytes NO_END = Bytes.of(new byte[] {0});

    public static KeyRange single(Bytes key) {
        return new KeyRange(key, Bytes.EMPTY);
    }

    public static KeyRange prefix(Bytes prefix) {
        return prefix.isEmpty()
                ? new KeyRange(NO_END, NO_END)
                : new KeyRange(prefix, prefix.prefixEnd());
    }

    public boolean isSingle() {
        return end.isEmpty();
    }

    public boolean isOpenEnded() {
        return end.equals(NO_END);
    }

    public boolean contains(Bytes other) {
        if (isSingle()) {
            return key.equals(other);
        }
        return key.compareTo(other) <= 0 && (isOpenEnded() || other.compareTo(end) < 0);
    }
}
