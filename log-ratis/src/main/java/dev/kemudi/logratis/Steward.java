package dev.kemudi.logratis;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * One thread for what must not hold up the others: it tells the machine where this node stands, has
 * followers told what is committed when nothing follows, and starts copies. It looks whenever it is
 * called, and ten times a second because Ratis does not tell everything.
 */
final class Steward {
    private static final long LOOK_MILLIS = 100;
    private static final long TAIL_MILLIS = 5;
    private static final int TAILS_A_LOOK = 20;

    private final Runnable look;
    private final Runnable tail;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition called = lock.newCondition();
    private final Thread thread;
    private int tails;
    private boolean wanted;
    private boolean committed;
    private boolean closed;

    Steward(Runnable look, Runnable tail) {
        this.look = look;
        this.tail = tail;
        thread = Thread.ofPlatform().name("kemudi-log-steward").daemon().unstarted(this::work);
    }

    void start() {
        thread.start();
    }

    /** Something changed. */
    void call() {
        lock.lock();
        try {
            wanted = true;
            called.signal();
        } finally {
            lock.unlock();
        }
    }

    /** The leader committed something: unless more follows soon, followers must be told. */
    void committed() {
        lock.lock();
        try {
            if (!committed) {
                committed = true;
                called.signal();
            }
        } finally {
            lock.unlock();
        }
    }

    private void work() {
        while (true) {
            boolean told;
            boolean looks;
            lock.lock();
            try {
                if (!wanted && !committed && !closed) {
                    called.await(LOOK_MILLIS, TimeUnit.MILLISECONDS);
                }
                if (closed) {
                    return;
                }
                if (committed && !wanted) {
                    called.await(TAIL_MILLIS, TimeUnit.MILLISECONDS);
                }
                told = committed;
                looks = wanted || !committed || ++tails % TAILS_A_LOOK == 0;
                wanted = false;
                committed = false;
            } catch (InterruptedException e) {
                throw new IllegalStateException("nobody interrupts the log's own threads", e);
            } finally {
                lock.unlock();
            }
            if (told) {
                tail.run();
            }
            if (looks) {
                look.run();
            }
        }
    }

    void close() {
        lock.lock();
        try {
            closed = true;
            called.signal();
        } finally {
            lock.unlock();
        }
        boolean interrupted = false;
        while (thread.isAlive() && thread != Thread.currentThread()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
