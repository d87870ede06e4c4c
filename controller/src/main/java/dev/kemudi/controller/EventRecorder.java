package dev.kemudi.controller;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiClient;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Patch;
import dev.kemudi.api.Resource;
import dev.kemudi.kernel.TimeSource;
import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;

/**
 * Writes Events ({@code kubectl describe} shows them). Never blocks and never throws: Events wait
 * in a bounded queue for one writer, and what does not fit is dropped and counted. The same Event
 * again counts up the first one. Safe for use by many threads.
 */
public final class EventRecorder implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(EventRecorder.class.getName());
    private static final int MESSAGE_LENGTH_MAX = 1_024;

    /** How {@code kubectl} colours it. */
    public enum Type {
        NORMAL("Normal"),
        WARNING("Warning");

        private final String word;

        Type(String word) {
            this.word = word;
        }
    }

    private record Identity(String uid, Type type, String reason, String message) {}

    private record Occurrence(
            ApiObject regarding, Type type, String reason, String message, Instant at) {
        Identity identity() {
            return new Identity(regarding.uid(), type, reason, message);
        }
    }

    private static final class Written {
        final String name;
        int count = 1;

        Written(String name) {
            this.name = name;
        }
    }

    private final ApiClient client;
    private final String component;
    private final TimeSource time;
    private final ArrayBlockingQueue<Occurrence> pending;
    private final Map<Identity, Written> remembered;
    private final CounterDataPoint recorded;
    private final CounterDataPoint dropped;
    private final Thread writer;

    /**
     * @param component who says it, such as {@code deployment-controller}
     */
    public EventRecorder(
            ApiClient client,
            String component,
            TimeSource time,
            Limits limits,
            ControllerMetrics metrics) {
        this.client = client;
        this.component = component;
        this.time = time;
        this.pending = new ArrayBlockingQueue<>(limits.recorderPendingEvents());
        int most = limits.recorderRememberedEvents();
        this.remembered =
                new LinkedHashMap<>(16, 0.75f, true) {
                    @Override
                    protected boolean removeEldestEntry(Map.Entry<Identity, Written> eldest) {
                        return size() > most;
                    }
                };
        this.recorded = metrics.recorded.labelValues(component);
        this.dropped = metrics.recordsDropped.labelValues(component);
        this.writer = Thread.ofVirtual().name("events " + component).start(this::write);
    }

    /**
     * Records what happened, without waiting; dropped and counted when too many wait.
     *
     * @param regarding the object it is about
     */
    public void event(ApiObject regarding, Type type, String reason, String message) {
        String text =
                message.length() <= MESSAGE_LENGTH_MAX
                        ? message
                        : message.substring(0, MESSAGE_LENGTH_MAX);
        Occurrence occurrence =
                new Occurrence(
                        regarding, type, reason, text, time.now().truncatedTo(ChronoUnit.SECONDS));
        if (!pending.offer(occurrence)) {
            dropped.inc();
        }
    }

    public void normal(ApiObject regarding, String reason, String message) {
        event(regarding, Type.NORMAL, reason, message);
    }

    public void warning(ApiObject regarding, String reason, String message) {
        event(regarding, Type.WARNING, reason, message);
    }

    private void write() {
        try {
            while (true) {
                Occurrence occurrence = pending.take();
                try {
                    writeOne(occurrence);
                    recorded.inc();
                } catch (RuntimeException e) {
                    dropped.inc();
                    LOG.log(
                            System.Logger.Level.DEBUG,
                            "an Event was not written: " + occurrence.reason,
                            e);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void writeOne(Occurrence occurrence) {
        Written written = remembered.get(occurrence.identity());
        if (written != null) {
            try {
                countUp(occurrence, written);
                return;
            } catch (ApiException e) {
                if (!e.notFound()) {
                    throw e;
                }
                remembered.remove(occurrence.identity());
            }
        }
        ApiObject event = create(occurrence);
        remembered.put(occurrence.identity(), new Written(event.name()));
    }

    private void countUp(Occurrence occurrence, Written written) {
        ObjectNode change = JsonNodeFactory.instance.objectNode();
        change.put("count", written.count + 1).put("lastTimestamp", occurrence.at.toString());
        change.put("message", occurrence.message);
        byte[] body = change.toString().getBytes(StandardCharsets.UTF_8);
        client.patch(
                Resource.EVENTS,
                namespaceOf(occurrence.regarding),
                written.name,
                new Patch(Patch.Type.MERGE, body, component, false, ""));
        written.count++;
    }

    private ApiObject create(Occurrence occurrence) {
        ApiObject regarding = occurrence.regarding;
        String name =
                regarding.name()
                        + "."
                        + Long.toHexString(
                                time.epochMillis() * 1_000_000 + time.nanoTime() % 1_000_000);
        ApiObject event =
                ApiObject.named(Resource.EVENTS, namespaceOf(regarding), name)
                        .edit(tree -> {
                            ObjectNode about = tree.putObject("involvedObject");
                            about.put("apiVersion", regarding.apiVersion())
                                    .put("kind", regarding.kind());
                            about.put("namespace", regarding.namespace())
                                    .put("name", regarding.name());
                            about.put("uid", regarding.uid())
                                    .put("resourceVersion", regarding.resourceVersion());
                            tree.put("type", occurrence.type.word).put("reason", occurrence.reason);
                            tree.put("message", occurrence.message).put("count", 1);
                            tree.put("firstTimestamp", occurrence.at.toString())
                                    .put("lastTimestamp", occurrence.at.toString());
                            tree.putObject("source").put("component", component);
                            tree.put("reportingComponent", component).put("reportingInstance", "");
                        });
        return client.create(Resource.EVENTS, event);
    }

    /** Events about cluster-scoped objects live in {@code default}. */
    private static String namespaceOf(ApiObject regarding) {
        return regarding.namespace().isEmpty() ? "default" : regarding.namespace();
    }

    /** Stops; what waits is not written. */
    @Override
    public void close() {
        writer.interrupt();
    }
}
