package dev.kemudi.bolt;

import static dev.kemudi.bolt.Samples.utf8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EtcdSnapshotTest {
    private static final EtcdHead HEAD = new EtcdHead(9, 2, 3, 5, true, 4, "3.5.0");

    @TempDir Path directory;

    private Path sample(int keys) throws IOException {
        Path file = directory.resolve("snapshot");
        try (EtcdSnapshotWriter writer = EtcdSnapshotWriter.create(file, Samples.LIMITS)) {
            EtcdSamples.write(writer, keys);
            assertThat(writer.finish(HEAD)).isEqualTo(Files.size(file));
        }
        return file;
    }

    private static EtcdSnapshotReader open(Path file) throws IOException {
        return EtcdSnapshotReader.open(file, EtcdSnapshotReader.Checksum.REQUIRED, Samples.LIMITS);
    }

    @Test
    void everyRecordComesBackAsItWasWritten() throws IOException {
        Path file = sample(100);
        Path copy = directory.resolve("copy");
        try (EtcdSnapshotReader reader = open(file);
                EtcdSnapshotWriter writer = EtcdSnapshotWriter.create(copy, Samples.LIMITS)) {
            assertThat(reader.head()).isEqualTo(HEAD);
            assertThat(reader.head().floor()).isEqualTo(5);
            assertThat(reader.revision()).isEqualTo(201);
            Iterator<EtcdChange> changes = reader.changes();
            while (changes.hasNext()) {
                writer.change(changes.next());
            }
            assertThat(reader.changes(change -> {})).isEqualTo(200);
            assertThat(reader.leases(writer::lease)).isEqualTo(10);
            assertThat(reader.users(writer::user)).isEqualTo(2);
            assertThat(reader.roles(writer::role)).isEqualTo(1);
            assertThat(reader.alarms(writer::alarm)).isEqualTo(1);
            writer.member(
                    new EtcdMember(
                            0xffeeddccbbaa9988L, "o\"ne", List.of("http://p:1"), List.of(), true));
            writer.removedMember(0x12);
            writer.finish(reader.head());
        }
        assertThat(copy).hasSameBinaryContentAs(file);
    }

    @Test
    void recordsHaveTheBytesThatEtcdGivesThem() {
        HexFormat hex = HexFormat.of();
        EtcdChange put = EtcdChange.put(258, 1, utf8("k"), utf8("v"), 257, 2, 7);
        assertThat(hex.formatHex(put.rowKey())).isEqualTo("00000000000001025f0000000000000001");
        assertThat(hex.formatHex(put.rowValue())).isEqualTo("0a016b10810218820220022a01763007");
        EtcdChange delete = EtcdChange.delete(258, 0, utf8("k"));
        assertThat(hex.formatHex(delete.rowKey()))
                .isEqualTo("00000000000001025f000000000000000074");
        assertThat(hex.formatHex(delete.rowValue())).isEqualTo("0a016b");
        assertThat(hex.formatHex(new EtcdLease(1, 60, 0).row())).isEqualTo("0801103c");
        assertThat(new EtcdMember(255, "n", List.of("http://p"), List.of("http://c"), false).json())
                .isEqualTo(
                        "{\"id\":255,\"peerURLs\":[\"http://p\"],\"name\":\"n\","
                                + "\"clientURLs\":[\"http://c\"]}");
    }

    /** Made with Debian's etcd 3.4.23: see conformance/snapshots.sh, which makes larger ones. */
    @Test
    void aSnapshotThatEtcdSavedIsRead() throws IOException {
        Path file = directory.resolve("etcd.db");
        try (InputStream packed =
                Objects.requireNonNull(getClass().getResourceAsStream("/etcd-3.4.23.db.gz"))) {
            Files.copy(new GZIPInputStream(packed), file);
        }
        List<String> found = new ArrayList<>();
        try (EtcdSnapshotReader reader = open(file)) {
            assertThat(reader.head().compactedRevision()).isEqualTo(5);
            assertThat(reader.head().authEnabled()).isTrue();
            assertThat(reader.revision()).isEqualTo(10);
            reader.changes(change ->
                    found.add(
                            (change.deletion() ? "delete " : "put ")
                                    + change.revision()
                                    + "."
                                    + change.sub()
                                    + " "
                                    + new String(
                                            change.key(), java.nio.charset.StandardCharsets.UTF_8)
                                    + " v"
                                    + change.version()
                                    + " of "
                                    + change.createRevision()
                                    + " lease "
                                    + change.lease()
                                    + " bytes "
                                    + change.value().length));
            reader.leases(lease -> found.add(lease.toString()));
            reader.users(
                    user -> found.add(user.name() + user.roles() + user.passwordHash().length));
            reader.roles(role -> found.add(role.name() + role.permissions().size()));
        }
        assertThat(found)
                .containsExactly(
                        "put 4.0 a v3 of 2 lease 0 bytes 5",
                        "put 5.0 b v1 of 5 lease 0 bytes 1",
                        "put 6.0 c v1 of 6 lease 4660 bytes 1",
                        "delete 7.0 b v0 of 0 lease 0 bytes 0",
                        "put 8.0 d v1 of 8 lease 0 bytes 1",
                        "put 8.1 e v1 of 8 lease 0 bytes 1",
                        "put 9.0 large v1 of 9 lease 0 bytes 100000",
                        "put 10.0 b v1 of 10 lease 0 bytes 4",
                        "EtcdLease[id=4660, ttlSeconds=3600, remainingSeconds=0]",
                        "ann[reader]60",
                        "root[root]60",
                        "reader1",
                        "root0");
    }

    @Test
    void aFlippedBitAnywhereBreaksTheChecksum() throws IOException {
        Path file = sample(50);
        byte[] whole = Files.readAllBytes(file);
        Random random = new Random(1);
        for (int i = 0; i < 300; i++) {
            byte[] bytes = whole.clone();
            bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
            Files.write(file, bytes);
            assertThatThrownBy(() -> open(file))
                    .isInstanceOf(BoltException.class)
                    .hasMessageContaining("SHA-256");
        }
    }

    @Test
    void aSnapshotWithoutItsChecksumIsReadOnlyWhenThatIsAllowed() throws IOException {
        Path file = sample(50);
        byte[] whole = Files.readAllBytes(file);
        Files.write(file, java.util.Arrays.copyOf(whole, whole.length - 32));
        assertThatThrownBy(() -> open(file))
                .hasMessageContaining("expected a SHA-256 at its end")
                .hasMessageContaining((whole.length - 32) + " bytes");
        assertThat(EtcdSamples.readAll(file)).hasSizeGreaterThan(100);
    }

    @Test
    void aDatabaseThatIsNoEtcdsIsRefused() throws IOException {
        Path file = directory.resolve("other");
        Samples.write(file, Map.of("mine", Samples.bytesMap()), BoltWriter.PAGE_SIZE);
        assertThatThrownBy(() -> EtcdSamples.readAll(file))
                .hasMessage("the database: expected etcd's bucket key, found buckets [mine]");
    }
}
