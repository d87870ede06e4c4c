package dev.kemudi.log;

import dev.kemudi.kernel.TimeSource;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.nio.file.Path;

/** Makes the log beneath a state machine: which kind is the embedder's choice. */
@FunctionalInterface
public interface LogOpener {
    /**
     * Opens, or creates, the log in {@code directory} and brings {@code machine} up to what the log
     * holds.
     *
     * @throws IOException when the directory is in use or cannot be used
     */
    <R> Log<R> open(
            Path directory, StateMachine<R> machine, TimeSource time, PrometheusRegistry registry)
            throws IOException;
}
