package dev.kemudi.conformance.testing;

import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.Descriptors.ServiceDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.TextFormat;
import dev.kemudi.etcd.proto.ElectionProto;
import dev.kemudi.etcd.proto.HealthProto;
import dev.kemudi.etcd.proto.LockProto;
import dev.kemudi.etcd.proto.RpcProto;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/*
 * The language of a session, one step a line
 * ------------------------------------------
 *   KV/Put key:"a" value:"b"        one call; the request in protobuf's text format
 *   open w Watch/Watch              a stream named w
 *   send w create_request { … }     one message on it
 *   read w 2                        waits for so many answers, and for silence after them
 *   close w                         half-closes and reads the rest
 *   token USER PASSWORD | token -   later calls carry USER's token, or none
 *   json PATH BODY                  POST to the JSON gateway
 *   get PATH                        an HTTP page
 *   ctl WORDS…                      etcdctl
 *   wait MILLIS                     time that must pass, for leases
 * <a|b> anywhere in a line makes two steps of it; several make all combinations.
 */
/** Plays a session against one server and flattens each answer into fields. */
final class Replay implements AutoCloseable {
    private static final int DEADLINE_SECONDS = 8;
    private static final int ATTEMPTS_MAX = 20;
    private static final Pattern CHOICE = Pattern.compile("<([^<>]*\\|[^<>]*)>");
    private static final Pattern WORD = Pattern.compile("'([^']*)'|(\\S+)");
    private static final List<FileDescriptor> FILES =
            List.of(
                    RpcProto.getDescriptor(),
                    LockProto.getDescriptor(),
                    ElectionProto.getDescriptor(),
                    HealthProto.getDescriptor());

    private final String endpoint;
    private final String etcdctl;
    private final ManagedChannel channel;
    private final HttpClient http = HttpClient.newHttpClient();
    private final Map<String, ReplayStream> streams = new HashMap<>();
    private String token = "";

    Replay(String endpoint, String etcdctl) {
        this.endpoint = endpoint;
        this.etcdctl = etcdctl;
        String[] address = endpoint.split(":");
        channel =
                NettyChannelBuilder.forAddress(address[0], Integer.parseInt(address[1]))
                        .usePlaintext()
                        .maxInboundMessageSize(64 << 20)
                        .build();
    }

    /** One step and what came of it: fields by path. */
    record Step(String line, Map<String, String> fields) {}

    static List<String> script(Path file) throws IOException {
        List<String> lines = new ArrayList<>();
        for (String line : Files.readAllLines(file)) {
            if (!line.isBlank() && !line.startsWith("#")) {
                expand(line.strip(), lines);
            }
        }
        return lines;
    }

    private static void expand(String line, List<String> into) {
        Matcher matcher = CHOICE.matcher(line);
        if (!matcher.find()) {
            into.add(line);
            return;
        }
        for (String choice : matcher.group(1).split("\\|", -1)) {
            expand(
                    line.substring(0, matcher.start()) + choice + line.substring(matcher.end()),
                    into);
        }
    }

    private ReplayStream stream(String name) {
        return Objects.requireNonNull(streams.get(name), () -> "no stream " + name + " is open");
    }

    Step step(String line) {
        String[] words = line.split(" ", 3);
        String second = words.length > 1 ? words[1] : "";
        String rest = words.length > 2 ? words[2] : "";
        Map<String, String> fields = new TreeMap<>();
        try {
            switch (words[0]) {
                case "open" -> streams.put(second, open(method(rest)));
                case "send" -> stream(second).send(rest);
                case "read" -> stream(second).read(Integer.parseInt(rest), fields);
                case "close" -> {
                    stream(second).close(fields);
                    streams.remove(second);
                }
                case "token" -> authenticate(second, rest, fields);
                case "json" -> json(second, rest, fields);
                case "get" -> page(second, fields);
                case "ctl" -> ctl(line.substring(4), fields);
                case "wait" -> Pace.millis(Long.parseLong(second));
                default -> call(words[0], line.substring(words[0].length()), fields);
            }
        } catch (StatusRuntimeException e) {
            fields.put("status", e.getStatus().getCode().name());
            fields.put("message", String.valueOf(e.getStatus().getDescription()));
        }
        return new Step(line, fields);
    }

    private static MethodDescriptor method(String name) {
        String[] parts = name.split("/");
        for (FileDescriptor file : FILES) {
            for (ServiceDescriptor service : file.getServices()) {
                if (service.getName().equals(parts[0])) {
                    MethodDescriptor method = service.findMethodByName(parts[1]);
                    if (method != null) {
                        return method;
                    }
                }
            }
        }
        throw new IllegalArgumentException("no method " + name + " in our .proto files");
    }

    static DynamicMessage message(MethodDescriptor method, String text) {
        DynamicMessage.Builder builder = DynamicMessage.newBuilder(method.getInputType());
        try {
            TextFormat.merge(text, builder);
        } catch (TextFormat.ParseException e) {
            throw new IllegalArgumentException(method.getFullName() + " " + text, e);
        }
        return builder.build();
    }

