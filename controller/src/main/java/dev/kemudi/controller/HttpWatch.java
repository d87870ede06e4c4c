package dev.kemudi.controller;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Json;
import dev.kemudi.api.Status;
import dev.kemudi.api.WatchEvent;
import dev.kemudi.api.WatchStream;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;

/** A watch over HTTP: one JSON event per line. */
final class HttpWatch implements WatchStream {
    private static final System.Logger LOG = System.getLogger(HttpWatch.class.getName());
    private static final String INITIAL_END = "/metadata/annotations/k8s.io~1initial-events-end";

    private final InputStream body;
    private final int lineBytesMax;
    private volatile boolean closed;

    HttpWatch(InputStream body, int lineBytesMax) {
        this.body = new BufferedInputStream(body);
        this.lineBytesMax = lineBytesMax;
    }

    @Override
    public Optional<WatchEvent> next() throws InterruptedException {
        try {
            byte[] line = line();
            if (line.length == 0) {
                return Optional.empty();
            }
            return Optional.of(event(Json.MAPPER.readTree(line)));
        } catch (IOException e) {
            if (Thread.interrupted()) {
                throw new InterruptedException("interrupted while waiting for an event");
            }
            if (!closed) {
                LOG.log(System.Logger.Level.DEBUG, "a watch broke off", e);
            }
            return Optional.empty();
        }
    }

    private byte[] line() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream(4_096);
        for (int b = body.read(); b >= 0 && b != '\n'; b = body.read()) {
            line.write(b);
            if (line.size() > lineBytesMax) {
                throw new IOException(
                        "expected an event of at most "
                                + lineBytesMax
                                + " bytes, found a longer one");
            }
        }
        return line.toByteArray();
    }

    private static WatchEvent event(JsonNode event) throws IOException {
        if (!(event.path("object") instanceof ObjectNode tree)) {
            throw new IOException("expected an event with an object, found: " + event);
        }
        ApiObject object = ApiObject.of(tree);
        return switch (event.path("type").asText()) {
            case "ADDED" -> new WatchEvent.Added(object);
            case "MODIFIED" -> new WatchEvent.Modified(object);
            case "DELETED" -> new WatchEvent.Deleted(object);
            case "BOOKMARK" ->
                    new WatchEvent.Bookmark(
                            object.resourceVersion(), object.text(INITIAL_END).equals("true"));
            case "ERROR" -> new WatchEvent.Failed(Status.from(tree));
            default ->
                    throw new IOException(
                            "expected a known event type, found: " + event.path("type"));
        };
    }

    @Override
    public void close() {
        closed = true;
        try {
            body.close();
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "closing a watch failed", e);
        }
    }
}
