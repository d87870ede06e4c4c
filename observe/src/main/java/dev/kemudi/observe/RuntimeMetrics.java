package dev.kemudi.observe;

import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Info;
import io.prometheus.metrics.instrumentation.jvm.JvmBufferPoolMetrics;
import io.prometheus.metrics.instrumentation.jvm.JvmGarbageCollectorMetrics;
import io.prometheus.metrics.instrumentation.jvm.JvmMemoryMetrics;
import io.prometheus.metrics.instrumentation.jvm.JvmRuntimeInfoMetric;
import io.prometheus.metrics.instrumentation.jvm.ProcessMetrics;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.lang.management.ManagementFactory;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * What the JVM and the operating system know of this process. Registered at the first scrape, since
 * loading the management beans takes time that start-up does not have. Left out as too dear for
 * every scrape: deadlock search over all threads, the compiler's and each memory pool's allocation
 * listeners.
 */
final class RuntimeMetrics {
    private final PrometheusRegistry registry;
    private final String version;
    private final AtomicBoolean registered = new AtomicBoolean();

    RuntimeMetrics(PrometheusRegistry registry, String version) {
        this.registry = registry;
        this.version = version;
    }

    void registerOnce() {
        if (!registered.compareAndSet(false, true)) {
            return;
        }
        JvmMemoryMetrics.builder().register(registry);
        JvmGarbageCollectorMetrics.builder().register(registry);
        JvmBufferPoolMetrics.builder().register(registry);
        JvmRuntimeInfoMetric.builder().register(registry);
        ProcessMetrics.builder().register(registry);
        GaugeWithCallback.builder()
                .name("jvm_threads_current")
                .help("Platform threads alive.")
                .callback(callback ->
                        callback.call(ManagementFactory.getThreadMXBean().getThreadCount()))
                .register(registry);
        Info info =
                Info.builder()
                        .name("kemudi_build_info")
                        .help("The running build.")
                        .labelNames("version", "java")
                        .register(registry);
        info.setLabelValues(version, Runtime.version().toString());
    }
}
