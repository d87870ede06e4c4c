package dev.kemudi.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kemudi.kernel.SimulatedTime;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Quiet.class)
class DamageTest {
    private static final Limits ONE_SEGMENT =
            new Limits(2_000, 6_000, 16, 512, 1 << 20, 64, 1 << 20, 1 << 24, 2);
    private static final String FIRST = Segment.nameOf(1);

    private static FileLog<Long> open(SimulatedDisk disk, Recorder machine, Limits limits)
            throws IOException {
        return FileLog.open(disk, machine, limits, new SimulatedTime(1), new PrometheusRegistry());
    }

    /** A log of acknowledged batches of one record each; the machine made none durable. */
    private static SimulatedDisk written(int records, Limits limits) throws IOException {
        SimulatedDisk disk = new SimulatedDisk(3);
        Recorder machine = new Recorder();
        FileLog<Long> log = open(disk, machine, limits);
        for (long id = 1; id <= records; id++) {
            log.propose(Recorder.command(id, 60), "").join();
        }
        machine.die();
        log.close();
        disk.crash();
        return disk;
    }

    private static int usedBytes(byte[] content) {
        int used = content.length;
        while (used > 0 && content[used - 1] == 0) {
            used--;
        }
        return used;
    }

    @Test
    void aFlippedBitIsNeverAppliedAndNeverCostsMoreThanTheLastBatch() throws Exception {
        Random random = new Random(11);
        List<Long> all = LongStream.rangeClosed(1, 20).boxed().toList();
        int refused = 0;
        for (int round = 0; round < 400; round++) {
            SimulatedDisk disk = written(20, SMALL_SEGMENTS);
            List<String> segments =
                    disk.list().stream().filter(name -> name.endsWith(".log")).toList();
            String name = segments.get(random.nextInt(segments.size()));
            byte[] content = disk.contentOf(name);
            disk.flipBit(
                    name,
                    random.nextInt(Math.min(content.length, usedBytes(content) + 50)),
                    random.nextInt(8));
            Recorder machine = new Recorder();
            try (FileLog<Long> log = open(disk, machine, SMALL_SEGMENTS)) {
                assertThat(machine.ids()).as("round %d", round).isIn(all, all.subList(0, 19));
                machine.applied()
                        .forEach(entry ->
                                assertThat(entry.command())
                                        .isEqualTo(Recorder.command(Recorder.idOf(entry), 60)));
            } catch (LogCorruptException e) {
                refused++;
                assertThat(e.file()).contains(name);
                assertThat(e.getMessage()).contains("offset " + e.offset());
            }
        }
        assertThat(refused).isBetween(200, 399);
    }

    private static final Limits SMALL_SEGMENTS =
            new Limits(2_000, 6_000, 16, 512, 1 << 20, 64, 1_024, 1 << 24, 2);

    @Test
    void randomBytesOverTheFileNeverCrashRecoveryInAnUnexpectedWay() throws Exception {
        Random random = new Random(12);
        byte[] good = written(10, ONE_SEGMENT).contentOf(FIRST);
        byte[] used = Arrays.copyOf(good, usedBytes(good));
        for (int round = 0; round < 500; round++) {
            byte[] bytes = used.clone();
            int from = random.nextInt(bytes.length);
            for (int i = from; i < Math.min(bytes.length, from + 1 + random.nextInt(64)); i++) {
                bytes[i] = (byte) random.nextInt();
            }
            SimulatedDisk disk = new SimulatedDisk(round);
            try (DiskFile file = disk.open(FIRST, true)) {
                file.writeFully(
                        java.nio.ByteBuffer.wrap(bytes, 0, random.nextInt(bytes.length + 1)), 0);
            }
            Recorder machine = new Recorder();
            try (FileLog<Long> log = open(disk, machine, ONE_SEGMENT)) {
                assertThat(machine.ids())
                        .isEqualTo(
                                LongStream.rangeClosed(1, machine.ids().size()).boxed().toList());
            } catch (LogCorruptException e) {
                assertThat(e.file()).contains(FIRST);
            }
        }
    }

