package dev.kemudi.etcd;

import io.netty.util.internal.logging.InternalLoggerFactory;
import io.netty.util.internal.logging.JdkLoggerFactory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/**
 * One server in this process for all inputs of a fuzzer, and what escaped from its pipelines: Netty
 * tells it to the log alone. (Where Netty's loggers were made before, as beside other tests, that
 * is not seen; in the fuzzer it is.)
 */
final class FuzzedServer {
    private static final AtomicReference<Throwable> ESCAPED = new AtomicReference<>();

    /** Says each time that a client was not understood, which is what this is about. */
    private static final Logger TRANSPORT = Logger.getLogger("io.grpc.netty.NettyServerTransport");

    private static final Logger PIPELINE = watched();

    static final Running RUNNING = start();

    private FuzzedServer() {}

    private static Logger watched() {
        TRANSPORT.setLevel(Level.WARNING);
        InternalLoggerFactory.setDefaultFactory(JdkLoggerFactory.INSTANCE);
        Logger pipeline = Logger.getLogger("io.netty.channel.DefaultChannelPipeline");
        pipeline.addHandler(
                new Handler() {
                    @Override
                    public void publish(LogRecord record) {
                        boolean serious = record.getLevel().intValue() >= Level.WARNING.intValue();
                        if (serious && record.getThrown() != null) {
                            ESCAPED.compareAndSet(null, record.getThrown());
                        }
                    }

                    @Override
                    public void flush() {}

                    @Override
                    public void close() {}
                });
        return pipeline;
    }

    private static Running start() {
        try {
            return new Running(Running.plain());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Fails when something escaped since the last time. */
    static void check() {
        Throwable escaped = ESCAPED.getAndSet(null);
        // A connection that its client resets is nobody's fault.
        if (escaped != null && !(escaped instanceof IOException)) {
            throw new AssertionError("escaped to the end of " + PIPELINE.getName(), escaped);
        }
    }
}
