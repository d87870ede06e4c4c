package dev.kemudi.apiserver;

import dev.kemudi.api.ApiException;
import dev.kemudi.api.Status;
import dev.kemudi.kernel.Spans;
import dev.kemudi.kernel.TimeSource;
import dev.kemudi.kernel.Tracer;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Before and after every request: how long it took, and whose trace it belongs to. */
final class Gate {
    private final Router router;
    private final Registry registry;
    private final Metrics metrics;
    private final Spans spans;
    private final TimeSource time;
    private volatile @Nullable RequestFilter filter;

    /** What a request is called in metrics and spans. */
    record Label(String verb, String resource, boolean streaming) {}

    Gate(
            Router router,
            Registry registry,
            Metrics metrics,
            Tracer tracer,
            TimeSource time,
            double tracedShare) {
        this.router = router;
        this.registry = registry;
        this.metrics = metrics;
        this.time = time;
        spans = new Spans(tracer, time, tracedShare);
    }

    void filter(RequestFilter before) {
        filter = before;
    }

    void handle(Exchange exchange) {
        Label label = label(exchange);
        Optional<Status> refused = refusal(exchange, label);
        if (refused.isPresent()) {
            Router.refuse(exchange, refused.get());
            return;
        }
        long start = time.nanoTime();
        int code = traced(exchange, label);
        if (!label.streaming()) {
            metrics.answered(label.verb(), label.resource(), code, (time.nanoTime() - start) / 1e9);
        }
    }

    private Optional<Status> refusal(Exchange exchange, Label label) {
        RequestFilter now = filter;
        if (now == null) {
            return Optional.empty();
        }
        try {
            return now.refusal(
                    new RequestFilter.Request(
                            label.verb(),
                            label.resource(),
                            exchange.rawPath(),
                            exchange.params().text("resourceVersion")));
        } catch (ApiException e) {
            return Optional.empty(); // parameters that cannot be read are refused further on
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.of(Status.of(503, "ServiceUnavailable", "the server is stopping"));
        }
    }

    private int traced(Exchange exchange, Label label) {
        String parent = exchange.header("traceparent").orElse("");
        try (Spans.Active span =
                spans.start(label.verb() + " " + label.resource(), Tracer.Kind.SERVER, parent)) {
            int[] code = {500};
            span.context().run(() -> code[0] = router.handle(exchange));
            if (code[0] >= 500) {
                span.fail("HTTP " + code[0]);
            }
            return code[0];
        }
    }

    private Label label(Exchange exchange) {
        String verb = exchange.method().toLowerCase(Locale.ROOT);
        List<String> segments;
        try {
            segments = exchange.segments();
        } catch (ApiException e) {
            return new Label(verb, "other", false);
        }
        Optional<RequestPath> path = RequestPath.parse(segments);
        Optional<Kind> kind = path.flatMap(p -> registry.find(p.group(), p.version(), p.plural()));
        if (path.isEmpty() || kind.isEmpty()) {
            return new Label(known(verb), "other", false);
        }
        boolean watch = path.get().watch() || verb.equals("get") && exchange.params().flag("watch");
        boolean log = path.get().subresource().equals("log");
        String word =
                switch (verb) {
                    case "get" -> watch ? "watch" : path.get().name().isEmpty() ? "list" : "get";
                    case "post" -> "create";
                    case "put" -> "update";
                    case "delete" -> path.get().name().isEmpty() ? "deletecollection" : "delete";
                    default -> known(verb);
                };
        return new Label(word, kind.get().resource().qualifiedName(), watch || log);
    }

    private static String known(String verb) {
        return switch (verb) {
            case "get", "head", "post", "put", "patch", "delete", "options" -> verb;
            default -> "other";
        };
    }
}
