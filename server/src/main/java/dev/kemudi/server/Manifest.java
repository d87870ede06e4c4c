package dev.kemudi.server;

import dev.kemudi.api.ApiObject;
import java.nio.file.Path;
import java.util.Map;

/**
 * One document of a manifest file.
 *
 * @param lines line numbers, from 1, of every field by its path such as {@code spec.replicas} or
 *     {@code spec.ports[0].name}
 */
record Manifest(Path file, int line, ApiObject object, Map<String, Integer> lines) {
    /** {@code file:line} of the field, or of its nearest parent that is in the file. */
    String where(String fieldPath) {
        String path = fieldPath;
        while (!path.isEmpty() && !lines.containsKey(path)) {
            int cut = Math.max(path.lastIndexOf('.'), path.lastIndexOf('['));
            path = cut < 0 ? "" : path.substring(0, cut);
        }
        return file + ":" + lines.getOrDefault(path, line);
    }
}
