package dev.kemudi.node;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.kernel.TimeSource;
import dev.kemudi.node.ContainerRuntime.Mount;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Instant;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A pod's volumes as folders. A file that changes is replaced whole, never half written. Used by
 * the pod's thread.
 */
final class Volumes {
    /** A volume that cannot be provided. */
    static final class MountException extends Exception {
        MountException(String message) {
            super(message);
        }
    }

    private record Content(byte[] bytes, int mode) {}

    private final Path folder;
    private final Limits limits;
    private final TimeSource time;
    private final Map<String, Path> places = new HashMap<>();

    /** By volume and path within it. */
    private final Map<String, References.Token> tokens = new HashMap<>();

    private boolean refreshable;

    Volumes(Path folder, Limits limits, TimeSource time) {
        this.folder = folder;
        this.time = time;
        this.limits = limits;
    }

    /** Whether something here may change with the API's objects. */
    boolean refreshable() {
        return refreshable;
    }

    /** Provides every volume of the pod, or brings its files up to date. */
    void provide(References references) throws MountException, IOException {
        for (JsonNode volume : references.pod().at("/spec/volumes")) {
            String name = volume.path("name").asText();
            places.put(name, provide(volume, name, references));
        }
    }

    private Path provide(JsonNode volume, String name, References references)
            throws MountException, IOException {
        if (volume.has("hostPath")) {
            return hostPath(volume.path("hostPath"), name);
        }
        Path place = folder.resolve(name);
        Files.createDirectories(place);
        if (volume.has("emptyDir")) {
            return place;
        }
        Map<String, Content> files = new LinkedHashMap<>();
        try {
            if (volume.has("projected")) {
                JsonNode projected = volume.path("projected");
                for (JsonNode source : projected.path("sources")) {
                    project(
                            source,
                            name,
                            projected.path("defaultMode").asInt(0644),
                            references,
                            files);
                }
            } else {
                project(volume, name, defaultMode(volume), references, files);
            }
        } catch (References.MissingException e) {
            throw new MountException(
                    "MountVolume.SetUp failed for volume \"%s\" : %s"
                            .formatted(name, e.getMessage()));
        }
        write(place, name, files);
        refreshable = true;
        return place;
    }

    private static int defaultMode(JsonNode volume) {
        for (String kind : new String[] {"configMap", "secret", "downwardAPI"}) {
            if (volume.path(kind).has("defaultMode")) {
                return volume.path(kind).path("defaultMode").asInt();
            }
        }
        return 0644;
    }

    private void project(
            JsonNode source,
            String volume,
            int mode,
            References references,
            Map<String, Content> files)
            throws MountException, References.MissingException {
        if (source.has("configMap")) {
            JsonNode map = source.path("configMap");
            keys(
                    map,
                    references.configMap(
                            map.path("name").asText(), map.path("optional").asBoolean()),
                    mode,
                    files);
        } else if (source.has("secret")) {
            JsonNode secret = source.path("secret");
            String name = secret.path("secretName").asText(secret.path("name").asText());
            keys(secret, references.secret(name, secret.path("optional").asBoolean()), mode, files);
        } else if (source.has("downwardAPI")) {
            for (JsonNode item : source.path("downwardAPI").path("items")) {
                String text =
                        item.has("fieldRef")
                                ? references.field(item.path("fieldRef").path("fieldPath").asText())
                                : references.resource(item.path("resourceFieldRef"), "");
                files.put(
                        item.path("path").asText(),
                        new Content(
                                text.getBytes(StandardCharsets.UTF_8),
                                item.path("mode").asInt(mode)));
            }
        } else if (source.has("serviceAccountToken")) {
            JsonNode token = source.path("serviceAccountToken");
            String path = token.path("path").asText();
            files.put(path, new Content(token(volume + "/" + path, token, references), mode));
        } else {
            String kind = "unknown";
            for (var field : source.properties()) {
                kind = field.getKey().equals("name") ? kind : field.getKey();
            }
            throw new MountException(
                    "volume \"%s\" is of kind %s, which this node has not: use emptyDir,"
                            .concat(" configMap, secret, downwardAPI, projected or hostPath")
                            .formatted(volume, kind));
        }
    }

    /** The token of this place, until most of its life is over. */
    private byte[] token(String place, JsonNode source, References references)
            throws References.MissingException {
        Instant now = time.now();
        References.Token held = tokens.get(place);
        if (held == null || !now.isBefore(held.renewAt())) {
            held = references.token(source, now);
            tokens.put(place, held);
        }
        return held.text();
    }

