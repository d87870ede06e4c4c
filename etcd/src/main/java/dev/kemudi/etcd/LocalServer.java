package dev.kemudi.etcd;

import io.grpc.BindableService;
import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.ServerInterceptor;
import io.grpc.ServerStreamTracer;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import org.jspecify.annotations.Nullable;

/**
 * The services within the process, for the gateway: messages are handed over as they are. Begins
 * with the first call, since most processes are never asked for JSON.
 */
final class LocalServer implements AutoCloseable {
    private final List<BindableService> services;
    private final List<ServerInterceptor> interceptors;
    private final ServerStreamTracer.Factory tracer;
    private final ExecutorService calls;
    private @Nullable Running running;
    private boolean closed;

    private record Running(Server server, ManagedChannel channel) {}

    /**
     * @param interceptors the innermost first
     */
    LocalServer(
            List<BindableService> services,
            List<ServerInterceptor> interceptors,
            ServerStreamTracer.Factory tracer,
            ExecutorService calls) {
        this.tracer = tracer;
        this.services = services;
        this.interceptors = interceptors;
        this.calls = calls;
    }

    synchronized Channel channel() {
        if (closed) {
            throw Errors.STOPPED.asRuntimeException();
        }
        if (running == null) {
            running = begin();
        }
        return running.channel();
    }

    private Running begin() {
        String name = UUID.randomUUID().toString();
        InProcessServerBuilder builder = InProcessServerBuilder.forName(name).executor(calls);
        interceptors.forEach(builder::intercept);
        builder.addStreamTracerFactory(tracer);
        services.forEach(builder::addService);
        try {
            return new Running(
                    builder.build().start(),
                    InProcessChannelBuilder.forName(name).executor(calls).build());
        } catch (IOException e) {
            throw new UncheckedIOException("a fresh name is always free", e);
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
        if (running != null) {
            running.channel().shutdownNow();
            running.server().shutdownNow();
        }
    }
}
