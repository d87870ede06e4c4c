package dev.kemudi.log;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;

/*
 * What a crash does here
 * ----------------------
 * A file has what was synced and what is written. At a crash each 512-byte sector written since the last
 * sync keeps its new or its old content as the seed says, independently of the others, and the file's size
 * is any size between the synced and the written one. Each change of the directory since its last sync
 * happens or does not. That is at least as bad as a journaling file system.
 */
/**
 * FOR TESTS: a disk in memory that fails as a seed says. It loses what was not synced, tears
 * writes, runs out of space, writes short, flips bits and refuses to sync. The same seed and the
 * same calls give the same failures. Safe for use by many threads.
 */
public final class SimulatedDisk implements Disk {
    private static final int SECTOR_BYTES = 512;

    private final Random random;
    private TreeMap<String, Content> names = new TreeMap<>();
    private TreeMap<String, Content> durableNames = new TreeMap<>();
    private final List<NameChange> unsynced = new ArrayList<>();
    private long spaceBytes = Long.MAX_VALUE;
    private long operationsLeft = Long.MAX_VALUE;
    private boolean shortWrites;
    private boolean syncFails;
    private boolean locked;
    private int epoch;

    public SimulatedDisk(long seed) {
        random = new Random(seed);
    }

    /** A change of the directory, to be applied to the durable names or lost. */
    @FunctionalInterface
    private interface NameChange {
        void applyTo(TreeMap<String, Content> target);
    }

    /**
     * From now on all files together may hold this much; a write beyond it is cut short and then
     * refused.
     */
    public synchronized void limitSpace(long bytes) {
        spaceBytes = bytes;
    }

    /** From now on writes may take only a part of what they are given. */
    public synchronized void writeShort(boolean on) {
        shortWrites = on;
    }

    /** From now on every sync of a file fails. */
    public synchronized void failSync(boolean on) {
        syncFails = on;
    }

    /**
     * The power goes after so many more writes, syncs and directory changes: all later calls fail.
     */
    public synchronized void losePowerAfter(long operations) {
        operationsLeft = operations;
    }

    /** Whether the power went. */
    public synchronized boolean isDown() {
        return operationsLeft < 0;
    }

    /**
     * The machine comes back: what was not synced is lost or torn, files opened before are of no
     * use, faults are off.
     */
    public synchronized void crash() {
        for (NameChange change : unsynced) {
            if (random.nextBoolean()) {
                change.applyTo(durableNames);
            }
        }
        unsynced.clear();
        durableNames.values().forEach(content -> content.crash(random));
        names = new TreeMap<>(durableNames);
        spaceBytes = Long.MAX_VALUE;
        operationsLeft = Long.MAX_VALUE;
        shortWrites = false;
        syncFails = false;
        locked = false;
        epoch++;
    }

    /** Flips one bit of a file, as a failing medium does. */
    public synchronized void flipBit(String name, long offset, int bit) throws IOException {
        Content content = existing(name);
        content.written[(int) offset] ^= (byte) (1 << bit);
        content.synced[(int) offset] ^= (byte) (1 << bit);
    }

    /** A file's present content. */
    public synchronized byte[] contentOf(String name) throws IOException {
        Content content = existing(name);
        return Arrays.copyOf(content.written, content.size);
    }

    private Content existing(String name) throws IOException {
        Content content = names.get(name);
        if (content == null) {
            throw new IOException("no file " + name + " on the simulated disk");
        }
        return content;
    }

    private void operate() throws IOException {
        if (--operationsLeft < 0) {
            operationsLeft = -1;
            throw new IOException("the simulated machine lost its power");
        }
    }

    @Override
    public synchronized List<String> list() {
        return List.copyOf(names.keySet());
    }

    @Override
    public synchronized DiskFile open(String name, boolean create) throws IOException {
        Content content = names.get(name);
        if (content == null) {
            if (!create) {
                throw new IOException("no file " + name + " on the simulated disk");
            }
            operate();
            Content fresh = new Content();
            change(target -> target.put(name, fresh));
            content = fresh;
        }
        return new OpenFile(content, epoch);
    }

    private void change(NameChange change) {
        change.applyTo(names);
        unsynced.add(change);
    }

    @Override
    public synchronized void rename(String from, String to) throws IOException {
        operate();
        Content moved = existing(from);
        change(target -> {
            if (target.remove(from, moved)) {
                target.put(to, moved);
            }
        });
    }

    @Override
    public synchronized void delete(String name) throws IOException {
        if (names.containsKey(name)) {
            operate();
            Content gone = existing(name);
            change(target -> target.remove(name, gone));
        }
    }

