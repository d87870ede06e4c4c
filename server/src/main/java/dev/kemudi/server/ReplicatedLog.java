package dev.kemudi.server;

import dev.kemudi.kernel.TimeSource;
import dev.kemudi.log.Log;
import dev.kemudi.log.LogOpener;
import dev.kemudi.log.StateMachine;
import dev.kemudi.logratis.Config;
import dev.kemudi.logratis.Limits;
import dev.kemudi.logratis.RatisLog;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * The replicated log beside where a log of one node would be, so that neither is taken for the
 * other.
 */
final class ReplicatedLog {
    private static final String FOLDER = "raft";

    /** Held, because the JDK forgets a logger's level with the logger. */
    private static final Logger SHADED_GRPC = Logger.getLogger("org.apache.ratis.thirdparty");

    private ReplicatedLog() {}

    /** Whether the store in {@code directory} has one. */
    static boolean isIn(Path directory) {
        return Files.isDirectory(directory.resolve(FOLDER));
    }

    /** Whether the store in {@code directory} was restored from a copy and never opened. */
    static boolean isRestored(Path directory) {
        return Files.isDirectory(directory)
                && !isIn(directory)
                && !Files.isDirectory(directory.resolve("log"));
    }

    static LogOpener opener(Config config) {
        // It says through java.util.logging which of its optional parts are not there.
        SHADED_GRPC.setLevel(Level.SEVERE);
        LogOpener opener = RatisLog.opener(config, Limits.defaults());
        return new LogOpener() {
            @Override
            public <R> Log<R> open(
                    Path log, StateMachine<R> machine, TimeSource time, PrometheusRegistry registry)
                    throws IOException {
                return opener.open(log.resolveSibling(FOLDER), machine, time, registry);
            }
        };
    }
}
