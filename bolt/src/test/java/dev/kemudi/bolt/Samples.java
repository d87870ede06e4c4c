package dev.kemudi.bolt;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;

/** Databases made from a seed, and what they hold. */
final class Samples {
    static final Limits LIMITS = Limits.defaults();

    private Samples() {}

    static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static SortedMap<byte[], byte[]> bytesMap() {
        return new TreeMap<>(Arrays::compareUnsigned);
    }

    static SortedMap<byte[], byte[]> pairs(Random random, int count, int keyMax, int valueMax) {
        SortedMap<byte[], byte[]> pairs = bytesMap();
        for (int i = 0; i < count; i++) {
            byte[] key = new byte[1 + random.nextInt(keyMax)];
            byte[] value = new byte[random.nextInt(valueMax + 1)];
            random.nextBytes(key);
            random.nextBytes(value);
            pairs.put(key, value);
        }
        return pairs;
    }

    /** Buckets of every shape: none, one page within its parent, one page, trees, overflow. */
    static Map<String, SortedMap<byte[], byte[]>> everyShape(Random random) {
        Map<String, SortedMap<byte[], byte[]>> buckets = new TreeMap<>();
        buckets.put("empty", bytesMap());
        buckets.put("inline", pairs(random, 5, 8, 20));
        buckets.put("leaf", pairs(random, 30, 20, 60));
        buckets.put("tree", pairs(random, 3_000, 40, 100));
        buckets.put("deep", pairs(random, 150, 3_000, 10));
        buckets.put("large", pairs(random, 10, 10, 50_000));
        return buckets;
    }

    static void write(Path file, Map<String, SortedMap<byte[], byte[]>> buckets, int pageSize)
            throws IOException {
        try (BoltWriter writer = BoltWriter.create(file, LIMITS, pageSize)) {
            for (Map.Entry<String, SortedMap<byte[], byte[]>> bucket : buckets.entrySet()) {
                BucketWriter to = writer.bucket(bucket.getKey());
                for (Map.Entry<byte[], byte[]> pair : bucket.getValue().entrySet()) {
                    to.put(pair.getKey(), pair.getValue());
                }
            }
            writer.finish();
        }
    }

    /** All pairs of a bucket, as text so that they compare. */
    static SortedMap<byte[], byte[]> read(BoltReader reader, String bucket) throws IOException {
        SortedMap<byte[], byte[]> found = bytesMap();
        BoltCursor cursor = reader.cursor(bucket);
        while (cursor.next()) {
            found.put(cursor.key(), cursor.value());
        }
        return found;
    }
}
