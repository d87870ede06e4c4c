package dev.kemudi.server;

import dev.kemudi.api.ApiClient;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ListOptions;
import dev.kemudi.api.Resource;
import dev.kemudi.controller.HttpApiClient;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "status",
        description =
                "Says whether Kemudi runs in a data directory, where it listens, and what is not ready.")
final class StatusCommand implements Callable<Integer> {
    @CommandLine.Mixin private HelpOption help = new HelpOption();

    private static final int NOT_RUNNING = 3;
    private static final int NOT_READY = 4;
    private static final int LINES_MAX = 20;
    private static final List<Resource> WATCHED =
            List.of(
                    Resource.DEPLOYMENTS,
                    Resource.JOBS,
                    Resource.PODS,
                    new Resource("gateway.networking.k8s.io", "v1", "gateways", "Gateway", true),
                    new Resource(
                            "gateway.networking.k8s.io", "v1", "httproutes", "HTTPRoute", true));

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandLine.Model.CommandSpec spec;

    @Option(
            names = "--data-dir",
            paramLabel = "FOLDER",
            description = "The data directory of the process to ask. Default: ${DEFAULT-VALUE}")
    private Path dataDirectory = Path.of(".kemudi");

    @Override
    public Integer call() throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        Optional<Endpoints> noted = Endpoints.read(dataDirectory);
        if (noted.isEmpty()
                || ProcessHandle.of(noted.get().pid()).filter(ProcessHandle::isAlive).isEmpty()) {
            out.printf(
                    "Kemudi is not running in %s; start it with ./kemudi up --data-dir %s%n",
                    dataDirectory, dataDirectory);
            return NOT_RUNNING;
        }
        Endpoints endpoints = noted.get();
        out.printf("Kemudi runs (process %d)%n", endpoints.pid());
        out.printf(
                "  Kubernetes API  https://%s%n  etcd v3 API     http://%s%n",
                endpoints.api(), endpoints.etcd());
        out.printf(
                "  gateway         http://%s%n  metrics         http://%s/metrics%n",
                endpoints.gateway(), endpoints.metrics());
        out.printf("  kubeconfig      %s%n", endpoints.kubeconfig());
        try {
            return report(HttpApiClient.fromKubeconfig(endpoints.kubeconfig()), out);
        } catch (UncheckedIOException e) {
            out.printf(
                    "The Kubernetes API does not answer (%s); is it still starting?%n",
                    e.getCause());
            return NOT_RUNNING;
        }
    }

    static int report(ApiClient client, PrintWriter out) {
        int unready = 0;
        for (Resource resource : WATCHED) {
            List<ApiObject> objects = client.list(resource, "", ListOptions.ALL).items();
            List<ApiObject> waiting =
                    objects.stream().filter(o -> !Readiness.missing(o).isEmpty()).toList();
            out.printf(
                    "  %-15s %d of %d ready%n",
                    resource.plural(), objects.size() - waiting.size(), objects.size());
            waiting.stream()
                    .limit(LINES_MAX)
                    .forEach(o -> out.printf("    %s: %s%n", o.key(), Readiness.missing(o)));
            unready += waiting.size();
        }
        return unready == 0 ? 0 : NOT_READY;
    }
}
