package dev.kemudi.conformance;

import java.util.Locale;
import java.util.Random;

/** The requests of the table. One thread uses them. */
final class LoadKinds {
    static final int VALUE_BYTES = 256;
    static final int BATCH = 100;
    private static final int VALUES = 64;
    private static final int NOISE_BYTES = 1 << 20;

    private final byte[][] values = new byte[VALUES][];
    private final byte[] noise = new byte[NOISE_BYTES];
    private final Random random = new Random(42);

    LoadKinds() {
        // Half of each value compresses, as JSON's does.
        for (int i = 0; i < VALUES; i++) {
            byte[] value = new byte[VALUE_BYTES];
            random.nextBytes(value);
            java.util.Arrays.fill(value, 0, VALUE_BYTES / 2, (byte) 'v');
            values[i] = value;
        }
        random.nextBytes(noise);
    }

    byte[] value() {
        return values[random.nextInt(VALUES)];
    }

    static byte[] key(String prefix, long number) {
        return LoadMessage.utf8(String.format(Locale.ROOT, "%s%08d", prefix, number));
    }

    private static byte[][] keys(String prefix, int count) {
        byte[][] keys = new byte[count][];
        for (int i = 0; i < count; i++) {
            keys[i] = key(prefix, i);
        }
        return keys;
    }

    static void put(LoadMessage out, byte[] key, byte[] value) {
        out.bytes(1, key).bytes(2, value);
    }

    LoadLoop.Workload puts(String prefix, int count) {
        byte[][] keys = keys(prefix, count);
        return new LoadLoop.Workload() {
            @Override
            public String path() {
                return "/etcdserverpb.KV/Put";
            }

            @Override
            public void request(LoadMessage out, int worker) {
                put(out, keys[random.nextInt(count)], value());
            }

            @Override
            public boolean answer(byte[] bytes, int from, int size, int worker) {
                return LoadMessage.revision(bytes, from, size) > 0;
            }
        };
    }

    LoadLoop.Workload gets(String prefix, int count) {
        byte[][] keys = keys(prefix, count);
        return new LoadLoop.Workload() {
            @Override
            public String path() {
                return "/etcdserverpb.KV/Range";
            }

            @Override
            public void request(LoadMessage out, int worker) {
                out.bytes(1, keys[random.nextInt(count)]);
            }

            @Override
            public boolean answer(byte[] bytes, int from, int size, int worker) {
                return LoadMessage.count(bytes, from, size, 2) == 1;
            }
        };
    }

    /** The first 100 of all keys of a prefix, or only how many there are. */
    LoadLoop.Workload range(String prefix, int count, boolean countOnly) {
        byte[] from = LoadMessage.utf8(prefix);
        byte[] to = from.clone();
        to[to.length - 1]++;
        return new LoadLoop.Workload() {
            @Override
            public String path() {
                return "/etcdserverpb.KV/Range";
            }

            @Override
            public void request(LoadMessage out, int worker) {
                out.bytes(1, from).bytes(2, to);
                if (countOnly) {
                    out.number(9, 1);
                } else {
                    out.number(3, BATCH);
                }
            }

            @Override
            public boolean answer(byte[] bytes, int at, int size, int worker) {
                return LoadMessage.number(bytes, at, size, 4) == count
                        && (countOnly || LoadMessage.count(bytes, at, size, 2) == BATCH);
            }
        };
    }

    /** What an API server does to update: if it is as I last saw it, put; otherwise read it. */
    LoadLoop.Workload updates(String prefix, int workers) {
        byte[][] keys = keys(prefix, workers);
        long[] seen = new long[workers];
        return new LoadLoop.Workload() {
            private final LoadMessage inner = new LoadMessage();
            private final LoadMessage op = new LoadMessage();

            @Override
            public String path() {
                return "/etcdserverpb.KV/Txn";
            }

            @Override
            public void request(LoadMessage out, int worker) {
                byte[] key = keys[worker];
                inner.clear().number(2, 2).bytes(3, key).oneOf(6, seen[worker]);
                out.message(1, inner);
                put(inner.clear(), key, value());
                out.message(2, op.clear().message(2, inner));
                inner.clear().bytes(1, key);
                out.message(3, op.clear().message(1, inner));
            }

            @Override
            public boolean answer(byte[] bytes, int from, int size, int worker) {
                seen[worker] = LoadMessage.revision(bytes, from, size);
                return LoadMessage.number(bytes, from, size, 2) == 1 || seen[worker] == 0;
            }
        };
    }

    /** Transactions of a hundred puts each, for filling; {@code of} keys are written in turn. */
    LoadLoop.Workload fill(String prefix, int of, int valueBytes) {
        return new LoadLoop.Workload() {
            private final LoadMessage put = new LoadMessage();
            private final LoadMessage op = new LoadMessage();
            private final byte[] value = new byte[valueBytes];
            private long next;

            {
                java.util.Arrays.fill(value, (byte) 'v');
            }

            @Override
            public String path() {
                return "/etcdserverpb.KV/Txn";
            }

            @Override
            public void request(LoadMessage out, int worker) {
                for (int i = 0; i < BATCH; i++) {
                    // Half of it compresses here too, whatever its size.
                    int from = random.nextInt(NOISE_BYTES - valueBytes);
                    System.arraycopy(noise, from, value, 0, valueBytes / 2);
                    put(put.clear(), key(prefix, next++ % of), value);
                    out.message(2, op.clear().message(2, put));
                }
            }

            @Override
            public boolean answer(byte[] bytes, int from, int size, int worker) {
                return LoadMessage.number(bytes, from, size, 2) == 1;
            }
        };
    }
}
