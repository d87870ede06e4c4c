package dev.kemudi.etcd;

import dev.kemudi.etcd.proto.AlarmMember;
import dev.kemudi.store.Store;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * What etcd answers beside the gateway: {@code /health}, {@code /livez}, {@code /readyz}, {@code
 * /version}, {@code /metrics}.
 *
 * @see <a href="https://etcd.io/docs/v3.5/op-guide/monitoring/">etcd: monitoring</a>
 */
final class HttpPages implements HttpConnection.Handler {
    private static final int OK = 200;
    private static final int NOT_FOUND = 404;
    private static final int NOT_ALLOWED = 405;
    private static final int UNAVAILABLE = 503;
    private static final String METRICS_TYPE = PrometheusTextFormatWriter.CONTENT_TYPE;

    private final Store store;
    private final Alarms alarms;
    private final Optional<JsonGateway> gateway;
    private final EtcdSeries series;
    private final long barrierMillis;

    /**
     * @param gateway answers what begins with {@code /v3}
     * @param barrierMillis how long a health check waits for a majority
     */
    HttpPages(
            Store store,
            Alarms alarms,
            Optional<JsonGateway> gateway,
            EtcdSeries series,
            long barrierMillis) {
        this.store = store;
        this.alarms = alarms;
        this.gateway = gateway;
        this.series = series;
        this.barrierMillis = barrierMillis;
    }

    @Override
    public Map<String, String> headers(FullHttpRequest request) {
        return Map.of(
                "Access-Control-Allow-Methods", "POST, GET, OPTIONS, PUT, DELETE",
                "Access-Control-Allow-Origin", "*",
                "Access-Control-Allow-Headers", "accept, content-type, authorization");
    }

    @Override
    public Runnable handle(FullHttpRequest request, HttpAnswer answer) {
        QueryStringDecoder url = new QueryStringDecoder(request.uri());
        String path = url.path();
        if (request.method().equals(HttpMethod.OPTIONS)) {
            answer.whole(OK, HttpAnswer.TEXT, "");
            return () -> {};
        }
        if (gateway.isPresent() && JsonGateway.knows(path)) {
            return gateway.get().handle(path, request, answer);
        }
        switch (path) {
            case "/health" -> get(request, answer, () -> health(url, answer));
            case "/livez" -> get(request, answer, () -> answer.whole(OK, HttpAnswer.TEXT, "ok\n"));
            case "/readyz" -> get(request, answer, () -> ready(answer));
            case "/version" -> get(request, answer, () -> version(answer));
            case "/metrics" -> get(request, answer, () -> answer.whole(OK, METRICS_TYPE, text()));
            default -> answer.whole(NOT_FOUND, HttpAnswer.TEXT, "404 page not found\n");
        }
        return () -> {};
    }

    private static void get(FullHttpRequest request, HttpAnswer answer, Runnable page) {
        if (request.method().equals(HttpMethod.GET) || request.method().equals(HttpMethod.HEAD)) {
            page.run();
        } else {
            answer.whole(
                    NOT_ALLOWED,
                    HttpAnswer.TEXT,
                    "Method Not Allowed\n".getBytes(StandardCharsets.US_ASCII),
                    Map.of("Allow", "GET"));
        }
    }

    private void health(QueryStringDecoder url, HttpAnswer answer) {
        List<String> excluded = url.parameters().getOrDefault("exclude", List.of());
        boolean serializable =
                url.parameters().getOrDefault("serializable", List.of()).contains("true");
        Optional<String> wrong = wrong(excluded, serializable);
        series.checked(wrong.isEmpty());
        if (wrong.isEmpty()) {
            answer.whole(OK, HttpAnswer.JSON, "{\"health\":\"true\"}");
        } else {
            // etcd 3.4 answers exactly this; what 3.5 adds to it as "reason" stands in the header.
            answer.whole(
                    UNAVAILABLE,
                    HttpAnswer.JSON,
                    "{\"health\":\"false\"}".getBytes(StandardCharsets.US_ASCII),
                    Map.of("Reason", wrong.get()));
        }
    }

    private Optional<String> wrong(List<String> excluded, boolean serializable) {
        for (AlarmMember alarm : alarms.standing()) {
            String name = alarm.getAlarm().name();
            if (!excluded.contains(name)) {
                return Optional.of("ALARM " + name);
            }
        }
        if (serializable) {
            return Optional.empty();
        }
        return store.standing().hasLeader() ? unreachable() : Optional.of("RAFT NO LEADER");
    }

    private Optional<String> unreachable() {
        try {
            store.readBarrier().get(barrierMillis, TimeUnit.MILLISECONDS);
            return Optional.empty();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return Optional.of("RANGE ERROR:interrupted");
        } catch (TimeoutException _) {
            return Optional.of("RANGE ERROR:etcdserver: request timed out");
        } catch (ExecutionException e) {
            String told = Errors.told(e).getStatus().getDescription();
            return Optional.of("RANGE ERROR:" + told);
        }
    }

    private void ready(HttpAnswer answer) {
        Optional<String> wrong = wrong(List.of("NOSPACE"), false);
        if (wrong.isEmpty()) {
            answer.whole(OK, HttpAnswer.TEXT, "ok\n");
        } else {
            answer.whole(UNAVAILABLE, HttpAnswer.TEXT, "[-]" + wrong.get() + "\n");
        }
    }

    private static void version(HttpAnswer answer) {
        answer.whole(
                OK,
                HttpAnswer.JSON,
                "{\"etcdserver\":\""
                        + Member.API_VERSION
                        + "\",\"etcdcluster\":\""
                        + Member.CLUSTER_VERSION
                        + "\"}");
    }

    private byte[] text() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            PrometheusTextFormatWriter.create().write(out, series.all());
        } catch (IOException e) {
            throw new UncheckedIOException("memory can always be written to", e);
        }
        return out.toByteArray();
    }
}
