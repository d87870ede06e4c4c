package dev.kemudi.etcd;

import io.grpc.MethodDescriptor.MethodType;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;

/** What {@link CallGate} counts, under the names that Go's gRPC and etcd give it. */
final class GrpcNames {
    private static final String CALLS = "kemudi_etcd_calls";

    private GrpcNames() {}

    static List<MetricSnapshot> of(List<MetricSnapshot> ours, List<CallGate.Flow> flows) {
        return List.of(
                handled(ours, flows),
                byMethod("grpc_server_started", "Calls begun.", flows, CallGate.Flow::begun),
                byMethod(
                        "grpc_server_msg_received",
                        "Messages received.",
                        flows,
                        CallGate.Flow::received),
                byMethod("grpc_server_msg_sent", "Messages sent.", flows, CallGate.Flow::sent),
                total(
                        "etcd_network_client_grpc_received_bytes",
                        "Bytes of the messages of clients.",
                        flows,
                        CallGate.Flow::receivedBytes),
                total(
                        "etcd_network_client_grpc_sent_bytes",
                        "Bytes of the messages to clients.",
                        flows,
                        CallGate.Flow::sentBytes));
    }

    private static CounterSnapshot total(
            String name,
            String help,
            List<CallGate.Flow> flows,
            ToLongFunction<CallGate.Flow> value) {
        return CounterSnapshot.builder()
                .name(name)
                .help(help)
                .dataPoint(point(Labels.EMPTY, flows.stream().mapToLong(value).sum()))
                .build();
    }

    private static CounterSnapshot byMethod(
            String name,
            String help,
            List<CallGate.Flow> flows,
            ToLongFunction<CallGate.Flow> value) {
        CounterSnapshot.Builder counter = CounterSnapshot.builder().name(name).help(help);
        flows.forEach(flow ->
                counter.dataPoint(
                        point(labels(flow.method(), flow.type()), value.applyAsLong(flow))));
        return counter.build();
    }

    private static MetricSnapshot handled(List<MetricSnapshot> ours, List<CallGate.Flow> flows) {
        Map<String, MethodType> types =
                flows.stream()
                        .collect(Collectors.toMap(CallGate.Flow::method, CallGate.Flow::type));
        CounterSnapshot.Builder handled =
                CounterSnapshot.builder()
                        .name("grpc_server_handled")
                        .help("Finished calls by service, method and code.");
        for (MetricSnapshot snapshot : ours) {
            if (snapshot.getMetadata().getName().equals(CALLS)
                    && snapshot instanceof CounterSnapshot calls) {
                for (CounterDataPointSnapshot call : calls.getDataPoints()) {
                    String method = call.getLabels().get("method");
                    MethodType type = types.get(method);
                    if (type != null) { // and not what a client made up
                        String code = camel(call.getLabels().get("code"));
                        handled.dataPoint(
                                point(
                                        labels(method, type).add("grpc_code", code),
                                        call.getValue()));
                    }
                }
            }
        }
        return handled.build();
    }

    private static CounterDataPointSnapshot point(Labels labels, double value) {
        return CounterDataPointSnapshot.builder().labels(labels).value(value).build();
    }

    private static Labels labels(String fullMethod, MethodType type) {
        String[] parts = fullMethod.split("/", 2);
        return Labels.of(
                "grpc_method", parts[1], "grpc_service", parts[0], "grpc_type", goName(type));
    }

    private static String goName(MethodType type) {
        return switch (type) {
            case BIDI_STREAMING -> "bidi_stream";
            case SERVER_STREAMING -> "server_stream";
            case CLIENT_STREAMING -> "client_stream";
            case UNARY, UNKNOWN -> "unary";
        };
    }

    /** {@code NOT_FOUND} as {@code NotFound}, which is how Go writes it. */
    static String camel(String code) {
        return code.equals("OK")
                ? code
                : Arrays.stream(code.toLowerCase(Locale.ROOT).split("_"))
                        .map(word ->
                                word.substring(0, 1).toUpperCase(Locale.ROOT) + word.substring(1))
                        .collect(Collectors.joining());
    }
}
