package dev.kemudi.kernel;

import dev.kemudi.kernel.Cancellation.Reason;
import dev.kemudi.kernel.Context.Registration;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One node of the cancellation tree; see {@link Context}. */
final class Scope {
    private static final System.Logger LOG = System.getLogger(Scope.class.getName());
    private static final Registration NOTHING = () -> {};

    private final TimeSource time;
    private final OptionalLong deadlineNanos;
    private final boolean root;
    private final ReentrantLock lock = new ReentrantLock();
    private final Set<Listener> listeners = new LinkedHashSet<>();
    private volatile @Nullable Cancellation ended;
    private volatile Registration place = NOTHING;
    private @Nullable Thread timer;

    private Scope(TimeSource time, OptionalLong deadlineNanos, boolean root) {
        this.time = time;
        this.deadlineNanos = deadlineNanos;
        this.root = root;
    }

    static Scope root(TimeSource time) {
        return new Scope(time, OptionalLong.empty(), true);
    }

    static Scope below(Scope parent, OptionalLong deadlineNanos) {
        Scope child = new Scope(parent.time, deadlineNanos, false);
        if (!parent.root) {
            child.place = parent.listen(child::end);
            if (child.ended != null) {
                child.place.close();
            }
        }
        return child;
    }

    TimeSource time() {
        return time;
    }

    OptionalLong deadlineNanos() {
        return deadlineNanos;
    }

    /** Differences only: nanoTime may be negative and wraps. */
    OptionalLong deadlineAfter(long millis) {
        long now = time.nanoTime();
        long wanted =
                TimeUnit.MILLISECONDS.toNanos(Math.clamp(millis, 0, Long.MAX_VALUE / 4_000_000));
        long granted =
                deadlineNanos.isPresent()
                        ? Math.min(wanted, deadlineNanos.getAsLong() - now)
                        : wanted;
        return OptionalLong.of(now + granted);
    }

    long remainingMillis() {
        if (ended != null) {
            return 0;
        }
        return deadlineNanos.isEmpty()
                ? Long.MAX_VALUE
                : Math.max(0, (leftNanos() + 999_999) / 1_000_000);
    }

    Optional<Cancellation> ended() {
        if (ended == null && deadlineNanos.isPresent() && leftNanos() <= 0) {
            endAtDeadline();
        }
        return Optional.ofNullable(ended);
    }

    boolean end(Cancellation why) {
        if (root) {
            return false;
        }
        List<Listener> told;
        Thread sleeping;
        lock.lock();
        try {
            if (ended != null) {
                return false;
            }
            ended = why;
            told = new ArrayList<>(listeners);
            listeners.clear();
            sleeping = timer;
            timer = null;
        } finally {
            lock.unlock();
        }
        place.close();
        if (sleeping != null && sleeping != Thread.currentThread()) {
            sleeping.interrupt();
        }
        told.forEach(listener -> listener.tell(why));
        return true;
    }

    Registration listen(Consumer<Cancellation> callback) {
        if (root) {
            return NOTHING;
        }
        Listener listener = new Listener(callback);
        Cancellation already = add(listener);
        if (already != null) {
            listener.tell(already);
            return NOTHING;
        }
        return () -> remove(listener);
    }

    private @Nullable Cancellation add(Listener listener) {
        if (ended().isPresent()) {
            return ended;
        }
        lock.lock();
        try {
            if (ended != null) {
                return ended;
            }
            if (listeners.size() >= Limits.DEFAULTS.listenersMax()) {
                throw new IllegalStateException(
                        "a context holds %d children and callbacks already: close those that are done"
                                .formatted(listeners.size()));
            }
            listeners.add(listener);
            if (deadlineNanos.isPresent() && timer == null) {
                timer = Thread.ofVirtual().name("kemudi-deadline").start(this::sleepUntilDeadline);
            }
            return null;
        } finally {
            lock.unlock();
        }
    }

    private void remove(Listener listener) {
        lock.lock();
        try {
            listeners.remove(listener);
        } finally {
            lock.unlock();
        }
    }

    private void sleepUntilDeadline() {
        try {
            for (long left = leftNanos(); left > 0 && ended == null; left = leftNanos()) {
                time.sleep((left + 999_999) / 1_000_000);
            }
            endAtDeadline();
        } catch (InterruptedException e) {
            // Ended before its deadline: end() interrupts the timer so that it does not linger.
        }
    }

    private void endAtDeadline() {
        end(new Cancellation(Reason.DEADLINE_EXCEEDED, "the deadline passed", Optional.empty()));
    }

    private long leftNanos() {
        return deadlineNanos.orElseThrow() - time.nanoTime();
    }

    int listeners() {
        lock.lock();
        try {
            return listeners.size();
        } finally {
            lock.unlock();
        }
    }

    /** An object of its own, so that the same callback registered twice is two listeners. */
    private static final class Listener {
        private final Consumer<Cancellation> callback;

        Listener(Consumer<Cancellation> callback) {
            this.callback = callback;
        }

        void tell(Cancellation why) {
            try {
                callback.accept(why);
            } catch (RuntimeException e) {
                LOG.log(Level.WARNING, "a cancellation callback failed; the others still run", e);
            }
        }
    }
}
