package dev.kemudi.log;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.security.SecureRandom;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/*
 * What a start finds, and what it makes of it
 * -------------------------------------------
 * - Segments that end at or before the machine's durable index: deleted unread, whatever they hold.
 * - A bad record that is followed by a record of a later batch, or by another segment: it had been
 *   acknowledged. Refused.
 * - A bad record with nothing of the kind behind it: the batch in flight when the power went. Cut off, for
 *   good and before anything is appended, or its remains could later pass for records.
 * - A machine that is ahead of the log, or a log that begins after what the machine needs: somebody lost a
 *   directory. Refused.
 *
 * What cannot be told apart: damage to the very last batch and a torn write. Where the machine had made that
 * batch durable (every orderly stop does) it is not needed, and the machine's index tells.
 */
/** Opens the files of a log and replays into the machine what it has not made durable. */
final class Recovery {
    private static final System.Logger LOG = System.getLogger(FileLog.class.getName());

    private final Disk disk;
    private final StateMachine<?> machine;
    private final Limits limits;
    private final long durableIndex;
    private final List<LogEntry> replay = new ArrayList<>();
    private long replayBytes;
    private long nextIndex;
    private long timeMillis;

    private Recovery(Disk disk, StateMachine<?> machine, Limits limits) {
        this.disk = disk;
        this.machine = machine;
        this.limits = limits;
        durableIndex = machine.durableIndex();
    }

    /**
     * @param lastIndex of the log, all of it applied
     * @param timeMillis of the last entry
     */
    record Recovered(Segments segments, long lastIndex, long timeMillis) {}

    static Recovered run(Disk disk, StateMachine<?> machine, Limits limits) throws IOException {
        return new Recovery(disk, machine, limits).recover();
    }

    private Recovered recover() throws IOException {
        List<String> names =
                disk.list().stream().filter(name -> name.matches("[0-9]{20}\\.log")).toList();
        disk.delete(Segment.PREPARED);
        if (names.isEmpty()) {
            return beginEmpty();
        }
        int first = firstNeeded(names);
        for (String name : names.subList(0, first)) {
            disk.delete(name);
        }
        ArrayDeque<Segment> sealed = new ArrayDeque<>();
        nextIndex = indexOf(names.get(first));
        long logId = 0;
        @Nullable Segment current = null;
        for (int at = first; at < names.size(); at++) {
            String name = names.get(at);
            boolean last = at == names.size() - 1;
            DiskFile file = disk.open(name, false);
            try {
                logId =
                        checkHeader(
                                name,
                                file,
                                at == first ? OptionalLong.empty() : OptionalLong.of(logId));
                Segment segment =
                        last
                                ? readLast(name, file, logId)
                                : readSealed(name, file, logId, names.get(at + 1));
                if (last) {
                    current = segment;
                } else {
                    sealed.add(segment);
                    file.close();
                }
            } catch (IOException | RuntimeException e) {
                file.close();
                throw e;
            }
        }
        return finish(logId, sealed, current);
    }

    private Recovered finish(long logId, ArrayDeque<Segment> sealed, @Nullable Segment current)
            throws IOException {
        if (current == null) {
            throw new IllegalStateException("a log has a last segment");
        }
        if (durableIndex >= nextIndex) {
            current.close();
            throw new IOException(
                    ("the state has applied entry %d, the log %s ends at %d: some are missing;"
                                    + " restore the log, or state and log from one backup")
                            .formatted(durableIndex, disk.describe(current.name()), nextIndex - 1));
        }
        try {
            disk.syncDirectory();
            applyReplay();
        } catch (IOException | RuntimeException e) {
            current.close();
            throw e;
        }
        Segments segments = new Segments(disk, logId, limits.segmentBytes(), sealed, current);
        return new Recovered(segments, nextIndex - 1, timeMillis);
    }

    private Recovered beginEmpty() throws IOException {
        if (durableIndex > 0) {
            throw new IOException(
                    "the state has applied entry %d, but there is no log at %s: restore the log's directory"
                            .formatted(durableIndex, disk.describe("")));
        }
        Header header = new Header(new SecureRandom().nextLong(), 1, 0);
        Segment current = Segments.createUnfilled(disk, header);
        Segments segments =
                new Segments(
                        disk, header.logId(), limits.segmentBytes(), new ArrayDeque<>(), current);
        return new Recovered(segments, 0, 0);
    }

