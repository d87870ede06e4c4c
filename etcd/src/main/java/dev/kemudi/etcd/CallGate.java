package dev.kemudi.etcd;

import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/*
 * Counted below, refused above
 * ----------------------------
 * A tracer sees every stream begin and end, whatever became of it, and costs one object a call; the
 * interceptor only compares a number and passes the call on as it is. Wrapping each call and its listener
 * did the same and cost five objects.
 */
/**
 * Counts calls and lets only so many through at a time; streams are bounded per connection by the
 * transport.
 */
final class CallGate extends ServerStreamTracer.Factory
        implements ServerInterceptor, AutoCloseable {
    /** Stands for whatever a client makes up: its names must not become series. */
    private static final String UNKNOWN = "unknown";

    private final PrometheusRegistry registry;
    private final int callsMax;
    private final Counter calls;
    private final GaugeWithCallback open;
    private final AtomicInteger unary = new AtomicInteger();
    private final AtomicInteger streams = new AtomicInteger();
    private final Map<String, Kind> kinds = new ConcurrentHashMap<>();
    private final Kind unknown;

    /** One method, and what came and went by it. */
    final class Kind {
        private final String method;
        private final MethodType type;
        private final AtomicInteger running;
        private final CounterDataPoint fine;
        private final LongAdder begun = new LongAdder();
        private final LongAdder received = new LongAdder();
        private final LongAdder receivedBytes = new LongAdder();
        private final LongAdder sent = new LongAdder();
        private final LongAdder sentBytes = new LongAdder();

        Kind(String method, MethodType type, AtomicInteger running) {
            this.method = method;
            this.type = type;
            this.running = running;
            this.fine = calls.labelValues(method, Status.Code.OK.name());
        }

        void began() {
            running.incrementAndGet();
            begun.increment();
        }

        /**
         * @param bytes of the message alone; below zero when nobody knows
         */
        void received(long bytes) {
            received.increment();
            receivedBytes.add(Math.max(0, bytes));
        }

        /**
         * @param bytes of the message alone; below zero when nobody knows
         */
        void sent(long bytes) {
            sent.increment();
            sentBytes.add(Math.max(0, bytes));
        }

        Flow flow() {
            return new Flow(
                    method,
                    type,
                    begun.sum(),
                    received.sum(),
                    receivedBytes.sum(),
                    sent.sum(),
                    sentBytes.sum());
        }

        void ended(Status.Code code) {
            running.decrementAndGet();
            if (code == Status.Code.OK) {
                fine.inc();
            } else {
                calls.labelValues(method, code.name()).inc();
            }
        }
    }

    /** What came and went by one method since the start, in messages and their bytes. */
    record Flow(
            String method,
            MethodType type,
            long begun,
            long received,
            long receivedBytes,
            long sent,
            long sentBytes) {}

    CallGate(int callsMax, PrometheusRegistry registry) {
        this.registry = registry;
        this.callsMax = callsMax;
        calls =
                Counter.builder()
                        .name("kemudi_etcd_calls_total")
                        .help("Finished calls by method and gRPC code.")
                        .labelNames("method", "code")
                        .register(registry);
        open =
                GaugeWithCallback.builder()
                        .name("kemudi_etcd_open_calls")
                        .help("Calls and streams that are open.")
                        .callback(seen -> seen.call((double) unary.get() + streams.get()))
                        .register(registry);
        unknown = new Kind(UNKNOWN, MethodType.UNKNOWN, streams);
    }

    /** From now on this method has series of its own. */
    Kind knows(MethodDescriptor<?, ?> method) {
        boolean single = method.getType() == MethodType.UNARY;
        return kinds.computeIfAbsent(
                method.getFullMethodName(),
                name -> new Kind(name, method.getType(), single ? unary : streams));
    }

    /** By method, of those that are known. */
    List<Flow> flows() {
        return kinds.values().stream().map(Kind::flow).toList();
    }

    /** Whether one more unary call is too many. */
    boolean isFull() {
        return unary.get() > callsMax;
    }

    @Override
    public ServerStreamTracer newServerStreamTracer(String method, Metadata headers) {
        Kind kind = kinds.getOrDefault(method, unknown);
        kind.began();
        return new ServerStreamTracer() {
            @Override
            public void inboundMessageRead(int number, long wireBytes, long bytes) {
                kind.received(wireBytes);
            }

            @Override
            public void outboundMessageSent(int number, long wireBytes, long bytes) {
                kind.sent(bytes);
            }

            @Override
            public void streamClosed(Status status) {
                kind.ended(status.getCode());
            }
        };
    }

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        if (isFull() && call.getMethodDescriptor().getType() == MethodType.UNARY) {
            call.close(Errors.TOO_MANY, new Metadata());
            return new ServerCall.Listener<>() {};
        }
        return next.startCall(call, headers);
    }

    /** Takes its series out of the registry, so that a server may be started upon it again. */
    @Override
    public void close() {
        registry.unregister(calls);
        registry.unregister(open);
    }
}
