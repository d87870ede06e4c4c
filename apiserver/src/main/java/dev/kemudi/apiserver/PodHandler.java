package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.admission.Attributes.Operation;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Json;
import dev.kemudi.api.PodStreams;
import dev.kemudi.api.PodStreams.ExecStreams;
import dev.kemudi.api.PodStreams.LogOptions;
import dev.kemudi.api.Resource;
import dev.kemudi.api.Status;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** What reaches into a pod: logs, exec, attach and port-forward, answered by the node. */
final class PodHandler {
    private final Core core;
    private final Supplier<List<PodStreams>> streams;

    /**
     * One exec as it was asked for.
     *
     * @param attach to the container's own streams, without a command
     */
    record Exec(
            ApiObject pod,
            String container,
            boolean attach,
            List<String> command,
            boolean stdin,
            boolean stdout,
            boolean stderr,
            boolean tty) {}

    /**
     * One port-forward as it was asked for.
     *
     * @param ports of the pod, when the request names them
     */
    record Forward(ApiObject pod, List<Integer> ports) {}

    PodHandler(Core core, Supplier<List<PodStreams>> streams) {
        this.core = core;
        this.streams = streams;
    }

    private PodStreams node() {
        List<PodStreams> attached = streams.get();
        if (attached.isEmpty()) {
            throw new ApiException(
                    Status.of(
                            503,
                            "ServiceUnavailable",
                            "no node runs in this process: there are no streams"));
        }
        return attached.getFirst();
    }

    /** The container asked for, or the only (or default) one. */
    private static String container(ApiObject pod, String asked) {
        List<String> names = new ArrayList<>();
        for (String list : List.of("containers", "initContainers")) {
            for (JsonNode container : pod.at("/spec/" + list)) {
                names.add(container.path("name").asText());
            }
        }
        if (!asked.isEmpty()) {
            if (!names.contains(asked)) {
                throw new ApiException(
                        Status.badRequest(
                                "container " + asked + " is not valid for pod " + pod.name()));
            }
            return asked;
        }
        String preferred =
                pod.annotations().getOrDefault("kubectl.kubernetes.io/default-container", "");
        if (names.contains(preferred)) {
            return preferred;
        }
        if (pod.at("/spec/containers").size() > 1) {
            throw new ApiException(
                    Status.badRequest(
                            "a container name must be specified for pod "
                                    + pod.name()
                                    + ", choose one of: "
                                    + names));
        }
        return names.isEmpty() ? "" : names.getFirst();
    }

    int log(Exchange exchange, RequestPath path, Kind kind)
            throws IOException, InterruptedException {
        if (!exchange.method().equals("GET")) {
            throw new ApiException(Status.of(405, "MethodNotAllowed", "logs can only be read"));
        }
        Params params = exchange.params();
        ApiObject pod = core.reads().get(kind, path.namespace(), path.name());
        String container = container(pod, params.text("container"));
        long since = params.number("sinceSeconds", -1);
        String sinceTime = params.text("sinceTime");
        if (!sinceTime.isEmpty()) {
            since = secondsSince(sinceTime);
        }
        LogOptions options =
                new LogOptions(
                        params.flag("follow"),
                        params.flag("previous"),
                        params.flag("timestamps"),
                        (int) Math.clamp(params.number("tailLines", -1), -1, Integer.MAX_VALUE),
                        params.number("limitBytes", -1),
                        since);
        try (LateStream out = new LateStream(exchange)) {
            node().logs(pod, container, options, out);
            out.flush();
        }
        return 200;
    }

    private long secondsSince(String timestamp) {
        try {
            return Math.max(
                    0, Duration.between(Instant.parse(timestamp), core.time().now()).toSeconds());
        } catch (DateTimeParseException e) {
            throw new ApiException(
                    Status.badRequest("sinceTime: expected RFC 3339, found \"" + timestamp + "\""));
        }
    }

    /**
     * Sends headers only with the first byte or at the end, so that an early failure is still a
     * Status.
     */
    private static final class LateStream extends OutputStream {
        private final Exchange exchange;
        private java.util.Optional<OutputStream> out = java.util.Optional.empty();
        private boolean finished;

        LateStream(Exchange exchange) {
            this.exchange = exchange;
        }

        private OutputStream open() throws IOException {
            if (out.isEmpty()) {
                out = java.util.Optional.of(exchange.stream(200, "text/plain"));
            }
            return out.get();
        }

        @Override
        public void write(int b) throws IOException {
            open().write(b);
        }

        @Override
        public void write(byte[] bytes, int from, int length) throws IOException {
            open().write(bytes, from, length);
        }

        /** Called when the log has ended well, too: an empty log is an empty answer. */
        @Override
        public void flush() throws IOException {
            finished = true;
            open().flush();
        }

