package dev.kemudi.etcd;

import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Executor;

/**
 * Takes calls off the event loop: what a client sends is told to the service by a virtual thread,
 * one at a time and in order. For services that block.
 */
final class Offload implements ServerInterceptor {
    private static final System.Logger LOG = System.getLogger(Offload.class.getName());

    private final Executor threads;

    /**
     * @param threads one per task
     */
    Offload(Executor threads) {
        this.threads = threads;
    }

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        return new Serial<>(call, next.startCall(call, headers), threads);
    }

    private static final class Serial<Q> extends ServerCall.Listener<Q> implements Runnable {
        private final ServerCall<Q, ?> call;
        private final ServerCall.Listener<Q> to;
        private final Executor threads;
        private final Context context = Context.current();

        /** Bounded by what the service asks for: one message at a time, and four ends. */
        private final Deque<Runnable> waiting = new ArrayDeque<>(2);

        private boolean running;

        Serial(ServerCall<Q, ?> call, ServerCall.Listener<Q> to, Executor threads) {
            this.call = call;
            this.to = to;
            this.threads = threads;
        }

        private void add(Runnable event) {
            synchronized (waiting) {
                waiting.add(event);
                if (running) {
                    return;
                }
                running = true;
            }
            threads.execute(context.wrap(this));
        }

        @Override
        public void run() {
            while (true) {
                Runnable next;
                synchronized (waiting) {
                    next = waiting.poll();
                    if (next == null) {
                        running = false;
                        return;
                    }
                }
                try {
                    next.run();
                } catch (RuntimeException e) {
                    // As gRPC does for services on its own executor.
                    LOG.log(Level.WARNING, "a call failed: " + call.getMethodDescriptor(), e);
                    call.close(Errors.told(e).getStatus(), new Metadata());
                }
            }
        }

        @Override
        public void onMessage(Q message) {
            add(() -> to.onMessage(message));
        }

        @Override
        public void onHalfClose() {
            add(to::onHalfClose);
        }

        @Override
        public void onCancel() {
            add(to::onCancel);
        }

        @Override
        public void onComplete() {
            add(to::onComplete);
        }

        @Override
        public void onReady() {
            add(to::onReady);
        }
    }
}
