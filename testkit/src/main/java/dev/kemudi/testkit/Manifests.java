package dev.kemudi.testkit;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Finds what a test names, on its class path or in its working directory. */
final class Manifests {
    private static final List<String> SUFFIXES = List.of(".yml", ".yaml", ".json");

    private Manifests() {}

    /**
     * The files to apply; those of archives are copied to {@code scratch}. A folder may be in many
     * archives, of which few have manifests in it.
     *
     * @throws IllegalArgumentException naming what is nowhere, or nowhere holds a manifest
     */
    static List<Path> find(List<String> names, ClassLoader classes, Path scratch)
            throws IOException {
        List<Path> found = new ArrayList<>();
        for (String name : names) {
            List<Path> here = new ArrayList<>();
            for (URL resource : Collections.list(classes.getResources(name))) {
                here.addAll(onDisk(resource, scratch));
            }
            if (here.isEmpty() && Files.exists(Path.of(name))) {
                here.addAll(in(Path.of(name)));
            }
            if (here.isEmpty()) {
                throw new IllegalArgumentException(
                        "%s is no manifest and holds none, neither on the class path nor in %s"
                                .formatted(name, Path.of("").toAbsolutePath()));
            }
            found.addAll(here);
        }
        return found;
    }

    private static List<Path> in(Path place) throws IOException {
        try (Stream<Path> tree = Files.walk(place)) {
            return tree.filter(path -> SUFFIXES.stream().anyMatch(path.toString()::endsWith))
                    .filter(Files::isRegularFile)
                    .sorted()
                    .toList();
        }
    }

    private static List<Path> onDisk(URL resource, Path scratch) throws IOException {
        try {
            URI uri = resource.toURI();
            if (uri.getScheme().equals("file")) {
                return in(Path.of(uri));
            }
            List<Path> copies = new ArrayList<>();
            try (FileSystem archive = FileSystems.newFileSystem(uri, Map.of())) {
                for (Path path : in(archive.provider().getPath(uri))) {
                    Path folder = Files.createTempDirectory(scratch, "manifest");
                    copies.add(Files.copy(path, folder.resolve(path.getFileName().toString())));
                }
            }
            return copies;
        } catch (URISyntaxException e) {
            throw new IOException("not a place: " + resource, e);
        }
    }
}