    static io.grpc.MethodDescriptor<DynamicMessage, DynamicMessage> wire(MethodDescriptor method) {
        boolean up = method.isClientStreaming();
        boolean down = method.isServerStreaming();
        io.grpc.MethodDescriptor.MethodType type =
                up
                        ? io.grpc.MethodDescriptor.MethodType.BIDI_STREAMING
                        : down
                                ? io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING
                                : io.grpc.MethodDescriptor.MethodType.UNARY;
        return io.grpc.MethodDescriptor.<DynamicMessage, DynamicMessage>newBuilder()
                .setType(type)
                .setFullMethodName(method.getService().getFullName() + "/" + method.getName())
                .setRequestMarshaller(
                        ProtoUtils.marshaller(
                                DynamicMessage.getDefaultInstance(method.getInputType())))
                .setResponseMarshaller(
                        ProtoUtils.marshaller(
                                DynamicMessage.getDefaultInstance(method.getOutputType())))
                .build();
    }

    private io.grpc.Channel channel() {
        if (token.isEmpty()) {
            return channel;
        }
        Metadata headers = new Metadata();
        headers.put(Metadata.Key.of("token", Metadata.ASCII_STRING_MARSHALLER), token);
        return io.grpc.ClientInterceptors.intercept(
                channel, MetadataUtils.newAttachHeadersInterceptor(headers));
    }

    private void call(String name, String text, Map<String, String> fields) {
        MethodDescriptor method = method(name);
        CallOptions options =
                CallOptions.DEFAULT.withDeadlineAfter(
                        ATTEMPTS_MAX + DEADLINE_SECONDS, TimeUnit.SECONDS);
        if (method.isServerStreaming()) {
            int[] count = {0};
            ClientCalls.blockingServerStreamingCall(
                            channel(), wire(method), options, message(method, text))
                    .forEachRemaining(answer -> count[0]++);
            fields.put("answers", count[0] > 0 ? "some" : "none");
            return;
        }
        DynamicMessage answer = retried(method, options, message(method, text));
        fields.put("status", "OK");
        Fields.flatten("", answer, fields);
    }

    /** Tries again what did not reach the server: it may be opening its store anew. */
    private DynamicMessage retried(
            MethodDescriptor method, CallOptions options, DynamicMessage request) {
        for (int attempt = 1; ; attempt++) {
            try {
                return ClientCalls.blockingUnaryCall(channel(), wire(method), options, request);
            } catch (StatusRuntimeException e) {
                if (!unreached(e) || attempt == ATTEMPTS_MAX) {
                    throw e;
                }
                channel.resetConnectBackoff();
                Pace.millis(500);
            }
        }
    }

    private static boolean unreached(StatusRuntimeException e) {
        return e.getStatus().getCode() == io.grpc.Status.Code.UNAVAILABLE
                && String.valueOf(e.getStatus().getDescription()).contains("io exception");
    }

    private ReplayStream open(MethodDescriptor method) {
        return new ReplayStream(channel(), method);
    }

    private void authenticate(String user, String password, Map<String, String> fields) {
        token = "";
        if (!user.equals("-")) {
            MethodDescriptor method = method("Auth/Authenticate");
            String text = "name:\"%s\" password:\"%s\"".formatted(user, password);
            DynamicMessage answer =
                    ClientCalls.blockingUnaryCall(
                            channel,
                            wire(method),
                            CallOptions.DEFAULT.withDeadlineAfter(
                                    DEADLINE_SECONDS, TimeUnit.SECONDS),
                            message(method, text));
            token = (String) answer.getField(method.getOutputType().findFieldByName("token"));
            fields.put("token", token.isEmpty() ? "none" : "some");
        }
    }

    private void json(String path, String body, Map<String, String> fields) {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create("http://" + endpoint + path))
                        .timeout(Duration.ofSeconds(DEADLINE_SECONDS))
                        .POST(HttpRequest.BodyPublishers.ofString(body));
        if (!token.isEmpty()) {
            request.header("Authorization", token);
        }
        String answer = http(request.build(), fields);
        Fields.flattenJson(answer, fields);
    }

    private void page(String path, Map<String, String> fields) {
        String answer =
                http(
                        HttpRequest.newBuilder(URI.create("http://" + endpoint + path))
                                .timeout(Duration.ofSeconds(DEADLINE_SECONDS))
                                .build(),
                        fields);
        if (path.equals("/metrics")) {
            Fields.metricNames(answer, fields);
        } else {
            Fields.flattenJson(answer, fields);
        }
    }

    private String http(HttpRequest request, Map<String, String> fields) {
        try {
            HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
            fields.put("http", Integer.toString(answer.statusCode()));
            fields.put("content-type", answer.headers().firstValue("content-type").orElse("none"));
            return answer.body();
        } catch (IOException | InterruptedException e) {
            fields.put("http", "failed: " + e.getClass().getSimpleName());
            return "";
        }
    }

    private void ctl(String words, Map<String, String> fields) {
        List<String> command = new ArrayList<>(List.of(etcdctl, "--endpoints=" + endpoint));
        Matcher matcher = WORD.matcher(words);
        while (matcher.find()) {
            command.add(matcher.group(1) != null ? matcher.group(1) : matcher.group(2));
        }
        Shell.Ended ended = Shell.run(Map.of("ETCDCTL_API", "3"), command);
        fields.put("exit", Integer.toString(ended.code()));
        int line = 0;
        for (String said : ended.said().split("\n")) {
            // Lines of the client's own log have its time in them and are no answer.
            if (!said.startsWith("{\"level\"")) {
                fields.put("said[%d]".formatted(line++), Fields.withoutIdentity(said, endpoint));
            }
        }
    }

    @Override
    public void close() {
        streams.values().forEach(ReplayStream::cancel);
        channel.shutdownNow();
    }
}
