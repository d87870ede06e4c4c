package dev.kemudi.kernel;

import dev.kemudi.kernel.Admission.Admitted;
import dev.kemudi.kernel.Admission.Reason;
import dev.kemudi.kernel.Admission.Refused;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/*
 * How a task gets in
 * ------------------
 * One lock guards the permits, the line of waiters and the set of running threads. A place that comes free
 * is given, still under the lock, to the first waiter in line who may have it; so a free place and a waiter
 * who may take it never exist at the same time, and a newcomer cannot overtake one.
 *
 * What holds always
 * -----------------
 * - running <= permits, and every reserve can be claimed at any time (see Permits).
 * - A refusal leaves nothing behind. An admitted task runs exactly once, on a fresh virtual thread.
 *
 * What was tried and refused
 * --------------------------
 * A java.util.concurrent.Semaphore per tenant: two acquisitions cannot be made one step, and a tenant's
 * waiter at the head of a fair semaphore blocks others who could run.
 */
/**
 * Runs each task on a fresh virtual thread behind a named number of permits. {@link #offer} never
 * blocks: a refusal is a value. {@link #submit} waits its turn. The task runs in the caller's
 * {@link Context}. Safe for use by many threads.
 */
public final class BoundedExecutor implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(BoundedExecutor.class.getName());

    private final String name;
    private final Limits limits;
    private final ExecutorMetrics metrics;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition idle = lock.newCondition();
    private final ArrayDeque<Waiter> line = new ArrayDeque<>();
    private final Set<Thread> threads = new HashSet<>();
    private final Permits permits;
    private long tickets;
    private boolean closed;

    /** An executor whose tenants all share its permits. */
    public BoundedExecutor(String name, int permits, Limits limits, PrometheusRegistry registry) {
        this(name, permits, Map.of(), limits, registry);
    }

    /**
     * @param name appears in thread names and as the label {@code executor}; one executor per name
     *     and registry
     * @param reserves places that only the named tenant may take; their sum may not exceed {@code
     *     permits}
     */
    public BoundedExecutor(
            String name,
            int permits,
            Map<String, Integer> reserves,
            Limits limits,
            PrometheusRegistry registry) {
        this.name = name;
        this.limits = limits;
        this.permits = new Permits(permits, reserves);
        metrics = new ExecutorMetrics(name, permits, this::running, registry);
    }

    /** Runs the task now or refuses it; never blocks. */
    public Admission offer(Runnable task) {
        return offer("", task);
    }

    /** As {@link #offer(Runnable)}, on the account of a tenant. */
    public Admission offer(String tenant, Runnable task) {
        lock.lock();
        try {
            Reason reason = closed ? Reason.CLOSED : permits.take(tenant);
            return reason == null ? start(tenant, task) : refuse(reason);
        } finally {
            lock.unlock();
        }
    }

    /** As {@link #submit(String, Runnable, long)} for no particular tenant. */
    public Admission submit(Runnable task, long timeoutMillis) throws InterruptedException {
        return submit("", task, timeoutMillis);
    }

    /**
     * Waits for a place until {@code timeoutMillis} passed or the current context's deadline is
     * reached; refuses then. Waiters are served in the order of arrival as far as their tenants'
     * shares permit. The wait is measured on the machine's clock.
     *
     * @throws CancelledException when the current context has ended already
     */
    public Admission submit(String tenant, Runnable task, long timeoutMillis)
            throws InterruptedException {
        Context context = Context.current();
        context.checkActive();
        long leftNanos =
                TimeUnit.MILLISECONDS.toNanos(Math.min(timeoutMillis, context.remainingMillis()));
        lock.lockInterruptibly();
        try {
            Reason reason = closed ? Reason.CLOSED : permits.take(tenant);
            if (reason == null) {
                return start(tenant, task);
            }
            if (closed || line.size() >= limits.executorWaitersMax()) {
                return refuse(reason);
            }
            Waiter self = new Waiter(tenant, task, context, lock.newCondition());
            line.add(self);
            return await(self, reason, leftNanos);
        } finally {
            lock.unlock();
        }
    }

    private Admission await(Waiter self, Reason reason, long timeoutNanos)
            throws InterruptedException {
        long leftNanos = timeoutNanos;
        try {
            while (self.answer == null && leftNanos > 0) {
                leftNanos = self.turn.awaitNanos(leftNanos);
            }
        } catch (InterruptedException e) {
            if (self.answer == null) {
                throw e;
            }
            Thread.currentThread().interrupt();
        } finally {
            if (self.answer == null) {
                line.remove(self);
            }
        }
        return self.answer == null ? refuse(reason) : self.answer;
    }

    private Refused refuse(Reason reason) {
        metrics.refused(reason);
        return new Refused(reason, reason == Reason.CLOSED ? 0 : limits.retryAfterMillis());
    }

    private Admitted start(String tenant, Runnable task) {
        return start(tenant, task, Context.current());
    }

    private Admitted start(String tenant, Runnable task, Context context) {
        long ticket = ++tickets;
        Thread thread =
                Thread.ofVirtual()
                        .name(name + "-" + ticket)
                        .unstarted(() -> runTask(tenant, task, context));
        threads.add(thread);
        metrics.admitted();
        thread.start();
        return new Admitted(ticket);
    }

    private void runTask(String tenant, Runnable task, Context context) {
        try {
            context.run(task);
        } catch (Throwable e) {
            metrics.failed();
            LOG.log(Level.WARNING, "a task of executor " + name + " failed", e);
        } finally {
            finished(tenant);
        }
    }

    private void finished(String tenant) {
        lock.lock();
        try {
            threads.remove(Thread.currentThread());
            permits.give(tenant);
            serveLine();
            if (permits.running() == 0) {
                idle.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    private void serveLine() {
        for (Iterator<Waiter> waiters = line.iterator();
                waiters.hasNext() && permits.running() < permits.permits(); ) {
            Waiter waiter = waiters.next();
            if (permits.take(waiter.tenant) == null) {
                waiters.remove();
                waiter.answer(start(waiter.tenant, waiter.task, waiter.context));
            }
        }
    }

    /** Tasks running now. */
    public int running() {
        lock.lock();
        try {
            return permits.running();
        } finally {
            lock.unlock();
        }
    }

    /** As {@link #close(long)} with {@link Limits#closeMillis}. */
    @Override
    public void close() {
        close(limits.closeMillis());
    }

    /**
     * Refuses newcomers and waiters, waits for running tasks, interrupts what still runs after half
     * of the time and waits for that too. Further calls wait likewise.
     *
     * @return whether all tasks ended in time
     */
    public boolean close(long timeoutMillis) {
        lock.lock();
        try {
            closed = true;
            line.forEach(waiter -> waiter.answer(refuse(Reason.CLOSED)));
            line.clear();
            if (!awaitIdle(timeoutMillis / 2)) {
                List.copyOf(threads).forEach(Thread::interrupt);
                if (!awaitIdle(timeoutMillis - timeoutMillis / 2)) {
                    LOG.log(
                            Level.WARNING,
                            "executor {0} closed while {1} tasks ignore their interrupt",
                            name,
                            threads.size());
                }
            }
            return permits.running() == 0;
        } finally {
            lock.unlock();
            metrics.close();
        }
    }

    private boolean awaitIdle(long millis) {
        long left = TimeUnit.MILLISECONDS.toNanos(millis);
        try {
            while (permits.running() > 0 && left > 0) {
                left = idle.awaitNanos(left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return permits.running() == 0;
    }

    private static final class Waiter {
        private final String tenant;
        private final Runnable task;
        private final Context context;
        private final Condition turn;
        private @Nullable Admission answer;

        Waiter(String tenant, Runnable task, Context context, Condition turn) {
            this.tenant = tenant;
            this.task = task;
            this.context = context;
            this.turn = turn;
        }

        void answer(Admission given) {
            answer = given;
            turn.signal();
        }
    }
}