    private int firstNeeded(List<String> names) throws IOException {
        int first = -1;
        while (first + 1 < names.size() && indexOf(names.get(first + 1)) <= durableIndex + 1) {
            first++;
        }
        if (first < 0) {
            throw new IOException(
                    "the log begins with entry %d (%s), the state has applied only %d: %d to %d are missing"
                            .formatted(
                                    indexOf(names.getFirst()),
                                    disk.describe(names.getFirst()),
                                    durableIndex,
                                    durableIndex + 1,
                                    indexOf(names.getFirst()) - 1));
        }
        return first;
    }

    private static long indexOf(String name) {
        return Long.parseLong(name, 0, name.length() - Segment.SUFFIX.length(), 10);
    }

    private long checkHeader(String name, DiskFile file, OptionalLong logId) throws IOException {
        String where = disk.describe(name);
        Header header = Header.read(file, where);
        if (header.firstIndex() != indexOf(name)) {
            throw new LogCorruptException(
                    where,
                    20,
                    "it begins with entry %d, against its name".formatted(header.firstIndex()));
        }
        if (logId.isPresent() && logId.getAsLong() != header.logId()) {
            throw new LogCorruptException(where, 12, "it belongs to another log");
        }
        timeMillis = Math.max(timeMillis, header.timeMillis());
        return header.logId();
    }

    private Segment readSealed(String name, DiskFile file, long logId, String nextName)
            throws IOException {
        long firstIndex = nextIndex;
        SegmentScan scan = scan(file, logId);
        if (nextIndex != indexOf(nextName)) {
            throw new LogCorruptException(
                    disk.describe(name),
                    scan.offset(),
                    "entry %d is damaged or missing, though later entries are there from %d on"
                            .formatted(nextIndex, indexOf(nextName)));
        }
        return new Segment(name, firstIndex, file, scan.offset(), scan.size());
    }

    private Segment readLast(String name, DiskFile file, long logId) throws IOException {
        long firstIndex = nextIndex;
        // After a crash of the process alone the records may be in the page cache only: not yet
        // safe to act upon.
        file.force();
        SegmentScan scan = scan(file, logId);
        long used = scan.usedBytes();
        if (used == scan.offset()) {
            return new Segment(name, firstIndex, file, scan.offset(), scan.size());
        }
        OptionalLong later = scan.laterBatch(nextIndex);
        if (later.isPresent()) {
            throw new LogCorruptException(
                    disk.describe(name),
                    scan.offset(),
                    "entry %d is damaged: a later batch is whole at offset %d, so it had been acknowledged;"
                                    .formatted(nextIndex, later.getAsLong())
                            + " restore from a backup");
        }
        LOG.log(
                Level.WARNING,
                "cut {0} bytes of an unfinished write off {1} at offset {2}: never acknowledged",
                Long.toString(used - scan.offset()),
                disk.describe(name),
                Long.toString(scan.offset()));
        Segment segment = new Segment(name, firstIndex, file, scan.offset(), scan.size());
        segment.erase();
        return segment;
    }

    private SegmentScan scan(DiskFile file, long logId) throws IOException {
        SegmentScan scan = new SegmentScan(file, logId);
        for (LogEntry entry = scan.next(nextIndex); entry != null; entry = scan.next(nextIndex)) {
            nextIndex++;
            timeMillis = Math.max(timeMillis, entry.timeMillis());
            if (entry.index() > durableIndex) {
                replay.add(entry);
                replayBytes += entry.command().length;
                if (replay.size() >= limits.batchCommandsMax()
                        || replayBytes >= limits.batchBytesMax()) {
                    applyReplay();
                }
            }
        }
        return scan;
    }

    private void applyReplay() {
        if (!replay.isEmpty()) {
            machine.apply(List.copyOf(replay));
            replay.clear();
            replayBytes = 0;
        }
    }
}
