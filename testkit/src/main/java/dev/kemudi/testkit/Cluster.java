package dev.kemudi.testkit;

import dev.kemudi.api.ApiClient;
import dev.kemudi.server.Endpoints;
import dev.kemudi.server.Options;
import dev.kemudi.server.Platform;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * A platform inside this JVM, in a directory of its own that is removed when it closes. Safe for
 * use by many threads.
 */
public final class Cluster implements AutoCloseable {
    private final Path directory;
    private final Platform platform;

    private Cluster(Path directory, Platform platform) {
        this.directory = directory;
        this.platform = platform;
    }

    /** Starts one on free loopback ports. */
    public static Cluster start(boolean inMemory) throws IOException {
        Path directory = Files.createTempDirectory("kemudi-test");
        return new Cluster(
                directory, Platform.start(Options.onFreePorts(directory).inMemory(inMemory)));
    }

    /** The API in process, with administrator's rights. */
    public ApiClient client() {
        return platform.client("testkit");
    }

    /** An administrator's kubeconfig, ready for kubectl, fabric8 and every other client. */
    public String kubeconfig() throws IOException {
        return Files.readString(kubeconfigFile());
    }

    public Path kubeconfigFile() {
        return platform.endpoints().kubeconfig();
    }

    public Endpoints endpoints() {
        return platform.endpoints();
    }

    /** Applies manifest files or folders and waits until everything declared is ready. */
    public void apply(List<Path> manifests) throws InterruptedException {
        platform.apply(manifests);
    }

    @Override
    public void close() throws IOException {
        platform.close();
        try (Stream<Path> tree = Files.walk(directory)) {
            for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        }
    }
}
