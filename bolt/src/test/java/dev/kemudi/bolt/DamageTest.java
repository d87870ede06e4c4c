package dev.kemudi.bolt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A damaged file is read to its end or refused with a {@link BoltException}: nothing else. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DamageTest {
    private static final int ROUNDS = Integer.getInteger("kemudi.bolt.rounds", 12_000);
    private static final long SEED = Long.getLong("kemudi.seed", 20_261_122L);

    @TempDir Path directory;

    @Test
    void randomDamageEndsInItsExceptionOrInPairs() throws IOException {
        Random random = new Random(SEED);
        Map<String, SortedMap<byte[], byte[]>> buckets = new TreeMap<>();
        buckets.put("inline", Samples.pairs(random, 5, 8, 20));
        buckets.put("tree", Samples.pairs(random, 600, 60, 60));
        buckets.put("large", Samples.pairs(random, 3, 10, 9_000));
        Path file = directory.resolve("db");
        Samples.write(file, buckets, 512);
        int refused = damage(file, random, () -> readAll(file));
        assertThat(refused).isGreaterThan(ROUNDS / 10);
    }

    @Test
    void randomDamageOfASnapshotEndsInItsExceptionOrInRecords() throws IOException {
        Path file = directory.resolve("snapshot");
        try (EtcdSnapshotWriter writer = EtcdSnapshotWriter.create(file, Samples.LIMITS)) {
            EtcdSamples.write(writer, 300);
            writer.finish(EtcdHead.of(9, 2, 3).withAuth(true, 4).withClusterVersion("3.5.0"));
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(channel.size() - Digest.BYTES);
        }
        int refused = damage(file, new Random(SEED), () -> EtcdSamples.readAll(file));
        assertThat(refused).isGreaterThan(ROUNDS / 10);
    }

    private interface Reading {
        void run() throws IOException;
    }

    /** Damages, reads, mends, over and over; answers how often the damage was noticed. */
    private int damage(Path file, Random random, Reading reading) throws IOException {
        byte[] whole = Files.readAllBytes(file);
        int refused = 0;
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            for (int round = 0; round < ROUNDS; round++) {
                int spots = 1 + random.nextInt(3);
                int[] at = new int[spots];
                for (int i = 0; i < spots; i++) {
                    at[i] = place(random, whole.length);
                    byte[] junk = new byte[1 + random.nextInt(8)];
                    random.nextBytes(junk);
                    if (random.nextBoolean()) {
                        junk = new byte[] {(byte) (whole[at[i]] ^ 1 << random.nextInt(8))};
                    }
                    channel.write(ByteBuffer.wrap(junk), at[i]);
                }
                try {
                    reading.run();
                } catch (BoltException e) {
                    refused++;
                }
                channel.write(ByteBuffer.wrap(whole), 0);
                channel.truncate(whole.length);
            }
        }
        return refused;
    }

    /** Anywhere, but twice as often in the first bytes of a page, where its structure is. */
    private static int place(Random random, int length) {
        return random.nextInt(3) == 0
                ? random.nextInt(length - 8)
                : random.nextInt(length / 512) * 512 + random.nextInt(80);
    }

    private static void readAll(Path file) throws IOException {
        try (BoltReader reader = BoltReader.open(file, Samples.LIMITS)) {
            for (String bucket : reader.buckets()) {
                Samples.read(reader, bucket);
                BoltCursor cursor = reader.cursor(bucket);
                cursor.seekLast();
                cursor.next();
                cursor.seek(new byte[] {42});
                cursor.next();
            }
        }
    }

    @Test
    void pagesThatLeadInACircleAreNoticed() throws IOException {
        Path file = directory.resolve("db");
        // A branch of one child that is itself a branch which leads back.
        Files.write(file, treeOf(4));
        assertThatThrownBy(() -> BoltReader.open(file, Samples.LIMITS))
                .isInstanceOf(BoltException.class)
                .hasMessageContaining("expected a tree of at most 32 levels, found a deeper one");
    }

    @Test
    void aBranchThatLeadsToItselfIsNoticed() throws IOException {
        Path file = directory.resolve("db");
        Files.write(file, treeOf(3));
        assertThatThrownBy(() -> BoltReader.open(file, Samples.LIMITS))
                .hasMessage("page 3: expected another page at element 0, found the page itself");
    }

    /** Metas, a freelist, and two branches of one child each; the root is page 3. */
    private static byte[] treeOf(int rootChild) {
        byte[] bytes = new byte[5 * 512];
        for (int i = 0; i < 2; i++) {
            byte[] meta = new Meta(512, 3, 2, 5, 2 - i).page(i);
            System.arraycopy(meta, 0, bytes, i * 512, 512);
        }
        Format.putHeader(bytes, 2 * 512, 2, Format.FREELIST, 0, 0);
        branch(bytes, 3, rootChild);
        branch(bytes, 4, 3);
        return bytes;
    }

    private static void branch(byte[] bytes, int page, int child) {
        int at = page * 512;
        Format.putHeader(bytes, at, page, Format.BRANCH, 1, 0);
        Format.INT.set(bytes, at + 16, 16);
        Format.INT.set(bytes, at + 20, 1);
        Format.LONG.set(bytes, at + 24, (long) child);
        bytes[at + 32] = 'k';
    }

    @Test
    void aPageReachedTwiceIsNoticedByItsKeys() throws IOException {
        Path file = directory.resolve("db");
        Samples.write(file, Map.of("b", Samples.pairs(new Random(1), 400, 9, 30)), 512);
        byte[] bytes = Files.readAllBytes(file);
        int branches = 0;
        for (int page = 3; page < bytes.length / 512; page++) {
            int at = page * 512;
            if ((short) Format.SHORT.get(bytes, at + 8) == Format.BRANCH) {
                // The second child becomes the first one again.
                Format.LONG.set(bytes, at + 40, Format.getLong(bytes, at + 24));
                branches++;
            }
        }
        assertThat(branches).isPositive();
        Files.write(file, bytes);
        assertThatThrownBy(() -> readAll(file))
                .isInstanceOf(BoltException.class)
                .hasMessageContaining("expected keys from");
    }
}
