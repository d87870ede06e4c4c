package dev.kemudi.bolt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.zip.CRC32C;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The directory of an etcd 3.4.23 that was killed before its database caught up with its log. */
class EtcdDirectoryTest {
    private static final String FIRST = "0000000000000000-0000000000000000.wal";
    private static final String SECOND = "0000000000000001-0000000000000009.wal";

    @TempDir Path directory;
    private Path log;
    private byte[] whole;

    @BeforeEach
    void unpack() throws IOException {
        Path wal = Files.createDirectories(directory.resolve("member/wal"));
        Path snap = Files.createDirectories(directory.resolve("member/snap"));
        log = wal.resolve(FIRST);
        unpack("etcd-3.4.23-killed.wal.gz", log);
        unpack("etcd-3.4.23-killed.db.gz", snap.resolve("db"));
        whole = Files.readAllBytes(log);
    }

    private void unpack(String name, Path to) throws IOException {
        try (InputStream packed =
                Objects.requireNonNull(getClass().getResourceAsStream("/" + name))) {
            Files.copy(new GZIPInputStream(packed), to);
        }
    }

    private EtcdDirectory look() throws IOException {
        return EtcdDirectory.look(directory, Samples.LIMITS);
    }

    private List<Long> ends() throws IOException {
        List<Long> ends = new ArrayList<>();
        long at = 0;
        for (long length = 1; length != 0; ) {
            length = Format.getLong(whole, (int) at);
            if (length != 0) {
                at += 8 + (length & 0xffffffL) + (length < 0 ? length >>> 56 & 7 : 0);
                ends.add(at);
            }
        }
        return ends;
    }

    @Test
    void whatOnlyTheLogHoldsIsNamed() throws IOException {
        assertThat(EtcdDirectory.isOne(directory)).isTrue();
        EtcdDirectory found = look();
        assertThat(found.isComplete()).isFalse();
        assertThat(found.pendingWords()).isEqualTo("1 delete, 2 put");
    }

    @Test
    void aDatabaseThatLacksWhatItsLogHoldsIsNotTakenForASnapshot() throws IOException {
        Path database = directory.resolve("member/snap/db");
        assertThatThrownBy(() -> EtcdSamples.readAll(database))
                .isInstanceOf(BoltException.class)
                .hasMessageContaining(
                        "expected all that it answered (start that etcd once more and take")
                .hasMessageEndingWith("found 1 delete, 2 put only in the log");
        Files.write(log, Arrays.copyOf(whole, ends().get(3).intValue()));
        assertThat(EtcdSamples.readAll(database)).isNotEmpty();
    }

    @Test
    void aTornLastRecordCountsAsNeverWritten() throws IOException {
        List<Long> ends = ends();
        for (long cut = ends.get(ends.size() - 2) + 9; cut < ends.getLast(); cut++) {
            Files.write(log, Arrays.copyOf(whole, (int) cut));
            String words = look().pendingWords();
            // After the last entry only the commit is written: the entry may be torn or be there.
            assertThat(words).isIn("2 put", "1 delete, 2 put");
        }
    }

    @Test
    void aFlippedBitInTheLogIsNoticed() throws IOException {
        Random random = new Random(1);
        int end = ends().get(ends().size() - 2).intValue();
        int noticed = 0;
        for (int i = 0; i < 600; i++) {
            byte[] bytes = whole.clone();
            bytes[random.nextInt(end)] ^= (byte) (1 << random.nextInt(8));
            Files.write(log, bytes);
            try {
                look();
            } catch (BoltException e) {
                noticed++;
            }
        }
        // Bits of padding mean nothing; a length that becomes larger than the file looks torn.
        assertThat(noticed).isGreaterThan(540);
    }

    @Test
    void randomDamageEndsInItsExceptionOrInAnAnswer() throws IOException {
        Random random = new Random(2);
        for (int i = 0; i < 800; i++) {
            byte[] bytes = whole.clone();
            for (int spot = 0; spot < 3; spot++) {
                byte[] junk = new byte[1 + random.nextInt(16)];
                random.nextBytes(junk);
                System.arraycopy(junk, 0, bytes, random.nextInt(bytes.length - 16), junk.length);
            }
            Files.write(log, bytes);
            try {
                assertThat(look().pendingWords()).isNotNull();
            } catch (BoltException e) {
                assertThat(e).hasMessageContaining("expected");
            }
        }
    }

    @Test
    void aLogInTwoFilesIsOneLogAndATornFirstFileIsDamage() throws IOException {
        int cut = ends().get(ends().size() - 3).intValue();
        List<byte[]> contents = new ArrayList<>();
        // The second file begins with the checksum so far, which the last record before it states.
        Files.write(log, Arrays.copyOf(whole, cut));
        Path second = log.resolveSibling(SECOND);
        byte[] rest = Arrays.copyOfRange(whole, cut, whole.length);
        contents.add(frame(new ProtoWriter(16).number(1, 4).number(2, checksumAt(cut)).done()));
        contents.add(rest);
        Files.write(second, join(contents));
        assertThat(look().pendingWords()).isEqualTo("1 delete, 2 put");
        Files.write(log, Arrays.copyOf(whole, cut - 3));
        assertThatThrownBy(this::look)
                .isInstanceOf(BoltException.class)
                .hasMessageContaining("found the end of the file");
    }

    private long checksumAt(int end) throws IOException {
        List<Long> ends = ends();
        int index = ends.indexOf((long) end);
        int from = (int) (long) ends.get(index - 1);
        int length = (int) (Format.getLong(whole, from) & 0xffffffL);
        ProtoReader record =
                new ProtoReader("", Arrays.copyOfRange(whole, from + 8, from + 8 + length));
        long checksum = 0;
        for (int field = record.next(); field != 0; field = record.next()) {
            checksum = field == 2 ? record.number() : checksum;
        }
        return checksum;
    }

    private static byte[] frame(byte[] record) {
        int padding = (8 - record.length % 8) % 8;
        byte[] framed = new byte[8 + record.length + padding];
        long top = padding == 0 ? 0 : (0x80L | padding) << 56;
        Format.LONG.set(framed, 0, top | record.length);
        System.arraycopy(record, 0, framed, 8, record.length);
        return framed;
    }

    private static byte[] join(List<byte[]> parts) {
        java.io.ByteArrayOutputStream joined = new java.io.ByteArrayOutputStream();
        parts.forEach(joined::writeBytes);
        return joined.toByteArray();
    }

    @Test
    void aSnapshotFromAnotherMemberThatWasNotTakenOverIsRefused() throws IOException {
        Files.write(directory.resolve("member/snap/0000000000000009.snap.db"), new byte[1]);
        assertThatThrownBy(this::look)
                .hasMessageContaining("0000000000000009.snap.db, which etcd received");
    }

    @Test
    void aDirectoryWithoutItsLogIsRefused() throws IOException {
        Files.delete(log);
        assertThatThrownBy(this::look)
                .hasMessageContaining("expected files of a write-ahead log, found none");
    }

    @Test
    void aChecksumGoesOnWhereItEnded() {
        byte[] text = Samples.utf8("123456789");
        CRC32C whole = new CRC32C();
        whole.update(text);
        int parts =
                Crc.update(Crc.update(0, Arrays.copyOf(text, 4)), Arrays.copyOfRange(text, 4, 9));
        assertThat(parts).isEqualTo((int) whole.getValue());
    }
}
