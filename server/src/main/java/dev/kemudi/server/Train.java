package dev.kemudi.server;

import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/**
 * A short life of the whole platform, for the JVM to remember which classes and profiles a start
 * needs. The front door runs it once, with {@code -XX:AOTCacheOutput}.
 */
@Command(
        name = "train",
        hidden = true,
        description = "Runs everything once in a temporary directory, for the start-up cache.")
final class Train implements Callable<Integer> {
    private static final int REQUESTS = 2_000;

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandLine.Model.CommandSpec spec;

    @Override
    public Integer call() throws IOException, InterruptedException {
        Path directory = Files.createTempDirectory("kemudi-train");
        try {
            List<Path> manifests =
                    List.of(Path.of(System.getProperty("kemudi.home", "."), "examples", "hello"));
            List<Manifest> declared = Manifests.read(manifests);
            FieldCheck.check(declared);
            Options options = Options.onFreePorts(directory);
            Preflight.check(options);
            try (Platform platform = Platform.start(options)) {
                platform.apply(manifests);
                use(platform.endpoints());
                spec.commandLine().getOut().println("trained");
            }
        } finally {
            delete(directory);
        }
        return 0;
    }

    private static void use(Endpoints endpoints) throws IOException, InterruptedException {
        try (HttpClient client = HttpClient.newHttpClient()) {
            HttpRequest page =
                    HttpRequest.newBuilder(URI.create("http://" + endpoints.gateway() + "/"))
                            .build();
            for (int i = 0; i < REQUESTS; i++) {
                client.send(page, HttpResponse.BodyHandlers.discarding());
            }
            URI metrics = URI.create("http://" + endpoints.metrics() + "/metrics");
            client.send(
                    HttpRequest.newBuilder(metrics).build(),
                    HttpResponse.BodyHandlers.discarding());
        }
        StatusCommand.report(
                dev.kemudi.controller.HttpApiClient.fromKubeconfig(endpoints.kubeconfig()),
                new PrintWriter(PrintWriter.nullWriter()));
    }

    static void delete(Path directory) throws IOException {
        try (Stream<Path> tree = Files.walk(directory)) {
            for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        }
    }
}
