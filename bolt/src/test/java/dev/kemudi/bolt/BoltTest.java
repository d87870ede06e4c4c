package dev.kemudi.bolt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.SortedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BoltTest {
    @TempDir Path directory;

    @ParameterizedTest
    @ValueSource(ints = {512, 4_096, 16_384, 65_536})
    void whatIsWrittenIsReadWhateverThePageSize(int pageSize) throws IOException {
        Map<String, SortedMap<byte[], byte[]>> buckets = Samples.everyShape(new Random(pageSize));
        Path file = directory.resolve("db");
        Samples.write(file, buckets, pageSize);
        try (BoltReader reader = BoltReader.open(file, Samples.LIMITS)) {
            assertThat(reader.pageSizeBytes()).isEqualTo(pageSize);
            assertThat(reader.bytes()).isEqualTo(Files.size(file));
            assertThat(reader.buckets()).containsExactlyElementsOf(buckets.keySet());
            for (String bucket : buckets.keySet()) {
                assertSame(Samples.read(reader, bucket), buckets.get(bucket));
            }
        }
    }

    private static void assertSame(
            SortedMap<byte[], byte[]> found, SortedMap<byte[], byte[]> expected) {
        assertThat(found).hasSameSizeAs(expected);
        expected.forEach((key, value) -> assertThat(found.get(key)).isEqualTo(value));
    }

    @Test
    void everyKeyIsFoundAndWhatLiesBetweenIsNot() throws IOException {
        Map<String, SortedMap<byte[], byte[]>> buckets = Samples.everyShape(new Random(3));
        Path file = directory.resolve("db");
        Samples.write(file, buckets, BoltWriter.PAGE_SIZE);
        try (BoltReader reader = BoltReader.open(file, Samples.LIMITS)) {
            for (String bucket : buckets.keySet()) {
                for (Map.Entry<byte[], byte[]> pair : buckets.get(bucket).entrySet()) {
                    assertThat(reader.get(bucket, pair.getKey())).contains(pair.getValue());
                    byte[] after = java.util.Arrays.copyOf(pair.getKey(), pair.getKey().length + 1);
                    assertThat(reader.get(bucket, after).isPresent())
                            .isEqualTo(buckets.get(bucket).containsKey(after));
                }
            }
            assertThat(reader.get("none", new byte[] {1})).isEmpty();
        }
    }

    @Test
    void aCursorGoesOnFromWhereItWasSent() throws IOException {
        SortedMap<byte[], byte[]> pairs = Samples.pairs(new Random(4), 2_000, 20, 50);
        Path file = directory.resolve("db");
        Samples.write(file, Map.of("b", pairs), BoltWriter.PAGE_SIZE);
        Random random = new Random(5);
        try (BoltReader reader = BoltReader.open(file, Samples.LIMITS)) {
            BoltCursor cursor = reader.cursor("b");
            for (int i = 0; i < 500; i++) {
                byte[] target = new byte[1 + random.nextInt(5)];
                random.nextBytes(target);
                List<byte[]> expected = pairs.tailMap(target).keySet().stream().limit(100).toList();
                cursor.seek(target);
                for (byte[] key : expected) {
                    assertThat(cursor.next()).isTrue();
                    assertThat(cursor.key()).isEqualTo(key);
                }
            }
            cursor.seekLast();
            assertThat(cursor.next()).isTrue();
            assertThat(cursor.key()).isEqualTo(pairs.lastKey());
            assertThat(cursor.next()).isFalse();
        }
    }

    @Test
    void bucketsAreFilledSideBySide() throws IOException {
        Path file = directory.resolve("db");
        try (BoltWriter writer = BoltWriter.create(file, Samples.LIMITS)) {
            for (int i = 0; i < 20_000; i++) {
                writer.bucket("b" + i % 3).put(BigEndian.of(i), new byte[i % 50]);
            }
            writer.finish();
        }
        try (BoltReader reader = BoltReader.open(file, Samples.LIMITS)) {
            for (int bucket = 0; bucket < 3; bucket++) {
                BoltCursor cursor = reader.cursor("b" + bucket);
                for (int i = bucket; i < 20_000; i += 3) {
                    assertThat(cursor.next()).isTrue();
                    assertThat(BigEndian.get(cursor.key(), 0)).isEqualTo(i);
                    assertThat(cursor.value()).hasSize(i % 50);
                }
                assertThat(cursor.next()).isFalse();
            }
        }
    }

    @Test
    void keysOutOfOrderAndLengthsBeyondTheLimitsAreRefused() throws IOException {
        try (BoltWriter writer = BoltWriter.create(directory.resolve("db"), Samples.LIMITS)) {
            BucketWriter bucket = writer.bucket("b");
            bucket.put(new byte[] {(byte) 0x80}, new byte[0]);
            assertThatThrownBy(() -> bucket.put(new byte[] {0x7f}, new byte[0]))
                    .hasMessage("bucket b: expected a key above 80, found 7f");
            assertThatThrownBy(() -> bucket.put(new byte[] {(byte) 0x80}, new byte[0]))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> bucket.put(new byte[0], new byte[0]))
                    .hasMessage("bucket b: expected a key of 1 to 32768 bytes, found 0");
            assertThatThrownBy(() -> bucket.put(new byte[32_769], new byte[0]))
                    .isInstanceOf(IllegalArgumentException.class);
            bucket.put(new byte[] {(byte) 0x81}, new byte[0]);
        }
    }

    @Test
    void aWriterThatIsClosedBeforeItsEndLeavesNothing() throws IOException {
        Path file = directory.resolve("db");
        try (BoltWriter writer = BoltWriter.create(file, Samples.LIMITS)) {
            writer.bucket("b").put(new byte[] {1}, new byte[10_000]);
        }
        assertThat(file).doesNotExist();
    }

    @Test
    void oneDamagedMetaIsSurvivedAndTwoAreNot() throws IOException {
        for (int pageSize : new int[] {512, 4_096, 65_536}) {
            Map<String, SortedMap<byte[], byte[]>> buckets = Samples.everyShape(new Random(6));
            Path file = directory.resolve("db" + pageSize);
            Samples.write(file, buckets, pageSize);
            byte[] whole = Files.readAllBytes(file);
            for (int damaged = 0; damaged < 2; damaged++) {
                byte[] bytes = whole.clone();
                bytes[damaged * pageSize + 40] ^= 1;
                Files.write(file, bytes);
                try (BoltReader reader = BoltReader.open(file, Samples.LIMITS)) {
                    assertSame(
                            Samples.read(reader, "tree"),
                            Objects.requireNonNull(buckets.get("tree")));
                }
            }
            byte[] bytes = whole.clone();
            bytes[40] ^= 1;
            bytes[pageSize + 40] ^= 1;
            Files.write(file, bytes);
            assertThatThrownBy(() -> BoltReader.open(file, Samples.LIMITS))
                    .isInstanceOf(BoltException.class)
                    .hasMessageContaining("page 0: expected the meta's checksum");
        }
    }

    @Test
    void theMetaOfTheLaterTransactionCounts() throws IOException {
        Path file = directory.resolve("db");
        Samples.write(file, Map.of("b", Samples.pairs(new Random(7), 10, 9, 9)), 4_096);
        byte[] bytes = Files.readAllBytes(file);
        Meta meta = Meta.read(1, bytes, 4_096 + 16, 65_536);
        Meta later = new Meta(4_096, 77, meta.freelist(), meta.pages(), 3);
        System.arraycopy(later.page(1), 0, bytes, 4_096, 4_096);
        Files.write(file, bytes);
        assertThatThrownBy(() -> BoltReader.open(file, Samples.LIMITS))
                .isInstanceOf(BoltException.class)
                .hasMessageStartingWith("page 77: ");
    }

    @Test
    void aFileThatWasCutIsRefused() throws IOException {
        Path file = directory.resolve("db");
        Samples.write(file, Samples.everyShape(new Random(8)), 4_096);
        long whole = Files.size(file);
        for (long length : new long[] {whole - 1, whole / 2, 8_192, 4_096, 79, 0}) {
            try (RandomAccessFile access = new RandomAccessFile(file.toFile(), "rw")) {
                access.setLength(length);
            }
            assertThatThrownBy(() -> BoltReader.open(file, Samples.LIMITS))
                    .isInstanceOf(BoltException.class)
                    .hasMessageContaining("expected")
                    .hasMessageContaining("found");
        }
    }
}