    @Override
    public synchronized void syncDirectory() throws IOException {
        operate();
        unsynced.clear();
        durableNames = new TreeMap<>(names);
    }

    @Override
    public synchronized Closeable lock() throws IOException {
        if (locked) {
            throw new IOException("the simulated disk is in use by another Kemudi");
        }
        locked = true;
        int mine = epoch;
        return () -> unlock(mine);
    }

    private synchronized void unlock(int holder) {
        if (holder == epoch) {
            locked = false;
        }
    }

    @Override
    public String describe(String name) {
        return "simulated:" + name;
    }

    private long used() {
        return names.values().stream().mapToLong(content -> content.size).sum();
    }

    private static final class Content {
        private byte[] written = new byte[0];
        private byte[] synced = new byte[0];
        private int size;
        private int syncedSize;
        private final BitSet dirtySectors = new BitSet();

        void resize(int newSize) {
            if (newSize > written.length) {
                int capacity = Math.max(newSize, written.length * 2);
                written = Arrays.copyOf(written, capacity);
                synced = Arrays.copyOf(synced, capacity);
            }
            if (newSize < size) {
                Arrays.fill(written, newSize, size, (byte) 0);
                dirtySectors.set(newSize / SECTOR_BYTES, (size - 1) / SECTOR_BYTES + 1);
            }
            size = newSize;
        }

        void sync() {
            dirtySectors.stream().forEach(sector -> copySector(sector, written, synced));
            dirtySectors.clear();
            syncedSize = size;
        }

        void crash(Random random) {
            dirtySectors.stream()
                    .forEach(sector -> {
                        if (random.nextBoolean()) {
                            copySector(sector, synced, written);
                        } else {
                            copySector(sector, written, synced);
                        }
                    });
            dirtySectors.clear();
            int low = Math.min(size, syncedSize);
            int high = Math.max(size, syncedSize);
            int after = low + (high == low ? 0 : random.nextInt(high - low + 1));
            Arrays.fill(written, after, written.length, (byte) 0);
            Arrays.fill(synced, after, synced.length, (byte) 0);
            size = after;
            syncedSize = after;
        }

        private void copySector(int sector, byte[] from, byte[] to) {
            int start = sector * SECTOR_BYTES;
            int length = Math.min(SECTOR_BYTES, from.length - start);
            if (length > 0) {
                System.arraycopy(from, start, to, start, length);
            }
        }
    }

    private final class OpenFile implements DiskFile {
        private final Content content;
        private final int openedInEpoch;

        OpenFile(Content content, int openedInEpoch) {
            this.content = content;
            this.openedInEpoch = openedInEpoch;
        }

        private void checkAlive() throws IOException {
            if (openedInEpoch != epoch) {
                throw new IOException("the file was opened before the simulated crash");
            }
        }

        @Override
        public int read(ByteBuffer target, long position) throws IOException {
            synchronized (SimulatedDisk.this) {
                checkAlive();
                if (position >= content.size) {
                    return -1;
                }
                int count = Math.min(target.remaining(), content.size - (int) position);
                target.put(content.written, (int) position, count);
                return count;
            }
        }

        @Override
        public int write(ByteBuffer source, long position) throws IOException {
            synchronized (SimulatedDisk.this) {
                checkAlive();
                operate();
                int wanted = source.remaining();
                if (shortWrites && wanted > 1) {
                    wanted = 1 + random.nextInt(wanted);
                }
                long growth = Math.max(0, position + wanted - content.size);
                long room = Math.max(0, spaceBytes - used());
                if (growth > room) {
                    wanted -= (int) (growth - room);
                }
                if (wanted <= 0 && source.hasRemaining()) {
                    throw new IOException("No space left on device");
                }
                int at = (int) position;
                content.resize(Math.max(content.size, at + wanted));
                source.get(content.written, at, wanted);
                content.dirtySectors.set(at / SECTOR_BYTES, (at + wanted - 1) / SECTOR_BYTES + 1);
                return wanted;
            }
        }

        @Override
        public void force() throws IOException {
            synchronized (SimulatedDisk.this) {
                checkAlive();
                operate();
                if (syncFails) {
                    throw new IOException("Input/output error");
                }
                content.sync();
            }
        }

        @Override
        public long size() throws IOException {
            synchronized (SimulatedDisk.this) {
                checkAlive();
                return content.size;
            }
        }

        @Override
        public void truncate(long size) throws IOException {
            synchronized (SimulatedDisk.this) {
                checkAlive();
                operate();
                if (size < content.size) {
                    content.resize((int) size);
                }
            }
        }

        @Override
        public void close() {
            // Nothing to give back: the content stays on the simulated disk.
        }
    }
}
