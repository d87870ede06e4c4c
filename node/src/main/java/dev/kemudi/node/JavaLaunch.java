package dev.kemudi.node;

import dev.kemudi.node.ContainerRuntime.ContainerSpec;
import dev.kemudi.node.ContainerRuntime.Refusal;
import dev.kemudi.node.ContainerRuntime.StartException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What an image name means without images: {@code host} and {@code file:/…/app.jar}. */
final class JavaLaunch {
    private static final String HOST = "host";
    private static final String FILE = "file:";

    private JavaLaunch() {}

    static String home() {
        return System.getProperty("java.home");
    }

    static String bin() {
        return home() + "/bin";
    }

    static Optional<Refusal> refusal(String image) {
        if (image.equals(HOST)) {
            return Optional.empty();
        }
        if (image.startsWith(FILE)) {
            return Files.isReadable(jar(image))
                    ? Optional.empty()
                    : Optional.of(
                            new Refusal(
                                    "ErrImageNeverPull",
                                    "image \"%s\": there is no readable file %s on this node"
                                            .formatted(image, jar(image))));
        }
        return Optional.of(
                new Refusal(
                        "ErrImageNeverPull",
                        ("image \"%s\" needs an OCI runtime, and this node runs processes: use image \"host\""
                                        + " with a command of this machine, or \"file:/path/app.jar\" for a"
                                        + " jar on Kemudi's own JDK")
                                .formatted(image)));
    }

    private static Path jar(String image) {
        return Path.of(image.substring(FILE.length()).replaceFirst("^//(?=/)", ""));
    }

    /** The whole command line. */
    static List<String> command(ContainerSpec spec) throws StartException {
        List<String> line = new ArrayList<>(spec.command());
        if (line.isEmpty() && spec.image().startsWith(FILE)) {
            line.add(bin() + "/java");
            limits(spec, line);
            line.add("-jar");
            line.add(jar(spec.image()).toString());
        }
        line.addAll(spec.args());
        if (line.isEmpty()) {
            throw new StartException(
                    "RunContainerError",
                    "no command specified: image \"host\" has no entry point of its own");
        }
        return line;
    }

    /**
     * A JVM sees the machine, not the pod's limits: tell it, unless the user did in
     * JAVA_TOOL_OPTIONS.
     */
    private static void limits(ContainerSpec spec, List<String> line) {
        String user = spec.environment().getOrDefault("JAVA_TOOL_OPTIONS", "");
        if (spec.memoryBytes() > 0 && !user.contains("-Xmx") && !user.contains("RAM")) {
            // A quarter is left for what is not heap: code, metaspace, stacks, direct buffers.
            line.add("-Xmx" + Math.max(8, spec.memoryBytes() / 4 * 3 / 1024 / 1024) + "m");
            line.add("-XX:+ExitOnOutOfMemoryError");
        }
        if (spec.cpuMillis() > 0 && !user.contains("ActiveProcessorCount")) {
            line.add("-XX:ActiveProcessorCount=" + Math.max(1, (spec.cpuMillis() + 999) / 1000));
        }
    }
}
