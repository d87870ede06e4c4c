package dev.kemudi.apiserver;

import dev.kemudi.kernel.TimeSource;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/*
 * How seats are shared
 * --------------------
 * A request takes as many seats as it is heavy. Seats belong to levels of priority. A level may take seats
 * that others lend and do not use, but never what they keep for themselves: before a request starts, the
 * seats that each other level still has coming are counted as taken. Lent seats come back when their
 * requests end.
 *
 * Within a level each flow (one user's requests, say) is dealt a hand of a few queues out of many and
 * joins the shortest of them. A flow that floods fills its own hand; another flow has, almost surely, a
 * queue outside it. Of the queues that wait the one goes next that has had the least of the level so far:
 * its virtual time, which grows by seats times seconds, is the smallest. A queue that was idle begins at
 * the level's own virtual time, so that nobody saves up. How long a request takes is guessed when it
 * starts and put right when it ends.
 *
 * What always holds: the seats in use are at most all seats; a queue holds at most its length; nobody
 * waits longer than the limit. All of it changes under one lock, held for microseconds; threads wait
 * outside it.
 */
/** Seats for requests, given out fairly. Safe for use by many threads. */
final class FairQueues {
    private static final double GUESS_SECONDS = 0.003;

    /**
     * One level of priority.
     *
     * @param seats its own
     * @param lendable how many of them others may use while they are idle
     * @param borrowMax how many of others' it may use
     * @param queues 0 when nobody waits here
     */
    record Level(
            String name,
            boolean exempt,
            int seats,
            int lendable,
            int borrowMax,
            int queues,
            int handSize,
            int queueLengthMax) {}

    /** Whether a request may run. */
    sealed interface Admission {
        /** Close it when the request has been answered. */
        record Admitted(Ticket ticket) implements Admission {}

        /**
         * @param why queue-full, concurrency-limit or time-out
         */
        record Refused(String why) implements Admission {}
    }

    /** Seats that are held. */
    interface Ticket extends AutoCloseable {
        Ticket FREE = () -> {};

        @Override
        void close();
    }

    private static final class Line {
        private final ArrayDeque<Waiter> waiting = new ArrayDeque<>();
        private int waitingSeats;
        private int runningSeats;
        private double virtual;

        int load() {
            return waitingSeats + runningSeats;
        }
    }

    private static final class Waiter {
        private final Thread thread = Thread.currentThread();
        private final int width;
        private final Line line;
        private volatile boolean admitted;

        Waiter(int width, Line line) {
            this.width = width;
            this.line = line;
        }
    }

    private static final class State {
        private final Level level;
        private final Line[] lines;
        private int used;
        private int waiting;
        private double virtual;

        State(Level level) {
            this.level = level;
            lines = new Line[Math.max(1, level.queues())];
            for (int i = 0; i < lines.length; i++) {
                lines[i] = new Line();
            }
        }

        int keptFree() {
            return Math.max(0, level.seats() - level.lendable() - used);
        }

        @Nullable Line next() {
            Line next = null;
            for (Line line : lines) {
                if (!line.waiting.isEmpty() && (next == null || line.virtual < next.virtual)) {
                    next = line;
                }
            }
            return next;
        }
    }

    private final Map<String, State> states = new LinkedHashMap<>();
    private final TimeSource time;
    private final int exemptMax;
    private final long waitNanosMax;
    private int seats;
    private int used;
    private int exemptRunning;

    FairQueues(List<Level> levels, TimeSource time, Limits limits) {
        this.time = time;
        exemptMax = limits.exemptInFlightMax();
        waitNanosMax = TimeUnit.MILLISECONDS.toNanos(limits.queuedMillisMax());
        for (Level level : levels) {
            states.put(level.name(), new State(level));
            seats += level.seats();
        }
    }

    /**
     * Takes {@code width} seats of a level, waiting for them when it must.
     *
     * @param flow whose request it is, hashed
     */
    Admission enter(String levelName, long flow, int width) throws InterruptedException {
        Waiter waiter;
        State state;
        synchronized (this) {
            state = states.get(levelName);
            if (state == null || state.level.exempt()) {
                return enterExempt();
            }
            int wide = Math.clamp(width, 1, Math.max(1, state.level.seats()));
            Line line = line(state, flow);
            if (state.waiting == 0 && mayStart(state, wide, false)) {
                return new Admission.Admitted(start(state, line, wide));
            }
            if (state.level.queues() == 0) {
                return new Admission.Refused("concurrency-limit");
            }
            if (line.waiting.size() >= state.level.queueLengthMax()) {
                return new Admission.Refused("queue-full");
            }
            waiter = new Waiter(wide, line);
            line.waiting.add(waiter);
            line.waitingSeats += wide;
            state.waiting++;
            dispatch();
        }
        return await(state, waiter);
    }

