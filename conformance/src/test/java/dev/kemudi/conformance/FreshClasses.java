package dev.kemudi.conformance;

import java.io.IOException;
import java.io.StringWriter;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/**
 * Classes compiled from the sources as they stand now, whatever has been built. Close it to remove
 * them.
 */
final class FreshClasses implements AutoCloseable {
    private final Path folder;
    private final URLClassLoader loader;

    private FreshClasses(Path folder, URLClassLoader loader) {
        this.folder = folder;
        this.loader = loader;
    }

    /**
     * Compiles {@code sources} and what they name.
     *
     * @throws IllegalStateException when they do not compile; the message is the compiler's
     */
    static FreshClasses of(SourceTree tree, List<Source> sources) throws IOException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        Path folder = Files.createTempDirectory("kemudi-classes");
        String sourcePath =
                tree.modules().stream()
                        .map(module ->
                                tree.root().resolve(module).resolve("src/main/java").toString())
                        .collect(Collectors.joining(System.getProperty("path.separator")));
        List<String> options =
                List.of(
                        "-proc:none",
                        "-nowarn",
                        "-d",
                        folder.toString(),
                        "-sourcepath",
                        sourcePath);
        StringWriter complaints = new StringWriter();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
            var units =
                    files.getJavaFileObjectsFromPaths(
                            sources.stream().map(s -> tree.root().resolve(s.path())).toList());
            if (!compiler.getTask(complaints, files, null, options, null, units).call()) {
                throw new IllegalStateException("expected the Limits to compile:\n" + complaints);
            }
        }
        URL[] urls = {folder.toUri().toURL()};
        return new FreshClasses(
                folder, new URLClassLoader(urls, ClassLoader.getPlatformClassLoader()));
    }

    Class<?> load(String name) {
        try {
            return loader.loadClass(name);
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException("expected " + name + " to be among the sources", e);
        }
    }

    @Override
    public void close() throws IOException {
        loader.close();
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
