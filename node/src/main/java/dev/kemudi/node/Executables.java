package dev.kemudi.node;

import dev.kemudi.node.ContainerRuntime.StartException;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Finds programs as {@code execvp} would, so that a missing one is told before anything starts. */
final class Executables {
    private static final String FALLBACK_PATH =
            "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    private Executables() {}

    static String hostPath() {
        String path = System.getenv("PATH");
        return path == null || path.isEmpty() ? FALLBACK_PATH : path;
    }

    static Optional<String> find(String name, String path) {
        for (String folder : path.split(File.pathSeparator)) {
            Path file = Path.of(folder.isEmpty() ? "." : folder).resolve(name);
            if (Files.isExecutable(file) && !Files.isDirectory(file)) {
                return Optional.of(file.toString());
            }
        }
        return Optional.empty();
    }

    static void require(String program, Path directory, String path) throws StartException {
        boolean there =
                program.contains("/")
                        ? Files.isExecutable(directory.resolve(program))
                        : find(program, path).isPresent();
        if (!there) {
            throw new StartException(
                    "StartError",
                    "exec: \"%s\": executable file not found in %s"
                            .formatted(program, program.contains("/") ? directory : "$PATH"));
        }
    }
}
