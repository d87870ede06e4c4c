package dev.kemudi.conformance;

import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.SourcePositions;
import com.sun.source.util.Trees;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import javax.tools.JavaCompiler;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/**
 * A Java file as the JDK's own compiler parses it; nothing is resolved, so one file suffices.
 *
 * @param source where it came from
 * @param unit the tree
 */
record Syntax(Source source, CompilationUnitTree unit, SourcePositions positions) {
    static Syntax of(Source source) {
        return of(List.of(source)).getFirst();
    }

    /** All of them in one go of the compiler, which starts slowly. */
    static List<Syntax> of(List<Source> sources) {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        List<Text> files = sources.stream().map(Text::new).toList();
        List<String> options = List.of("-proc:none");
        JavacTask task = (JavacTask) compiler.getTask(null, null, _ -> {}, options, null, files);
        SourcePositions positions = Trees.instance(task).getSourcePositions();
        try {
            List<Syntax> parsed = new ArrayList<>();
            Map<URI, Source> byName = new HashMap<>();
            files.forEach(file -> byName.put(file.toUri(), file.source));
            for (CompilationUnitTree unit : task.parse()) {
                Source source = Objects.requireNonNull(byName.get(unit.getSourceFile().toUri()));
                parsed.add(new Syntax(source, unit, positions));
            }
            return parsed;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    long firstLine(Tree tree) {
        return unit.getLineMap().getLineNumber(positions.getStartPosition(unit, tree));
    }

    long lastLine(Tree tree) {
        return unit.getLineMap().getLineNumber(positions.getEndPosition(unit, tree));
    }

    /** The very characters of {@code tree}, comments included. */
    String text(Tree tree) {
        int start = (int) positions.getStartPosition(unit, tree);
        int end = (int) positions.getEndPosition(unit, tree);
        return source.text().substring(start, end);
    }

    String at(Tree tree) {
        return source.at(firstLine(tree));
    }

    private static final class Text extends SimpleJavaFileObject {
        private final Source source;

        Text(Source source) {
            super(URI.create("string:///" + source.path()), Kind.SOURCE);
            this.source = source;
        }

        @Override
        public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return source.text();
        }
    }
}
