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
    private static final int EVENTS_MAX = 50;

    private final Path directory;
    private final Platform platform;
    private final TestClock clock;
    private final Faults faults;
    private final Journal journal;

    private Cluster(Path directory, Platform platform, TestClock clock) {
        this.directory = directory;
        this.platform = platform;
        this.clock = clock;
        this.faults = new Faults(platform.apiServer());
        this.journal = new Journal(platform.store(), EVENTS_MAX);
    }

    /** Starts one on free loopback ports. */
    public static Cluster start(boolean inMemory) throws IOException {
        Path directory = Files.createTempDirectory("kemudi-test");
        TestClock clock = new TestClock();
        Options options =
                Options.onFreePorts(directory)
                        .inMemory(inMemory)
                        .withKeys(Keys.folder())
                        .withTime(clock);
        return new Cluster(directory, Platform.start(options), clock);
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

    /** What the cluster goes by; certificates and timeouts of sockets go by the machine's clock. */
    public TestClock clock() {
        return clock;
    }

    /** Makes the API server misbehave. */
    public Faults faults() {
        return faults;
    }

    /** The last fifty things that happened to objects, oldest first, a line each. */
    public List<String> events() {
        return journal.lines();
    }

    /** Applies manifest files or folders and waits until everything declared is ready. */
    public void apply(List<Path> manifests) throws InterruptedException {
        platform.apply(manifests);
    }

    /** As {@link #apply}, of what lies on the class path or in the working directory. */
    void applyNamed(List<String> names, ClassLoader classes)
            throws IOException, InterruptedException {
        if (!names.isEmpty()) {
            apply(Manifests.find(names, classes, directory));
        }
    }

    @Override
    public void close() throws IOException {
        journal.close();
        platform.close();
        try (Stream<Path> tree = Files.walk(directory)) {
            for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        }
    }
}
