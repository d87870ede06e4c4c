package dev.kemudi.node;

import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.PodStreams;
import dev.kemudi.api.Resource;
import dev.kemudi.api.Status;
import dev.kemudi.node.ContainerRuntime.ContainerSpec;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;

/** Logs and exec for the API server. */
final class NodeStreams implements PodStreams {
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
        PodWorker worker =
                workers.apply(pod.uid())
                        .orElseThrow(
                                () -> new ApiException(Status.notFound(Resource.PODS, pod.name())));
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
            throw new ApiException(
                    Status.badRequest(
                            "container \"%s\" in pod \"%s\" does not run: %s"
                                    .formatted(run.name, pod.name(), PodWorker.reason(run))));
        }
        if (command.isEmpty()) {
            throw new ApiException(
                    Status.badRequest("you must specify at least one command for the container"));
        }
        return parts.runtime().exec(spec, command, streams);
    }
}