    @Test
    void damageInTheMiddleIsRefusedWithFileAndOffset() throws Exception {
        SimulatedDisk disk = written(3, ONE_SEGMENT);
        disk.flipBit(FIRST, Header.BYTES + 20, 1);
        assertThatThrownBy(() -> open(disk, new Recorder(), ONE_SEGMENT))
                .isInstanceOf(LogCorruptException.class)
                .hasMessageContaining(FIRST)
                .hasMessageContaining("offset " + Header.BYTES)
                .hasMessageContaining("entry 1 is damaged");
    }

    @Test
    void aMachineAheadOfTheLogIsRefused() throws Exception {
        SimulatedDisk disk = written(3, ONE_SEGMENT);
        Recorder ahead = new Recorder();
        ahead.durableIndex(9);
        assertThatThrownBy(() -> open(disk, ahead, ONE_SEGMENT))
                .hasMessageContaining("the state has applied entry 9")
                .hasMessageContaining("ends at 3");
        assertThatThrownBy(() -> open(new SimulatedDisk(1), ahead, ONE_SEGMENT))
                .hasMessageContaining("there is no log");
    }

    @Test
    void aLogThatBeginsAfterWhatTheMachineNeedsIsRefused() throws Exception {
        SimulatedDisk disk = written(40, SMALL_SEGMENTS);
        List<String> segments = disk.list().stream().filter(name -> name.endsWith(".log")).toList();
        disk.delete(segments.get(0));
        disk.delete(segments.get(1));
        assertThatThrownBy(() -> open(disk, new Recorder(), SMALL_SEGMENTS))
                .hasMessageContaining("are missing");
        Recorder behind = new Recorder();
        behind.durableIndex(1);
        assertThatThrownBy(() -> open(disk, behind, SMALL_SEGMENTS))
                .hasMessageContaining("1: 2 to");
    }

    @Test
    void aMissingSegmentInTheMiddleIsRefused() throws Exception {
        SimulatedDisk disk = written(40, SMALL_SEGMENTS);
        List<String> segments = disk.list().stream().filter(name -> name.endsWith(".log")).toList();
        disk.delete(segments.get(2));
        assertThatThrownBy(() -> open(disk, new Recorder(), SMALL_SEGMENTS))
                .isInstanceOf(LogCorruptException.class)
                .hasMessageContaining("damaged or missing");
    }

    @Test
    void aCopyOfALogInsideACommandIsNotMistakenForTheLog() throws Exception {
        byte[] copy = Arrays.copyOf(written(10, ONE_SEGMENT).contentOf(FIRST), 1_500);
        SimulatedDisk disk = new SimulatedDisk(4);
        Recorder machine = new Recorder();
        FileLog<Long> log = open(disk, machine, ONE_SEGMENT);
        log.propose(copy, "").join();
        machine.die();
        log.close();
        disk.flipBit(FIRST, Header.BYTES + Frame.FIXED_BYTES, 0);
        Recorder restarted = new Recorder();
        try (FileLog<Long> again = open(disk, restarted, ONE_SEGMENT)) {
            assertThat(restarted.ids()).isEmpty();
            assertThat(again.propose(Recorder.command(1, 8), "").join()).isEqualTo(1);
        }
    }

    @Test
    void partsOfACutBatchNeverComeBack() throws Exception {
        // The second record of an unfinished batch is whole; a new, shorter first record must not
        // bring it back.
        SimulatedDisk disk = new SimulatedDisk(5);
        List<Long> seen = new ArrayList<>();
        for (int round = 0; round < 50; round++) {
            Recorder machine = new Recorder();
            FileLog<Long> log = open(disk, machine, ONE_SEGMENT);
            assertThat(machine.ids()).doesNotHaveDuplicates();
            assertThat(machine.ids().subList(0, seen.size())).isEqualTo(seen);
            seen = new ArrayList<>(machine.ids());
            for (long id = 1; id <= 12; id++) {
                log.propose(Recorder.command(round * 100L + id, 200 + (int) id * round), "");
            }
            disk.losePowerAfter(2);
            machine.die();
            log.close();
            disk.crash();
        }
    }
}