    private Admission enterExempt() {
        if (exemptRunning >= exemptMax) {
            return new Admission.Refused("concurrency-limit");
        }
        exemptRunning++;
        return new Admission.Admitted(() -> {
            synchronized (this) {
                exemptRunning--;
            }
        });
    }

    private Admission await(State state, Waiter waiter) throws InterruptedException {
        long deadline = System.nanoTime() + waitNanosMax;
        while (!waiter.admitted) {
            long left = deadline - System.nanoTime();
            if (left <= 0 || Thread.currentThread().isInterrupted()) {
                synchronized (this) {
                    if (!waiter.admitted) {
                        waiter.line.waiting.remove(waiter);
                        waiter.line.waitingSeats -= waiter.width;
                        state.waiting--;
                        dispatch(); // a narrower one may have stood behind it
                        if (Thread.interrupted()) {
                            throw new InterruptedException();
                        }
                        return new Admission.Refused("time-out");
                    }
                }
                break;
            }
            LockSupport.parkNanos(this, left);
        }
        return new Admission.Admitted(ticket(state, waiter.line, waiter.width));
    }

    /** The shortest queue of the hand that is dealt to a flow. */
    private static Line line(State state, long flow) {
        int count = state.lines.length;
        int cards = Math.clamp(state.level.handSize(), 1, count);
        long deck = mixed(flow);
        int[] hand = new int[cards];
        Line best = state.lines[0];
        for (int dealt = 0; dealt < cards; dealt++) {
            int card = (int) Long.remainderUnsigned(deck, count - dealt);
            deck = mixed(deck);
            // the card-th of those that are not in the hand, which is kept sorted
            int at = 0;
            while (at < dealt && hand[at] <= card) {
                card++;
                at++;
            }
            System.arraycopy(hand, at, hand, at + 1, dealt - at);
            hand[at] = card;
            Line line = state.lines[card];
            best = dealt == 0 || line.load() < best.load() ? line : best;
        }
        return best;
    }

    /** SplitMix64's finisher: neighbouring flows get unlike hands. */
    private static long mixed(long value) {
        long z = value + 0x9e3779b97f4a7c15L;
        z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }

    private boolean mayStart(State state, int width, boolean ownSeatsOnly) {
        int most = state.level.seats() + (ownSeatsOnly ? 0 : state.level.borrowMax());
        if (state.used + width > most) {
            return false;
        }
        int kept = 0;
        for (State other : states.values()) {
            kept += other == state ? 0 : other.keptFree();
        }
        return used + width + kept <= seats;
    }

    private Ticket start(State state, Line line, int width) {
        occupy(state, line, width);
        return ticket(state, line, width);
    }

    private void occupy(State state, Line line, int width) {
        if (line.runningSeats == 0) {
            line.virtual = Math.max(line.virtual, state.virtual);
        }
        state.virtual = Math.max(state.virtual, line.virtual);
        line.virtual += width * GUESS_SECONDS;
        line.runningSeats += width;
        state.used += width;
        used += width;
    }

    private Ticket ticket(State state, Line line, int width) {
        long start = time.nanoTime();
        return () -> {
            double seconds = (time.nanoTime() - start) / 1e9;
            synchronized (this) {
                line.virtual += width * (seconds - GUESS_SECONDS);
                line.runningSeats -= width;
                state.used -= width;
                used -= width;
                dispatch();
            }
        };
    }

    /** Starts whoever may start now: levels on their own seats first, then those that borrow. */
    private void dispatch() {
        for (boolean ownSeatsOnly : new boolean[] {true, false}) {
            for (State state : states.values()) {
                Line line = state.waiting == 0 ? null : state.next();
                while (line != null
                        && mayStart(state, line.waiting.element().width, ownSeatsOnly)) {
                    Waiter waiter = line.waiting.remove();
                    line.waitingSeats -= waiter.width;
                    state.waiting--;
                    occupy(state, line, waiter.width);
                    waiter.admitted = true;
                    LockSupport.unpark(waiter.thread);
                    line = state.waiting == 0 ? null : state.next();
                }
            }
        }
    }

    /** Seats in use now. */
    synchronized int used() {
        return used;
    }

    /** Requests that wait at a level. */
    synchronized int waiting(String level) {
        State state = states.get(level);
        return state == null ? 0 : state.waiting;
    }
}
