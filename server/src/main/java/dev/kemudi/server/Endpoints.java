package dev.kemudi.server;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;

/**
 * Where a running platform can be reached; each address is {@code host:port}.
 *
 * @param pid process id of the platform
 * @param kubeconfig the administrator's kubeconfig
 */
public record Endpoints(
        long pid, String api, String etcd, String gateway, String metrics, Path kubeconfig) {
    private static final String FILE = "endpoints.json";

    /** Leaves a note in the data directory for {@code kemudi status}; replaced atomically. */
    void write(Path dataDirectory) throws IOException {
        ObjectNode tree = Json.MAPPER.createObjectNode();
        tree.put("pid", pid).put("api", api).put("etcd", etcd).put("gateway", gateway);
        tree.put("metrics", metrics).put("kubeconfig", kubeconfig.toString());
        Path fresh = dataDirectory.resolve(FILE + ".new");
        Files.writeString(fresh, tree.toPrettyString());
        Files.move(
                fresh,
                dataDirectory.resolve(FILE),
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
    }

    /** What the last start in this data directory noted down; the process may be gone. */
    static Optional<Endpoints> read(Path dataDirectory) throws IOException {
        Path file = dataDirectory.resolve(FILE);
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        var tree = Json.MAPPER.readTree(file.toFile());
        return Optional.of(
                new Endpoints(
                        tree.path("pid").asLong(),
                        tree.path("api").asText(),
                        tree.path("etcd").asText(),
                        tree.path("gateway").asText(),
                        tree.path("metrics").asText(),
                        Path.of(tree.path("kubeconfig").asText())));
    }

    /** Removes this process's own note; another's, which may be running here, is left alone. */
    static void forget(Path dataDirectory) throws IOException {
        boolean ours =
                read(dataDirectory)
                        .filter(e -> e.pid() == ProcessHandle.current().pid())
                        .isPresent();
        if (ours) {
            Files.deleteIfExists(dataDirectory.resolve(FILE));
        }
    }
}