    private static void keys(
            JsonNode source,
            Optional<Map<String, byte[]>> contents,
            int mode,
            Map<String, Content> files)
            throws References.MissingException {
        Map<String, byte[]> all = contents.orElse(Map.of());
        if (!source.has("items")) {
            all.forEach((key, bytes) -> files.put(key, new Content(bytes, mode)));
            return;
        }
        for (JsonNode item : source.path("items")) {
            String key = item.path("key").asText();
            byte[] bytes = all.get(key);
            if (bytes != null) {
                files.put(
                        item.path("path").asText(),
                        new Content(bytes, item.path("mode").asInt(mode)));
            } else if (!source.path("optional").asBoolean()) {
                throw new References.MissingException("references non-existent config key: " + key);
            }
        }
    }

    private void write(Path place, String name, Map<String, Content> files)
            throws MountException, IOException {
        long bytes = files.values().stream().mapToLong(c -> c.bytes.length).sum();
        if (bytes > limits.volumeBytesMax()) {
            throw new MountException(
                    "volume \"%s\" holds %d bytes, more than the %d that are allowed"
                            .formatted(name, bytes, limits.volumeBytesMax()));
        }
        for (Map.Entry<String, Content> file : files.entrySet()) {
            Path target = place.resolve(file.getKey()).normalize();
            if (!target.startsWith(place) || target.equals(place)) {
                throw new MountException(
                        "volume \"%s\": the path %s leads out of it"
                                .formatted(name, file.getKey()));
            }
            replace(target, file.getValue());
        }
        try (var existing = Files.list(place)) {
            Set<String> wanted = new java.util.HashSet<>();
            files.keySet().forEach(path -> wanted.add(Path.of(path).getName(0).toString()));
            for (Path old : existing.toList()) {
                if (!wanted.contains(old.getFileName().toString()) && Files.isRegularFile(old)) {
                    Files.delete(old);
                }
            }
        }
    }

    private static void replace(Path target, Content content) throws IOException {
        if (Files.isRegularFile(target, LinkOption.NOFOLLOW_LINKS)
                && Arrays.equals(Files.readAllBytes(target), content.bytes)) {
            return;
        }
        Path parent = java.util.Objects.requireNonNull(target.getParent());
        Files.createDirectories(parent);
        Path fresh = Files.createTempFile(parent, ".new", "");
        Files.write(fresh, content.bytes);
        Files.setPosixFilePermissions(fresh, permissions(content.mode));
        try {
            Files.move(
                    fresh,
                    target,
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
        } catch (AtomicMoveNotSupportedException e) {
            Files.deleteIfExists(fresh);
            throw e;
        }
    }

    private static Set<PosixFilePermission> permissions(int mode) {
        Set<PosixFilePermission> permissions = EnumSet.noneOf(PosixFilePermission.class);
        PosixFilePermission[] all =
                PosixFilePermission.values(); // owner, group, others: read, write, execute
        for (int bit = 0; bit < 9; bit++) {
            if ((mode & 0400 >> bit) != 0) {
                permissions.add(all[bit]);
            }
        }
        return permissions;
    }

    private static Path hostPath(JsonNode source, String name) throws MountException, IOException {
        Path path = Path.of(source.path("path").asText()).normalize();
        String type = source.path("type").asText("");
        if (type.equals("DirectoryOrCreate")) {
            Files.createDirectories(path);
        } else if (type.equals("FileOrCreate") && !Files.exists(path)) {
            Files.createFile(path);
        }
        boolean directory = type.startsWith("Directory");
        boolean file = type.startsWith("File");
        if (!path.isAbsolute()
                || (directory && !Files.isDirectory(path))
                || (file && !Files.isRegularFile(path))) {
            throw new MountException(
                    "MountVolume.SetUp failed for volume \"%s\" : hostPath type check failed: %s is not a %s"
                            .formatted(
                                    name,
                                    path,
                                    directory ? "directory" : file ? "file" : "absolute path"));
        }
        return path;
    }

    /** Where a container's mount leads. */
    Mount mount(JsonNode volumeMount, ContainerEnvironment environment)
            throws MountException, IOException {
        String name = volumeMount.path("name").asText();
        Path place = places.get(name);
        if (place == null) {
            throw new MountException("the pod has no volume \"" + name + "\"");
        }
        String subPath =
                volumeMount.has("subPathExpr")
                        ? environment.expand(volumeMount.path("subPathExpr").asText())
                        : volumeMount.path("subPath").asText("");
        Path target = place;
        if (!subPath.isEmpty()) {
            target = place.resolve(subPath).normalize();
            if (!target.startsWith(place)) {
                throw new MountException(
                        "the subPath " + subPath + " leads out of volume \"" + name + "\"");
            }
            if (!Files.exists(target)) {
                Files.createDirectories(target);
            }
        }
        return new Mount(target.toString(), volumeMount.path("mountPath").asText());
    }
}
