package dev.kemudi.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * One folder of keys and certificates for all clusters of a JVM: making a client's key takes longer
 * than all the rest of a start. Removed when the JVM ends.
 */
final class Keys {
    private static final Keys OF_THIS_JVM = new Keys();

    private final Path folder;

    private Keys() {
        try {
            folder = Files.createTempDirectory("kemudi-test-keys");
        } catch (IOException e) {
            throw new UncheckedIOException("no folder for the keys of test clusters", e);
        }
        Runtime.getRuntime().addShutdownHook(new Thread(this::remove, "remove test keys"));
    }

    static Path folder() {
        return OF_THIS_JVM.folder;
    }

    private void remove() {
        try (Stream<Path> tree = Files.walk(folder)) {
            List<Path> all = tree.sorted(Comparator.reverseOrder()).toList();
            for (Path path : all) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("the keys of test clusters stay in " + folder, e);
        }
    }
}
