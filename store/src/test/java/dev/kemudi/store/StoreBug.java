package dev.kemudi.store;

import dev.kemudi.log.Disk;
import dev.kemudi.log.DiskFile;
import dev.kemudi.log.LogEntry;
import dev.kemudi.log.SimulatedDisk;
import dev.kemudi.log.StateMachine;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * A mistake in what a store stands on or in how it uses it, one for each class of fault: the
 * simulation must find each of them. Those of the state are {@link SimulatedState}'s.
 */
enum StoreBug {
    NONE,
    /** The log acknowledges before the sync: the sync never happens. */
    LOG_SYNC_LOST,
    /** The sync overtakes the last write: completions out of order. */
    LOG_SYNC_BEFORE_WRITE,
    /** A new segment's name is never made durable. */
    LOG_DIRECTORY_SYNC_LOST,
    /** The applier takes neighbours in the wrong order. */
    ORDER_SWAPPED,
    /** What was flushed is not there after a crash, and the log has forgotten it. */
    STATE_FLUSH_LIES,
    /** A write of the state is torn: its history is missing. */
    STATE_TORN,
    /** A write of the state is torn: the mark was written, the rows were not. */
    STATE_MARK_AHEAD,
    /** A write of the state is torn: the rows were written, the mark was not. */
    STATE_MARK_BEHIND,
    /** A bit of a row flips, and nobody looks at its checksum. */
    STATE_BIT_FLIPPED;

    Disk between(SimulatedDisk disk) {
        return switch (this) {
            case LOG_SYNC_LOST, LOG_SYNC_BEFORE_WRITE, LOG_DIRECTORY_SYNC_LOST ->
                    new BadDisk(disk, this);
            default -> disk;
        };
    }

    <R> StateMachine<R> between(StateMachine<R> machine) {
        return this == ORDER_SWAPPED ? new Swapping<>(machine) : machine;
    }

    private record Swapping<R>(StateMachine<R> machine) implements StateMachine<R> {
        @Override
        public long durableIndex() {
            return machine.durableIndex();
        }

        @Override
        public List<R> apply(List<LogEntry> entries) {
            if (entries.size() > 1) {
                List<LogEntry> swapped = new ArrayList<>(entries);
                swapped.set(0, entries.get(1));
                swapped.set(1, entries.get(0));
                return machine.apply(swapped);
            }
            return machine.apply(entries);
        }

        @Override
        public void flush() {
            machine.flush();
        }
    }

    private record BadDisk(SimulatedDisk disk, StoreBug bug) implements Disk {
        @Override
        public List<String> list() {
            return disk.list();
        }

        @Override
        public DiskFile open(String name, boolean create) throws IOException {
            return new BadFile(disk.open(name, create), bug);
        }

        @Override
        public void rename(String from, String to) throws IOException {
            disk.rename(from, to);
        }

        @Override
        public void delete(String name) throws IOException {
            disk.delete(name);
        }

        @Override
        public void syncDirectory() throws IOException {
            if (bug != LOG_DIRECTORY_SYNC_LOST) {
                disk.syncDirectory();
            }
        }

        @Override
        public Closeable lock() throws IOException {
            return disk.lock();
        }

        @Override
        public String describe(String name) {
            return disk.describe(name);
        }
    }

    private static final class BadFile implements DiskFile {
        private final DiskFile file;
        private final StoreBug bug;
        private ByteBuffer held = ByteBuffer.allocate(0);
        private long heldAt;

        BadFile(DiskFile file, StoreBug bug) {
            this.file = file;
            this.bug = bug;
        }

        private void letGo() throws IOException {
            ByteBuffer late = held;
            held = ByteBuffer.allocate(0);
            file.writeFully(late, heldAt);
        }

        @Override
        public synchronized int read(ByteBuffer target, long position) throws IOException {
            letGo();
            return file.read(target, position);
        }

        @Override
        public synchronized int write(ByteBuffer source, long position) throws IOException {
            if (bug != LOG_SYNC_BEFORE_WRITE) {
                return file.write(source, position);
            }
            letGo();
            int all = source.remaining();
            held = ByteBuffer.allocate(all).put(source).flip();
            heldAt = position;
            return all;
        }

        @Override
        public synchronized void force() throws IOException {
            if (bug != LOG_SYNC_LOST) {
                file.force();
            }
            letGo();
        }

        @Override
        public synchronized long size() throws IOException {
            letGo();
            return file.size();
        }

        @Override
        public synchronized void truncate(long size) throws IOException {
            letGo();
            file.truncate(size);
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }
}
