package dev.kemudi.conformance;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The repository as files: what the rules of this module walk over. Build output and hidden folders
 * are left out.
 */
final class SourceTree {
    private static final Pattern MODULE = Pattern.compile("<module>([^<]+)</module>");
    private static final Set<String> SKIPPED = Set.of("target", ".git", ".kemudi", ".idea");

    private final Path root;
    private final List<String> modules;

    private SourceTree(Path root, List<String> modules) {
        this.root = root;
        this.modules = modules;
    }

    /** The repository that this test runs in: the nearest folder above that holds {@code mvnw}. */
    static SourceTree here() {
        Path folder = Path.of("").toAbsolutePath();
        while (folder != null && !Files.exists(folder.resolve("mvnw"))) {
            folder = folder.getParent();
        }
        if (folder == null) {
            throw new IllegalStateException(
                    "expected mvnw in a folder above " + Path.of("").toAbsolutePath());
        }
        return new SourceTree(folder, modulesOf(folder.resolve("pom.xml")));
    }

    Path root() {
        return root;
    }

    /** Module folders in the order of the root POM, which is the order of a request. */
    List<String> modules() {
        return modules;
    }

    List<Source> java() {
        List<Source> sources = new ArrayList<>();
        for (String module : modules) {
            for (String kind : List.of("main", "test")) {
                Path folder = root.resolve(module).resolve("src").resolve(kind).resolve("java");
                files(folder)
                        .filter(f -> f.toString().endsWith(".java"))
                        .forEach(f ->
                                sources.add(Source.read(root, module, kind.equals("main"), f)));
            }
        }
        return sources;
    }

    List<Source> mainJava() {
        return java().stream().filter(Source::main).toList();
    }

    List<Source> testJava() {
        return java().stream().filter(s -> !s.main()).toList();
    }

    /** Everything people wrote, whatever its form. */
    List<Source> texts() {
        Set<String> endings =
                Set.of(
                        "java",
                        "md",
                        "xml",
                        "yaml",
                        "yml",
                        "sh",
                        "properties",
                        "proto",
                        "json",
                        "html");
        return files(root)
                .filter(f ->
                        endings.contains(ending(f)) || f.getFileName().toString().equals("kemudi"))
                .map(f -> Source.read(root, "", false, f))
                .toList();
    }

    private static String ending(Path file) {
        String name = file.getFileName().toString();
        return name.substring(name.lastIndexOf('.') + 1);
    }

    private static Stream<Path> files(Path folder) {
        List<Path> found = new ArrayList<>();
        if (Files.isDirectory(folder)) {
            try {
                Files.walkFileTree(folder, new Collector(found));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return found.stream().sorted(Comparator.naturalOrder());
    }

    private static List<String> modulesOf(Path pom) {
        try {
            Matcher matcher = MODULE.matcher(Files.readString(pom));
            return matcher.results().map(r -> r.group(1)).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static final class Collector extends SimpleFileVisitor<Path> {
        private final List<Path> found;

        Collector(List<Path> found) {
            this.found = found;
        }

        @Override
        public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
            boolean skip = SKIPPED.contains(folder.getFileName().toString());
            return skip ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            found.add(file);
            return FileVisitResult.CONTINUE;
        }

        /** Other builds may remove files while this one walks. */
        @Override
        public FileVisitResult visitFileFailed(Path file, IOException e) {
            return FileVisitResult.CONTINUE;
        }
    }
}