        @Override
        public void close() throws IOException {
            if (finished || out.isPresent()) {
                open().close();
            }
        }
    }

    /** Checks an exec or attach request before the connection is taken over. */
    Exec exec(RequestPath path, Params params) {
        boolean attach = path.subresource().equals("attach");
        ApiObject pod = pod(path);
        List<String> command = attach ? List.of() : params.all("command");
        if (!attach && command.isEmpty()) {
            throw new ApiException(
                    Status.badRequest("you must specify at least 1 command for the exec"));
        }
        boolean stderr = params.has("stderr") ? params.flag("stderr") : !params.has("stdout");
        node();
        return new Exec(
                pod,
                container(pod, params.text("container")),
                attach,
                command,
                params.flag("stdin"),
                params.flag("stdout"),
                stderr,
                params.flag("tty"));
    }

    /** Asks admission about a command that is about to run in a pod. */
    void admit(Exec exec, User user) {
        ObjectNode options = options(exec.attach() ? "PodAttachOptions" : "PodExecOptions");
        options.put("stdin", exec.stdin()).put("stdout", exec.stdout());
        options.put("stderr", exec.stderr()).put("tty", exec.tty());
        options.put("container", exec.container());
        if (!exec.attach()) {
            exec.command().forEach(options.putArray("command")::add);
        }
        admit(exec.pod(), exec.attach() ? "attach" : "exec", options, user);
    }

    /** Asks admission about a port-forward that is about to begin. */
    void admit(Forward forward, User user) {
        ObjectNode options = options("PodPortForwardOptions");
        forward.ports().forEach(options.putArray("ports")::add);
        admit(forward.pod(), "portforward", options, user);
    }

    private static ObjectNode options(String kind) {
        return Json.MAPPER.createObjectNode().put("kind", kind).put("apiVersion", "v1");
    }

    private void admit(ApiObject pod, String subresource, ObjectNode options, User user) {
        core.admission()
                .passed(
                        new Admitting.Request(
                                Operation.CONNECT,
                                core.registry().get(Resource.PODS),
                                subresource,
                                pod.namespace(),
                                pod.name(),
                                Optional.of(options),
                                Optional.empty(),
                                WriteOptions.of("").by(user)));
    }

    private ApiObject pod(RequestPath path) {
        return core.reads().get(core.registry().get(Resource.PODS), path.namespace(), path.name());
    }

    /**
     * Checks a port-forward before the connection is taken over. Ports are named in the request by
     * clients that use channels, and later by those that use SPDY.
     */
    Forward forward(RequestPath path, Params params) {
        ApiObject pod = pod(path);
        List<Integer> ports = new ArrayList<>();
        for (String list : params.all("ports")) {
            for (String port : list.split(",", -1)) {
                ports.add(port(port));
            }
        }
        if (ports.size() > core.limits().forwardedConnectionsMax()) {
            throw new ApiException(
                    Status.badRequest(
                            "ports: expected at most "
                                    + core.limits().forwardedConnectionsMax()
                                    + ", found "
                                    + ports.size()));
        }
        node();
        return new Forward(pod, List.copyOf(ports));
    }

    private static int port(String text) {
        try {
            int port = Integer.parseInt(text.strip());
            if (port > 0 && port < 65_536) {
                return port;
            }
        } catch (NumberFormatException e) {
            throw new ApiException(
                    Status.badRequest("ports: expected numbers, found \"" + text + "\""));
        }
        throw new ApiException(
                Status.badRequest("ports: expected 1 to 65535, found \"" + text + "\""));
    }

    /** Runs the command, or attaches; @return the exit code, 0 for an attachment that ended */
    int run(Exec exec, ExecStreams io) throws IOException, InterruptedException {
        if (exec.attach()) {
            node().attach(exec.pod(), exec.container(), io);
            return 0;
        }
        return node().exec(exec.pod(), exec.container(), exec.command(), io);
    }

    Socket connect(Forward forward, int port) throws IOException {
        return node().connect(forward.pod(), port);
    }

    /** What to say to a request that came without a protocol we can upgrade to. */
    ApiException notUpgraded(Exchange exchange, RequestPath path) {
        boolean forwarding = path.subresource().equals("portforward");
        if (forwarding) {
            forward(path, exchange.params());
        } else {
            exec(path, exchange.params()); // what is wrong with the request itself comes first
        }
        return new ApiException(
                Status.badRequest(
                        path.subresource()
                                + " needs an upgrade to WebSocket ("
                                + (forwarding
                                        ? "SPDY/3.1+portforward.k8s.io or v4.channel.k8s.io"
                                        : "v5.channel.k8s.io or v4.channel.k8s.io")
                                + ") or SPDY/3.1 on an HTTP/1.1 connection"));
    }
}
