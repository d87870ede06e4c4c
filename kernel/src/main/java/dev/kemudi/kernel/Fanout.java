package dev.kemudi.kernel;

import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/*
 * How a fan-out ends
 * ------------------
 * All children run in one child context of the opener's. The first failure cancels that context with the
 * failure as its cause and interrupts the other children; so does the end of the opener's context, and
 * close(). join() waits until all children have left, then answers for all of them. close() does the same
 * without answering: when the try block is left, no child is running.
 *
 * What was tried and refused
 * --------------------------
 * StructuredTaskScope says the same, and is a preview in Java 25.
 */
/**
 * Runs tasks side by side, each on its own virtual thread in the opener's context; the first
 * failure stops the rest.
 *
 * <pre>{@code
 * try (Fanout fanout = Fanout.open(limits)) {
 *     Fanout.Task<User> user = fanout.fork(() -> users.find(id));
 *     Fanout.Task<Cart> cart = fanout.fork(() -> carts.find(id));
 *     fanout.join();
 *     return page(user.get(), cart.get());
 * }
 * }</pre>
 *
 * <p>{@link #fork}, {@link #join} and {@link #close} are for the opener's thread.
 */
public final class Fanout implements AutoCloseable {
    private final Limits limits;
    private final Context context;
    private final Context.Registration onEnd;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition left = lock.newCondition();
    private final Set<Thread> running = new HashSet<>();
    private @Nullable Throwable failure;

    private Fanout(Limits limits) {
        this.limits = limits;
        context = Context.current().child();
        onEnd = context.onCancel(why -> interruptAll());
    }

    /** Opens a fan-out in the current context; close it in the same block. */
    public static Fanout open(Limits limits) {
        return new Fanout(limits);
    }

    /**
     * Starts a task; waits first while {@link Limits#fanoutRunningMax} run.
     *
     * @return where its result will be after {@link #join}
     * @throws CancelledException when the context has ended, so also after another child failed
     */
    public <T> Task<T> fork(Callable<? extends T> body) throws InterruptedException {
        Task<T> task = new Task<>();
        lock.lockInterruptibly();
        try {
            while (running.size() >= limits.fanoutRunningMax() && context.isActive()) {
                left.await();
            }
            context.checkActive();
            Thread thread =
                    Thread.ofVirtual().name("kemudi-fanout").unstarted(() -> runChild(task, body));
            running.add(thread);
            thread.start();
            return task;
        } finally {
            lock.unlock();
        }
    }

    /** As {@link #fork} for a task without a result. */
    public void run(Runnable body) throws InterruptedException {
        Callable<Boolean> done =
                () -> {
                    body.run();
                    return true;
                };
        fork(done);
    }

    private <T> void runChild(Task<T> task, Callable<? extends T> body) {
        try {
            T value = context.<T, Exception>call(body::call);
            lock.lock();
            try {
                task.value = Optional.of(value);
            } finally {
                lock.unlock();
            }
        } catch (Throwable e) {
            failed(e);
        } finally {
            lock.lock();
            try {
                running.remove(Thread.currentThread());
                left.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    private void failed(Throwable e) {
        lock.lock();
        try {
            if (failure != null || !context.isActive()) {
                return;
            }
            failure = e;
        } finally {
            lock.unlock();
        }
        context.cancel("another task of the same fan-out failed", e);
    }

    private void interruptAll() {
        lock.lock();
        try {
            running.forEach(thread -> {
                if (thread != Thread.currentThread()) {
                    thread.interrupt();
                }
            });
            left.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits until every child has left.
     *
     * @throws ExecutionException when a child failed, with the first failure as cause
     * @throws CancelledException when the context ended before all children had succeeded
     */
    public void join() throws InterruptedException, ExecutionException {
        lock.lockInterruptibly();
        try {
            while (!running.isEmpty()) {
                left.await();
            }
            if (failure != null) {
                throw new ExecutionException(failure);
            }
        } finally {
            lock.unlock();
        }
        context.checkActive();
    }

    /** The context in which the children run. */
    public Context context() {
        return context;
    }

    /**
     * Stops what still runs and waits until it has left, whatever interrupts this thread in the
     * meantime.
     */
    @Override
    public void close() {
        context.close();
        onEnd.close();
        lock.lock();
        try {
            while (!running.isEmpty()) {
                left.awaitUninterruptibly();
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Where one child's result arrives.
     *
     * @param <T> the result
     */
    public static final class Task<T> {
        private volatile Optional<T> value = Optional.empty();

        private Task() {}

        /**
         * @throws IllegalStateException before {@link Fanout#join} has returned normally
         */
        public T get() {
            return value.orElseThrow(
                    () -> new IllegalStateException("join() has not returned normally yet"));
        }
    }
}
