package dev.kemudi.etcd;

import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.EventExecutor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;

/*
 * Which thread does what
 * ----------------------
 * A call that cannot block is worked on by the event loop that read it: a put is offered to the log there,
 * a short range is read there. The store answers on its own thread, the applier, which has better things to
 * do than to write frames: it only hands the answer to the loop of the call. The loop takes all answers
 * that have gathered and flushes once. What may block or take long goes to virtual threads.
 *
 * Refused: a virtual thread per call that waits for the store (two switches and a stack a call: a third of
 * all CPU of a put); answering on the applier (each answer flushed by itself, and commits wait meanwhile).
 */
/** The threads of one server. Safe for use by many threads. */
final class Lanes {
    private final List<EventExecutor> loops = new ArrayList<>();
    private final Executor blocking;

    /**
     * @param blocking one virtual thread per task
     */
    Lanes(EventLoopGroup group, Executor blocking) {
        group.forEach(loops::add);
        this.blocking = blocking;
    }

    /** Where what may block or take long belongs. */
    Executor blocking() {
        return blocking;
    }

    /** Where an answer to the call that this thread works on is to be written. */
    Executor current() {
        for (EventExecutor loop : loops) {
            if (loop.inEventLoop()) {
                return loop;
            }
        }
        return blocking;
    }
}
