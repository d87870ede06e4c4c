package dev.kemudi.conformance;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * One file of the repository.
 *
 * @param path relative to the repository, with forward slashes
 * @param module the module it belongs to, empty outside of modules
 * @param main whether it is main code, not a test
 */
record Source(String path, String module, boolean main, String text) {
    static Source read(Path root, String module, boolean main, Path file) {
        try {
            String path = root.relativize(file).toString().replace('\\', '/');
            return new Source(path, module, main, Files.readString(file));
        } catch (IOException e) {
            throw new UncheckedIOException("expected UTF-8 text in " + file, e);
        }
    }

    List<String> lines() {
        return text.lines().toList();
    }

    String simpleName() {
        String name = path.substring(path.lastIndexOf('/') + 1);
        int dot = name.indexOf('.');
        return dot < 0 ? name : name.substring(0, dot);
    }

    /**
     * @param line counted from 1
     */
    String at(long line) {
        return path + ":" + line;
    }
}
