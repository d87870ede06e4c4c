package dev.kemudi.conformance;

import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.SourcePositions;
import com.sun.source.util.Trees;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.util.List;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
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
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        var file =
                new SimpleJavaFileObject(
                        URI.create("string:///" + source.path()), JavaFileObject.Kind.SOURCE) {
                    @Override
                    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                        return source.text();
                    }
                };
        JavacTask task =
                (JavacTask)
                        compiler.getTask(
                                null, null, _ -> {}, List.of("-proc:none"), null, List.of(file));
        try {
            CompilationUnitTree unit = task.parse().iterator().next();
            return new Syntax(source, unit, Trees.instance(task).getSourcePositions());
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
}
