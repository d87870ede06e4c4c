package dev.kemudi.log;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** A state machine that remembers what it was given; its answer is the entry's index. */
final class Recorder implements StateMachine<Long> {
    private final List<LogEntry> applied = new ArrayList<>();
    private long durableIndex;
    private boolean dead;

    /** What a machine finds after a restart: what had been flushed. */
    synchronized Recorder restarted() {
        Recorder next = new Recorder();
        next.durableIndex = durableIndex;
        applied.stream().filter(entry -> entry.index() <= durableIndex).forEach(next.applied::add);
        return next;
    }

    static byte[] command(long id, int bytes) {
        return ByteBuffer.allocate(Math.max(8, bytes)).putLong(id).array();
    }

    static long idOf(LogEntry entry) {
        return ByteBuffer.wrap(entry.command()).getLong();
    }

    synchronized List<LogEntry> applied() {
        return List.copyOf(applied);
    }

    synchronized List<Long> ids() {
        return applied.stream().map(Recorder::idOf).toList();
    }

    /** From now on nothing becomes durable, as if the process had been killed. */
    synchronized void die() {
        dead = true;
    }

    synchronized void durableIndex(long index) {
        durableIndex = index;
    }

    @Override
    public synchronized long durableIndex() {
        return durableIndex;
    }

    @Override
    public synchronized List<Long> apply(List<LogEntry> entries) {
        applied.addAll(entries);
        return entries.stream().map(LogEntry::index).toList();
    }

    @Override
    public synchronized void flush() {
        if (!dead && !applied.isEmpty()) {
            durableIndex = applied.getLast().index();
        }
    }
}
