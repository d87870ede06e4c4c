package dev.kemudi.bolt;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.zip.GZIPInputStream;

/**
 * Any bytes as a database or as a segment of etcd's write-ahead log: read to the end or refused
 * with a reason. The first byte chooses which. Run by {@code conformance/fuzz.sh}, which knows the
 * method by its name.
 */
public final class BoltFuzz {
    private static final Path DIRECTORY = directory();

    /** As much of a write-ahead log as a fuzzer likes to turn about. */
    private static final int WAL_BYTES = 6_000;

    private BoltFuzz() {}

    private static Path directory() {
        Path memory = Path.of("/dev/shm");
        try {
            Path made =
                    Files.isWritable(memory)
                            ? Files.createTempDirectory(memory, "bolt-fuzz")
                            : Files.createTempDirectory("bolt-fuzz");
            Runtime.getRuntime().addShutdownHook(new Thread(() -> remove(made)));
            return made;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void remove(Path directory) {
        try (var files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** One input. */
    public static void fuzzerTestOneInput(byte[] input) throws IOException {
        if (input.length == 0) {
            return;
        }
        byte[] content = Arrays.copyOfRange(input, 1, input.length);
        try {
            switch (input[0] % 3) {
                case 0 -> pairs(Files.write(DIRECTORY.resolve("db"), content));
                case 1 -> EtcdSamples.readAll(Files.write(DIRECTORY.resolve("db"), content));
                default -> log(content);
            }
        } catch (BoltException refused) {
            if (String.valueOf(refused.getMessage()).isBlank()) {
                throw new AssertionError("refused without a reason", refused);
            }
        }
    }

    private static void pairs(Path file) throws IOException {
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

    private static void log(byte[] content) throws IOException {
        Path directory = Files.createDirectories(DIRECTORY.resolve("wal"));
        Files.write(directory.resolve("0000000000000000-0000000000000000.wal"), content);
        EtcdWal.visit(directory, (index, kind, bytes) -> {});
    }

    /** Real files, each behind the byte that chooses its reader. */
    static List<byte[]> seeds() throws IOException {
        Path file = DIRECTORY.resolve("seed");
        List<byte[]> seeds = new ArrayList<>();
        Random random = new Random(1);
        for (int count : new int[] {3, 120}) {
            Files.deleteIfExists(file);
            Samples.write(file, Map.of("b", Samples.pairs(random, count, 12, 24)), 512);
            seeds.add(behind(0, Files.readAllBytes(file)));
        }
        Files.deleteIfExists(file);
        try (EtcdSnapshotWriter writer = EtcdSnapshotWriter.create(file, Samples.LIMITS)) {
            EtcdSamples.write(writer, 10);
            writer.finish(EtcdHead.of(9, 2, 3).withAuth(true, 4).withClusterVersion("3.5.0"));
        }
        byte[] snapshot = Files.readAllBytes(file);
        seeds.add(behind(1, Arrays.copyOf(snapshot, snapshot.length - Digest.BYTES)));
        try (InputStream wal =
                new GZIPInputStream(
                        BoltFuzz.class.getResourceAsStream("/etcd-3.4.23-killed.wal.gz"))) {
            seeds.add(behind(2, wal.readNBytes(WAL_BYTES)));
        }
        return seeds;
    }

    private static byte[] behind(int choice, byte[] content) {
        return ByteBuffer.allocate(content.length + 1).put((byte) choice).put(content).array();
    }

    /** Writes the seeds into a folder, from which the fuzzer begins. */
    public static void main(String[] arguments) throws IOException {
        List<byte[]> seeds = seeds();
        for (int i = 0; i < seeds.size(); i++) {
            Files.write(Path.of(arguments[0], "seed-" + i), seeds.get(i));
        }
    }
}
