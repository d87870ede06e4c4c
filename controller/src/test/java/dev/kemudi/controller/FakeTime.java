package dev.kemudi.controller;

import dev.kemudi.kernel.TimeSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Time in which every sleep is over at once and written down. */
final class FakeTime implements TimeSource {
    private final List<Long> slept = new ArrayList<>();
    private final List<Runnable> moveListeners = new CopyOnWriteArrayList<>();
    private long nanos = 1;

    @Override
    public synchronized long nanoTime() {
        return nanos;
    }

    @Override
    public synchronized long epochMillis() {
        return nanos / 1_000_000;
    }

    @Override
    public synchronized void sleep(long millis) throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        slept.add(millis);
        nanos += millis * 1_000_000;
    }

    @Override
    public void addMoveListener(Runnable listener) {
        moveListeners.add(listener);
    }

    @Override
    public void removeMoveListener(Runnable listener) {
        moveListeners.remove(listener);
    }

    void pass(long millis) {
        synchronized (this) {
            nanos += millis * 1_000_000;
        }
        moveListeners.forEach(Runnable::run);
    }

    synchronized List<Long> slept() {
        return List.copyOf(slept);
    }
}
