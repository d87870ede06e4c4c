package dev.kemudi.etcd;

import io.grpc.ForwardingServerCall;
import io.grpc.ForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Counts calls and lets only so many through at a time; streams are bounded per connection by the
 * transport.
 */
final class CallGate implements ServerInterceptor, AutoCloseable {
    private final PrometheusRegistry registry;
    private final Semaphore permits;
    private final Counter calls;
    private final Gauge open;
    private final Map<String, CounterDataPoint> fine = new ConcurrentHashMap<>();

    CallGate(int callsMax, PrometheusRegistry registry) {
        this.registry = registry;
        permits = new Semaphore(callsMax);
        calls =
                Counter.builder()
                        .name("kemudi_etcd_calls_total")
                        .help("Finished calls by method and gRPC code.")
                        .labelNames("method", "code")
                        .register(registry);
        open =
                Gauge.builder()
                        .name("kemudi_etcd_open_calls")
                        .help("Calls and streams that are open.")
                        .register(registry);
    }

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        String method = call.getMethodDescriptor().getFullMethodName();
        boolean counted = call.getMethodDescriptor().getType() == MethodDescriptor.MethodType.UNARY;
        if (counted && !permits.tryAcquire()) {
            calls.labelValues(method, Status.Code.RESOURCE_EXHAUSTED.name()).inc();
            call.close(Errors.TOO_MANY, new Metadata());
            return new ServerCall.Listener<>() {};
        }
        open.inc();
        AtomicBoolean over = new AtomicBoolean();
        Runnable finish =
                () -> {
                    if (over.compareAndSet(false, true)) {
                        open.dec();
                        if (counted) {
                            permits.release();
                        }
                    }
                };
        ServerCall<Q, A> watched =
                new ForwardingServerCall.SimpleForwardingServerCall<>(call) {
                    @Override
                    public void close(Status status, Metadata trailers) {
                        count(method, status.getCode());
                        super.close(status, trailers);
                    }
                };
        return new ForwardingServerCallListener.SimpleForwardingServerCallListener<>(
                next.startCall(watched, headers)) {
            @Override
            public void onComplete() {
                finish.run();
                super.onComplete();
            }

            @Override
            public void onCancel() {
                finish.run();
                super.onCancel();
            }
        };
    }

    private void count(String method, Status.Code code) {
        if (code == Status.Code.OK) {
            fine.computeIfAbsent(method, m -> calls.labelValues(m, code.name())).inc();
        } else {
            calls.labelValues(method, code.name()).inc();
        }
    }

    /** Takes its series out of the registry, so that a server may be started upon it again. */
    @Override
    public void close() {
        registry.unregister(calls);
        registry.unregister(open);
    }
}
