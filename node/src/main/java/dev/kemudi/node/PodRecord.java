package dev.kemudi.node;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.Map;

/*
 * What a node must know after kill -9 and cannot ask the API: the pod's address and which attempt of each
 * container it started last. The attempt is written BEFORE its process starts; the process itself is found
 * by the marks it carries (ProcTable), so a crash between the two loses nothing. No fsync: a power cut
 * takes the processes with it.
 */
/**
 * The node's own note about one pod, {@code state.json} in its folder. Used by the pod's thread.
 */
final class PodRecord {
    private final Path file;
    private String address = "";
    private boolean initialized;
    private final Map<String, Integer> attempts = new HashMap<>();

    private PodRecord(Path file) {
        this.file = file;
    }

    /** Reads the note; an empty one when there is none. */
    static PodRecord open(Path podDirectory) throws IOException {
        PodRecord read = new PodRecord(podDirectory.resolve("state.json"));
        if (Files.exists(read.file)
                && Json.MAPPER.readTree(Files.readAllBytes(read.file)) instanceof ObjectNode tree) {
            read.address = tree.path("address").asText("");
            read.initialized = tree.path("initialized").asBoolean();
            tree.path("attempts")
                    .properties()
                    .forEach(e -> read.attempts.put(e.getKey(), e.getValue().asInt()));
        }
        return read;
    }

    String address() {
        return address;
    }

    /** The attempt started last, -1 for none. */
    int attempt(String container) {
        return attempts.getOrDefault(container, -1);
    }

    boolean initialized() {
        return initialized;
    }

    void address(String given) throws IOException {
        address = given;
        write();
    }

    void attempt(String container, int attempt) throws IOException {
        attempts.put(container, attempt);
        write();
    }

    void markInitialized() throws IOException {
        initialized = true;
        write();
    }

    private void write() throws IOException {
        ObjectNode tree = JsonNodeFactory.instance.objectNode();
        tree.put("address", address).put("initialized", initialized);
        ObjectNode numbers = tree.putObject("attempts");
        attempts.forEach(numbers::put);
        Path fresh = file.resolveSibling("state.json.new");
        Files.createDirectories(java.util.Objects.requireNonNull(file.getParent()));
        Files.write(fresh, Json.MAPPER.writeValueAsBytes(tree));
        Files.move(
                fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
}
