package dev.kemudi.node;

import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.PodStreams;
import dev.kemudi.api.Resource;
import dev.kemudi.api.Status;
import dev.kemudi.node.ContainerRuntime.ContainerSpec;
import dev.kemudi.node.ContainerRuntime.RunningContainer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;

/** Logs, exec, attach and port-forward for the API server. */
final class NodeStreams implements PodStreams {
    private static final System.Logger LOG = System.getLogger("dev.kemudi.node");

    private final NodeParts parts;
    private final Function<String, Optional<PodWorker>> workers;

    /**
     * @param workers by pod uid
     */
    NodeStreams(NodeParts parts, Function<String, Optional<PodWorker>> workers) {
        this.parts = parts;
        this.workers = workers;
    }

    private ContainerRun run(ApiObject pod, String container) {
        PodWorker worker = worker(pod);
        String name = container.isEmpty() ? pod.at("/spec/containers/0/name").asText() : container;
        return worker.run(name)
                .orElseThrow(() ->
                        new ApiException(
                                Status.of(
                                        404,
                                        "NotFound",
                                        "container %s is not valid for pod %s"
                                                .formatted(name, pod.name()))));
    }

    @Override
    public void logs(ApiObject pod, String container, LogOptions options, OutputStream out)
            throws IOException, InterruptedException {
        ContainerRun run = run(pod, container);
        int wanted = options.previous() ? run.attempt - 1 : run.attempt;
        Optional<ContainerLog> log =
                wanted < 0
                        ? Optional.empty()
                        : parts.runtime().log(pod.uid(), run.name, OptionalInt.of(wanted));
        if (log.isEmpty()) {
            String message =
                    options.previous()
                            ? "previous terminated container \"%s\" in pod \"%s\" not found"
                                    .formatted(run.name, pod.name())
                            : "container \"%s\" in pod \"%s\" is waiting to start: %s"
                                    .formatted(run.name, pod.name(), PodWorker.reason(run));
            throw new ApiException(Status.badRequest(message));
        }
        new LogReader(log.get(), options, parts.time().now(), out).copy();
    }

    @Override
    public int exec(ApiObject pod, String container, List<String> command, ExecStreams streams)
            throws IOException, InterruptedException {
        ContainerRun run = run(pod, container);
        ContainerSpec spec = run.spec;
        if (spec == null || run.running == null) {
            throw notRunning(pod, run);
        }
        if (command.isEmpty()) {
            throw new ApiException(
                    Status.badRequest("you must specify at least one command for the container"));
        }
        return parts.runtime().exec(spec, command, streams);
    }

    private static ApiException notRunning(ApiObject pod, ContainerRun run) {
        return new ApiException(
                Status.badRequest(
                        "container \"%s\" in pod \"%s\" does not run: %s"
                                .formatted(run.name, pod.name(), PodWorker.reason(run))));
    }

    @Override
    public void attach(ApiObject pod, String container, ExecStreams streams)
            throws IOException, InterruptedException {
        ContainerRun run = run(pod, container);
        RunningContainer running = run.running;
        ContainerLog log =
                parts.runtime()
                        .log(pod.uid(), run.name, OptionalInt.of(run.attempt))
                        .orElseThrow(() -> notRunning(pod, run));
        if (running == null) {
            throw notRunning(pod, run);
        }
        Attachment attachment = new Attachment(parts.limits().attachBufferBytesMax());
        log.attach(attachment);
        Thread stdin =
                Thread.ofVirtual().name("attach-in").start(() -> feed(running, streams.stdin()));
        try {
            attachment.copyTo(streams);
        } finally {
            log.detach(attachment);
            stdin.interrupt();
        }
    }

    private static void feed(RunningContainer running, InputStream client) {
        try {
            running.feed(client);
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "attached stdin ended: {0}", e.getMessage());
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt(); // the client has gone
        }
    }

    @Override
    public Socket connect(ApiObject pod, int port) throws IOException {
        worker(pod); // the address may be somebody else's once the pod is gone
        String address = pod.text("/status/podIP");
        if (address.isEmpty()) {
            throw new ApiException(
                    Status.badRequest("pod \"%s\" has no address yet".formatted(pod.name())));
        }
        Socket socket = new Socket();
        try {
            socket.connect(new InetSocketAddress(address, port), parts.limits().connectMillisMax());
            return socket;
        } catch (IOException e) {
            socket.close();
            throw new IOException(
                    "failed to connect to %s:%d inside the pod: %s"
                            .formatted(address, port, e.getMessage()),
                    e);
        }
    }

    private PodWorker worker(ApiObject pod) {
        return workers.apply(pod.uid())
                .orElseThrow(() -> new ApiException(Status.notFound(Resource.PODS, pod.name())));
    }
}
