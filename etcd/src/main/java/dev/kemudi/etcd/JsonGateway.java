package dev.kemudi.etcd;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.MessageOrBuilder;
import com.google.protobuf.Value;
import com.google.protobuf.util.JsonFormat;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * etcd's API as JSON: each call is posted to a path of its own and goes on to the very services
 * that gRPC calls, within the process. Bytes are base64, 64-bit numbers are strings, names are
 * those of the .proto files, what has its default is left out. A stream answers line by line with
 * {@code {"result":…}}.
 *
 * @see <a href="https://etcd.io/docs/v3.5/dev-guide/api_grpc_gateway/">etcd: gRPC gateway</a>
 */
final class JsonGateway {
    static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

    private static final int OK = 200;
    private static final int NOT_FOUND = 404;
    private static final int NOT_ALLOWED = 405;
    private static final JsonFormat.Printer PRINTER =
            JsonFormat.printer().preservingProtoFieldNames().omittingInsignificantWhitespace();
    private static final JsonFormat.Parser PARSER = JsonFormat.parser().ignoringUnknownFields();

    private final Supplier<Channel> channel;
    private final GatewayTurns turns;

    /**
     * @param channel to the services, in this process
     * @param callsMax at the same time, as if all came over one connection, which in etcd they do;
     *     those beyond wait
     */
    JsonGateway(Supplier<Channel> channel, int callsMax) {
        this.channel = channel;
        this.turns = new GatewayTurns(callsMax);
    }

    static boolean knows(String path) {
        return path.startsWith("/v3/") || path.startsWith("/v3beta/");
    }

    /** Returns what to run when the client leaves. */
    Runnable handle(String path, FullHttpRequest request, HttpAnswer answer) {
        Optional<MethodDescriptor<Message, Message>> method =
                JsonPaths.find(path.replaceFirst("^/v3beta/", "/v3/"));
        if (method.isEmpty()) {
            answer.whole(NOT_FOUND, HttpAnswer.TEXT, "Not Found\n");
            return () -> {};
        }
        if (!request.method().equals(HttpMethod.POST)) {
            answer.whole(NOT_ALLOWED, HttpAnswer.TEXT, "Method Not Allowed\n");
            return () -> {};
        }
        try {
            return call(method.get(), request, answer);
        } catch (InvalidProtocolBufferException e) {
            refuse(answer, Status.INVALID_ARGUMENT.withDescription(e.getMessage()));
            return () -> {};
        }
    }

    private Runnable call(
            MethodDescriptor<Message, Message> method, FullHttpRequest request, HttpAnswer answer)
            throws InvalidProtocolBufferException {
        String body = request.content().toString(StandardCharsets.UTF_8);
        Message prototype =
                (Message)
                        ((MethodDescriptor.PrototypeMarshaller<?>) method.getRequestMarshaller())
                                .getMessagePrototype();
        List<Message> messages = new ArrayList<>();
        List<String> parts =
                method.getType().clientSendsOneMessage() ? List.of(body) : JsonPaths.values(body);
        for (String part : parts) {
            messages.add(parse(prototype, part));
        }
        Metadata headers = new Metadata();
        Optional.ofNullable(request.headers().get(HttpHeaderNames.AUTHORIZATION))
                .ifPresent(token -> headers.put(AUTHORIZATION, token));
        ClientCall<Message, Message> call = channel.get().newCall(method, CallOptions.DEFAULT);
        boolean streams = !method.getType().serverSendsOneMessage();
        ClientCall.Listener<Message> told = streams ? new Lines(call, answer) : new One(answer);
        Runnable begin =
                () -> {
                    call.start(turns.ending(told), headers);
                    messages.forEach(call::sendMessage);
                    if (!JsonPaths.staysOpen(method)) {
                        call.halfClose();
                    }
                    call.request(1);
                };
        turns.take(begin);
        return () -> {
            if (!turns.leave(begin)) {
                call.cancel("the HTTP client left", null);
            }
        };
    }

    private static Message parse(Message prototype, String json)
            throws InvalidProtocolBufferException {
        Message.Builder builder = prototype.newBuilderForType();
        if (!json.isBlank()) {
            PARSER.merge(json, builder);
        }
        return builder.build();
    }

    static String print(MessageOrBuilder message) {
        try {
            return PRINTER.print(message);
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("etcd's messages hold no Any", e);
        }
    }

    private static void refuse(HttpAnswer answer, Status status) {
        String told = quoted(told(status));
        answer.whole(
                JsonPaths.httpStatus(status.getCode()),
                HttpAnswer.JSON,
                "{\"error\":%s,\"message\":%s,\"code\":%d}"
                        .formatted(told, told, status.getCode().value()));
    }

    private static String told(Status status) {
        return Optional.ofNullable(status.getDescription()).orElse("");
    }

    /** A text as JSON. */
    static String quoted(String text) {
        return print(Value.newBuilder().setStringValue(text));
    }

    /** An answer of one message. */
    private static final class One extends ClientCall.Listener<Message> {
        private final HttpAnswer answer;
        private Optional<Message> message = Optional.empty();

        One(HttpAnswer answer) {
            this.answer = answer;
        }

        @Override
        public void onMessage(Message received) {
            message = Optional.of(received);
        }

        @Override
        public void onClose(Status status, Metadata trailers) {
            if (status.isOk() && message.isPresent()) {
                answer.whole(OK, HttpAnswer.JSON, print(message.get()));
            } else {
                refuse(answer, status);
            }
        }
    }

    /** An answer line by line; the next message is taken when the client has room. */
    private static final class Lines extends ClientCall.Listener<Message> {
        private final ClientCall<Message, Message> call;
        private final HttpAnswer answer;

        Lines(ClientCall<Message, Message> call, HttpAnswer answer) {
            this.call = call;
            this.answer = answer;
        }

        @Override
        public void onMessage(Message received) {
            answer.piece("{\"result\":" + print(received) + "}\n", () -> call.request(1));
        }

        @Override
        public void onClose(Status status, Metadata trailers) {
            if (status.isOk()) {
                answer.ended();
            } else if (!answer.isBegun()) {
                refuse(answer, status);
            } else {
                int http = JsonPaths.httpStatus(status.getCode());
                answer.piece(
                        "{\"error\":{\"grpc_code\":%d,\"http_code\":%d,\"message\":%s,\"http_status\":%s}}\n"
                                .formatted(
                                        status.getCode().value(),
                                        http,
                                        quoted(told(status)),
                                        quoted(
                                                io.netty.handler.codec.http.HttpResponseStatus
                                                        .valueOf(http)
                                                        .reasonPhrase())),
                        answer::ended);
            }
        }
    }

    /** For the table in the documentation. */
    static Map<String, MethodDescriptor<Message, Message>> paths() {
        return JsonPaths.all();
    }
}
