package dev.kemudi.log;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * A mistake that a log could make, put between the log and what it stands on: the simulation must
 * find each of them.
 */
enum PlantedBug {
    NONE,
    /** Acknowledges before the sync: the sync never happens. */
    NO_SYNC,
    /** A new segment's name is never made durable. */
    NO_DIRECTORY_SYNC,
    /** The sync overtakes the last write: completions out of order. */
    SYNC_BEFORE_WRITE,
    /** A torn write, or a flipped bit, is taken for a record: recovery skips the checksum. */
    CHECKSUM_IGNORED,
    /** A short write is taken for a whole one. */
    SHORT_WRITE_IGNORED,
    /** A write that found no space is taken for done. */
    FULL_DISK_IGNORED,
    /** A sync that failed is taken for done. */
    SYNC_FAILURE_IGNORED,
    /** Answers as soon as it is asked. */
    ANSWER_AT_ONCE,
    /** The applier swaps neighbours. */
    ORDER_SWAPPED,
    /** Recovery begins one entry early. */
    REPLAYED_TWICE;

    Disk between(SimulatedDisk disk) {
        return switch (this) {
            case NONE, ANSWER_AT_ONCE, ORDER_SWAPPED, REPLAYED_TWICE -> disk;
            default -> new BadDisk(disk, this);
        };
    }

    StateMachine<Long> between(Recorder machine, long durableIndex) {
        return switch (this) {
            case ORDER_SWAPPED, REPLAYED_TWICE -> new BadMachine(machine, durableIndex, this);
            default -> machine;
        };
    }

    CompletableFuture<Long> between(CompletableFuture<Long> answer) {
        if (this == ANSWER_AT_ONCE && !answer.isCompletedExceptionally()) {
            return CompletableFuture.completedFuture(0L);
        }
        return answer;
    }

    private record BadMachine(Recorder machine, long startedAt, PlantedBug bug)
            implements StateMachine<Long> {
        @Override
        public long durableIndex() {
            long index = machine.durableIndex();
            boolean early = bug == REPLAYED_TWICE && index > 0 && index == startedAt;
            return early ? index - 1 : index;
        }

        @Override
        public List<Long> apply(List<LogEntry> entries) {
            if (bug == ORDER_SWAPPED && entries.size() > 1) {
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

    private record BadDisk(SimulatedDisk disk, PlantedBug bug) implements Disk {
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
            if (bug != NO_DIRECTORY_SYNC) {
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
        private final PlantedBug bug;
        private ByteBuffer held = ByteBuffer.allocate(0);
        private long heldAt;

        BadFile(DiskFile file, PlantedBug bug) {
            this.file = file;
            this.bug = bug;
        }

        private synchronized void letGo() throws IOException {
            ByteBuffer late = held;
            held = ByteBuffer.allocate(0);
            file.writeFully(late, heldAt);
        }

        @Override
        public synchronized int read(ByteBuffer target, long position) throws IOException {
            letGo();
            if (bug != CHECKSUM_IGNORED) {
                return file.read(target, position);
            }
            ByteBuffer all = ByteBuffer.allocate((int) file.size());
            while (all.hasRemaining() && file.read(all, all.position()) > 0) {
                // A read may be short.
            }
            makeChecksumsRight(all.flip());
            int count = (int) Math.min(target.remaining(), all.limit() - position);
            if (count <= 0) {
                return -1;
            }
            target.put(all.slice((int) position, count));
            return count;
        }

        /** As if nobody looked at them. */
        private static void makeChecksumsRight(ByteBuffer all) {
            if (all.limit() < Header.BYTES) {
                return;
            }
            long logId = all.getLong(12);
            int at = Header.BYTES;
            while (at + Frame.FIXED_BYTES <= all.limit()) {
                int length = all.getInt(at + 4);
                long room = all.limit() - at - Frame.PREFIX_BYTES;
                if (!Frame.plausible(all.getInt(at), length, room)) {
                    return;
                }
                all.putInt(at + 8, Frame.checksum(all, at, length, logId));
                at += Frame.PREFIX_BYTES + length;
            }
        }

        @Override
        public synchronized int write(ByteBuffer source, long position) throws IOException {
            int all = source.remaining();
            switch (bug) {
                case SYNC_BEFORE_WRITE -> {
                    letGo();
                    held = ByteBuffer.allocate(all).put(source).flip();
                    heldAt = position;
                }
                case SHORT_WRITE_IGNORED -> {
                    file.write(source, position);
                    source.position(source.limit());
                }
                case FULL_DISK_IGNORED -> {
                    try {
                        file.writeFully(source, position);
                    } catch (IOException e) {
                        if (!String.valueOf(e.getMessage()).contains("No space")) {
                            throw e;
                        }
                        source.position(source.limit());
                    }
                }
                default -> {
                    return file.write(source, position);
                }
            }
            return all;
        }

        @Override
        public synchronized void force() throws IOException {
            if (bug == NO_SYNC) {
                return;
            }
            try {
                file.force();
            } catch (IOException e) {
                boolean failed = String.valueOf(e.getMessage()).contains("Input/output");
                if (bug != SYNC_FAILURE_IGNORED || !failed) {
                    throw e;
                }
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
