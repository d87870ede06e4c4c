package dev.kemudi.observe;

import dev.kemudi.kernel.TraceContext;
import dev.kemudi.kernel.Tracer;
import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.lang.System.Logger.Level;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/*
 * Where a span goes
 * -----------------
 * Always into a ring of the last spans, which /debug/traces reads: one counter and one slot, no lock. And,
 * where a collector is configured, into a bounded queue that one virtual thread empties in batches. A full
 * queue drops the new span and counts it: a slow collector must never slow what it watches.
 */
/**
 * Keeps the last spans and sends all of them to an OTLP/HTTP collector when there is one. Safe for
 * use by many threads; {@link #finished} never waits.
 */
public final class SpanExporter implements Tracer, AutoCloseable {
    private static final System.Logger LOG = System.getLogger(SpanExporter.class.getName());

    private static final Span WAKE =
            new Span(new TraceContext(0, 0, 0, false), 0, "", Kind.INTERNAL, 0, 0, "");

    private final Limits limits;
    private final AtomicReferenceArray<@Nullable Span> ring;
    private final AtomicLong next = new AtomicLong();
    private final ArrayBlockingQueue<Span> queue;
    private final CounterDataPoint finished;
    private final CounterDataPoint exported;
    private final CounterDataPoint droppedFull;
    private final CounterDataPoint droppedFailed;
    private final String serviceName;
    private final @Nullable OtlpSender sender;
    private final @Nullable Thread thread;
    private volatile boolean closed;

    private SpanExporter(
            Optional<URI> endpoint,
            Map<String, String> headers,
            String serviceName,
            Limits limits,
            PrometheusRegistry registry) {
        this.limits = limits;
        this.serviceName = serviceName;
        ring = new AtomicReferenceArray<>(limits.spansKept());
        queue = new ArrayBlockingQueue<>(limits.spansQueued());
        finished =
                counter(registry, "kemudi_observe_spans_total", "Spans that ended.").labelValues();
        exported =
                counter(
                                registry,
                                "kemudi_observe_spans_exported_total",
                                "Spans that a collector took.")
                        .labelValues();
        Counter dropped =
                counter(
                        registry,
                        "kemudi_observe_spans_dropped_total",
                        "Spans that no collector will see.",
                        "reason");
        droppedFull = dropped.labelValues("queue_full");
        droppedFailed = dropped.labelValues("export_failed");
        sender = endpoint.map(uri -> new OtlpSender(uri, headers, limits)).orElse(null);
        thread =
                sender == null
                        ? null
                        : Thread.ofVirtual().name("kemudi-span-export").start(() -> export(sender));
    }

    private static Counter counter(
            PrometheusRegistry registry, String name, String help, String... labels) {
        return Counter.builder()
                .name(name)
                .help(help)
                .withoutExemplars()
                .labelNames(labels)
                .register(registry);
    }

    /** Keeps the last spans and sends none. */
    public static SpanExporter local(Limits limits, PrometheusRegistry registry) {
        return new SpanExporter(Optional.empty(), Map.of(), "kemudi", limits, registry);
    }

    /**
     * As OpenTelemetry's environment variables say: {@code OTEL_EXPORTER_OTLP_TRACES_ENDPOINT} or
     * {@code OTEL_EXPORTER_OTLP_ENDPOINT}, {@code OTEL_EXPORTER_OTLP_HEADERS}, {@code
     * OTEL_SERVICE_NAME}. Sends nothing when no endpoint is set.
     *
     * @throws IllegalArgumentException when the endpoint is not an http or https URL, or a header
     *     has no {@code =}
     */
    public static SpanExporter fromEnvironment(
            Map<String, String> environment, Limits limits, PrometheusRegistry registry) {
        OtlpSettings settings = OtlpSettings.from(environment);
        return new SpanExporter(
                settings.endpoint(), settings.headers(), settings.serviceName(), limits, registry);
    }

    @Override
    public void finished(Span span) {
        finished.inc();
        ring.set((int) (next.getAndIncrement() % ring.length()), span);
        if (sender != null && !queue.offer(span)) {
            droppedFull.inc();
        }
    }

    /** The spans still kept, oldest first; of one trace when {@code traceId} is not empty. */
    List<Span> kept(String traceId) {
        List<Span> spans = new ArrayList<>();
        long end = next.get();
        for (long at = Math.max(0, end - ring.length()); at < end; at++) {
            Span span = ring.get((int) (at % ring.length()));
            if (span != null && (traceId.isEmpty() || matches(span.context(), traceId))) {
                spans.add(span);
            }
        }
        return spans;
    }

    /** The kept spans in OTLP's JSON. */
    String keptJson(String traceId) {
        return OtlpJson.encode(serviceName, kept(traceId));
    }

    private static boolean matches(TraceContext context, String traceId) {
        return context.traceId().equals(traceId);
    }

    private void export(OtlpSender to) {
        List<Span> batch = new ArrayList<>();
        while (!closed || !queue.isEmpty()) {
            try {
                gather(batch);
            } catch (InterruptedException e) {
                throw new IllegalStateException("nobody interrupts the exporter", e);
            }
            batch.removeIf(span -> span == WAKE);
            if (!batch.isEmpty()) {
                send(to, batch);
                batch.clear();
            }
        }
    }

    private void gather(List<Span> batch) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(limits.batchMillis());
        while (batch.size() < limits.batchSpans()) {
            queue.drainTo(batch, limits.batchSpans() - batch.size());
            long left = end - System.nanoTime();
            if (closed || left <= 0 || batch.size() >= limits.batchSpans()) {
                return;
            }
            Span span = queue.poll(left, TimeUnit.NANOSECONDS);
            if (span != null) {
                batch.add(span);
            }
        }
    }

    private void send(OtlpSender to, List<Span> batch) {
        Optional<String> problem = to.send(OtlpJson.encode(serviceName, batch), () -> closed);
        if (problem.isEmpty()) {
            exported.inc(batch.size());
        } else {
            droppedFailed.inc(batch.size());
            LOG.log(Level.DEBUG, "{0} spans were dropped: {1}", batch.size(), problem.get());
        }
    }

    /** Sends what waits, trying each batch once, and ends; nothing is sent afterwards. */
    @Override
    public void close() {
        closed = true;
        Thread exporting = thread;
        if (exporting == null || sender == null) {
            return;
        }
        // An interrupt would also break off a request in progress. A full queue needs no waking.
        boolean woken = queue.offer(WAKE);
        LOG.log(Level.DEBUG, "span export ends, woken: {0}", woken);
        try {
            exporting.join(2L * limits.exportMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        sender.close();
    }
}
