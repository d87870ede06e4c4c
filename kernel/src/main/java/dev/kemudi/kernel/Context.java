package dev.kemudi.kernel;

import java.util.Optional;
import java.util.function.Consumer;

/*
 * How cancellation flows
 * ----------------------
 * A context is a small immutable handle: a trace and a Scope. A Scope is a node in a tree: it has a
 * deadline, ends at most once, and holds listeners: callbacks, and one per child. Ending a scope takes its
 * listeners out under its lock and runs them outside of it, so a callback may use any context without risk
 * of a deadlock.
 *
 * What holds always
 * -----------------
 * - A child ends no later than its parent, with the parent's cause.
 * - A scope that ended holds no listener, and its parent no longer holds it: long-lived parents do not grow.
 * - A callback runs exactly once, or never when it was removed before the end.
 *
 * What was tried and refused
 * --------------------------
 * A timer thread for every deadline: most requests never reach theirs and only ask checkActive(), which
 * reads the clock. So a scope starts its timer (one virtual thread) only when somebody listens.
 */
/**
 * The circumstances of a piece of work: its deadline, whether it was cancelled, and its trace. It
 * travels with the code through a {@link ScopedValue}: {@link #current()} finds it without a
 * parameter; whoever starts a thread binds it again with {@link #run} or {@link #call} ({@link
 * BoundedExecutor} and {@link Fanout} do).
 *
 * <p>Safe for use by many threads. No method blocks. Close what {@link #child()} and {@link
 * #withTimeout} return.
 */
public final class Context implements AutoCloseable {
    private static final ScopedValue<Context> CURRENT = ScopedValue.newInstance();
    private static final Context BACKGROUND = background(TimeSource.system());

    private final Scope scope;
    private final Optional<TraceContext> trace;

    private Context(Scope scope, Optional<TraceContext> trace) {
        this.scope = scope;
        this.trace = trace;
    }

    /** The context of the calling code; {@link #background()} where none was bound. */
    public static Context current() {
        return CURRENT.orElse(BACKGROUND);
    }

    /** The root on the machine's clock: no deadline, no trace, never ends. */
    public static Context background() {
        return BACKGROUND;
    }

    /** A root on another clock, for tests. */
    public static Context background(TimeSource time) {
        return new Context(Scope.root(time), Optional.empty());
    }

    /** A context that can be cancelled on its own and ends with this one. */
    public Context child() {
        return new Context(Scope.below(scope, scope.deadlineNanos()), trace);
    }

    /** A child that ends after {@code millis}, or with this one if that is sooner. */
    public Context withTimeout(long millis) {
        return new Context(Scope.below(scope, scope.deadlineAfter(millis)), trace);
    }

    /** The same deadline and cancellation with another trace; nothing new to close. */
    public Context withTrace(TraceContext newTrace) {
        return new Context(scope, Optional.of(newTrace));
    }

    /** The trace this work belongs to. */
    public Optional<TraceContext> trace() {
        return trace;
    }

    /** The clock by which deadlines are read. */
    public TimeSource time() {
        return scope.time();
    }

    /** Runs {@code body} with this context current. */
    public void run(Runnable body) {
        ScopedValue.where(CURRENT, this).run(body);
    }

    /** Calls {@code body} with this context current. */
    public <T, X extends Throwable> T call(ScopedValue.CallableOp<? extends T, X> body) throws X {
        return ScopedValue.where(CURRENT, this).<T, X>call(body::call);
    }

    /**
     * Ends this context and all below it.
     *
     * @param reason one sentence for people
     * @return whether this call ended it; false for one that had ended and for {@link
     *     #background()}
     */
    public boolean cancel(String reason) {
        return scope.end(new Cancellation(Cancellation.Reason.CANCELLED, reason, Optional.empty()));
    }

    /** As {@link #cancel(String)}, keeping what went wrong. */
    public boolean cancel(String reason, Throwable cause) {
        return scope.end(
                new Cancellation(Cancellation.Reason.CANCELLED, reason, Optional.of(cause)));
    }

    /** Why this context ended; empty while it is active. */
    public Optional<Cancellation> cancellation() {
        return scope.ended();
    }

    public boolean isActive() {
        return scope.ended().isEmpty();
    }

    /**
     * Returns at once while active.
     *
     * @throws CancelledException when this context ended
     */
    public void checkActive() {
        Optional<Cancellation> ended = scope.ended();
        if (ended.isPresent()) {
            throw new CancelledException(ended.get());
        }
    }

    /** Whether there is a deadline at all. */
    public boolean hasDeadline() {
        return scope.deadlineNanos().isPresent();
    }

    /**
     * Time left, 0 when ended, {@link Long#MAX_VALUE} without a deadline. Rounded up, so 0 means
     * that none is left.
     */
    public long remainingMillis() {
        return scope.remainingMillis();
    }

    /**
     * Calls back once when this context ends, on the thread that ends it (a timer's for a
     * deadline), or at once on this thread when it has ended. The callback must not block.
     *
     * @return closing it removes the callback
     * @throws IllegalStateException when {@link Limits#listenersMax} callbacks wait already
     */
    public Registration onCancel(Consumer<Cancellation> callback) {
        return scope.listen(callback);
    }

    /**
     * The work is done: ends what still hangs below and leaves the parent. Closing twice, or a
     * root, does nothing.
     */
    @Override
    public void close() {
        scope.end(
                new Cancellation(
                        Cancellation.Reason.FINISHED,
                        "the work it belonged to is finished",
                        Optional.empty()));
    }

    /** How many children and callbacks this context holds. */
    int listeners() {
        return scope.listeners();
    }

    /** A callback that can be removed. */
    @FunctionalInterface
    public interface Registration extends AutoCloseable {
        @Override
        void close();
    }
}
