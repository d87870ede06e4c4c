package dev.kemudi.store;

import dev.kemudi.kernel.TimeSource;
import dev.kemudi.log.Log;
import dev.kemudi.log.LogEntry;
import dev.kemudi.log.LogRefusedException;
import dev.kemudi.log.StateMachine;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;

/** The log of a store without files: the proposer applies, one at a time, and nothing is kept. */
final class DirectLog<R> implements Log<R> {
    private final StateMachine<R> machine;
    private final TimeSource time;
    private final ReentrantLock lock = new ReentrantLock(true);
    private long index;
    private long timeMillis;
    private boolean closed;

    DirectLog(StateMachine<R> machine, TimeSource time) {
        this.machine = machine;
        this.time = time;
        this.index = machine.durableIndex();
    }

    @Override
    public CompletableFuture<R> propose(byte[] command, String traceparent) {
        lock.lock();
        try {
            if (closed) {
                return CompletableFuture.failedFuture(
                        new LogRefusedException(
                                LogRefusedException.Reason.CLOSED, "the store is closed"));
            }
            timeMillis = Math.max(timeMillis, time.epochMillis());
            LogEntry entry = new LogEntry(index + 1, 1, timeMillis, traceparent, command);
            R answer = machine.apply(List.of(entry)).getFirst();
            index++;
            return CompletableFuture.completedFuture(answer);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public CompletableFuture<Long> readBarrier() {
        return CompletableFuture.completedFuture(appliedIndex());
    }

    @Override
    public long appliedIndex() {
        lock.lock();
        try {
            return index;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public long firstIndex() {
        return appliedIndex() + 1;
    }

    @Override
    public long bytesOnDisk() {
        return 0;
    }

    @Override
    public void truncate(long index) {}

    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
        } finally {
            lock.unlock();
        }
    }
}
