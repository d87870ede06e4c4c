package dev.kemudi.conformance;

import com.sun.source.tree.AnnotationTree;
import com.sun.source.tree.CatchTree;
import com.sun.source.tree.ClassTree;
import com.sun.source.tree.MethodInvocationTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.NewClassTree;
import com.sun.source.util.TreeScanner;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The rules of {@code STYLE.md} that a machine can check. Each answers with one line per violation:
 * file:line, why.
 */
final class TidyRules {
    static final int FILE_LINES_MAX = 800;
    static final int LINE_WIDTH_MAX = 110;
    static final int METHOD_LINES_MAX = 70;
    private static final int NAME_WORDS_MIN = 3;
    private static final int COMMENT_LINES_ABOVE = 4;

    private static final Pattern CLASS_NAME =
            Pattern.compile(".*(Manager|Helper|Utils?|Impl|Data|Info)");
    private static final Pattern SLEEP =
            Pattern.compile("\\bThread\\.sleep\\(|\\bTimeUnit\\.[A-Z]+\\.sleep\\(");
    private static final Pattern PRINT =
            Pattern.compile("\\bSystem\\.(out|err)\\b|\\.printStackTrace\\(");
    private static final Pattern THREAD_LOCAL =
            Pattern.compile("\\b(Inheritable)?Thread[L]ocal\\b");
    private static final Set<String> TEST_ANNOTATIONS =
            Set.of("Test", "ParameterizedTest", "RepeatedTest", "TestFactory", "TestTemplate");
    private static final Set<String> BOUNDED_BY_ARGUMENT =
            Set.of("LinkedBlockingQueue", "LinkedBlockingDeque", "ArrayBlockingQueue");
    private static final Set<String> NEVER_BOUNDED =
            Set.of(
                    "ConcurrentLinkedQueue",
                    "ConcurrentLinkedDeque",
                    "LinkedTransferQueue",
                    "PriorityBlockingQueue",
                    "DelayQueue");
    private static final Set<String> UNBOUNDED_EXECUTORS =
            Set.of(
                    "newCachedThreadPool",
                    "newFixedThreadPool",
                    "newSingleThreadExecutor",
                    "newScheduledThreadPool",
                    "newSingleThreadScheduledExecutor",
                    "newThreadPerTaskExecutor",
                    "newVirtualThreadPerTaskExecutor");
    // Written in pieces, so that this file does not break its own rule.
    private static final Pattern MACHINE_PATH =
            Pattern.compile(
                    "/wo"
                            + "rk/(main|shared|\\.)|/ro"
                            + "ot/|/ho"
                            + "me/[a-z]+/|/Us"
                            + "ers/[a-z]+/|/tmp/"
                            + "(brief|bash_jobs)");

    private TidyRules() {}

    static List<String> longFiles(Source source) {
        int lines = source.lines().size();
        return lines <= FILE_LINES_MAX
                ? List.of()
                : List.of(
                        source.at(lines) + " has " + lines + " lines, more than " + FILE_LINES_MAX);
    }

    static List<String> wideLines(Source source) {
        List<String> lines = source.lines();
        List<String> found = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            int width = lines.get(i).codePointCount(0, lines.get(i).length());
            if (width > LINE_WIDTH_MAX && !lines.get(i).startsWith("import ")) {
                found.add(source.at(i + 1) + " is " + width + " wide, more than " + LINE_WIDTH_MAX);
            }
        }
        return found;
    }

    static List<String> longMethods(Syntax syntax) {
        List<String> found = new ArrayList<>();
        methods(
                syntax,
                method -> {
                    if (method.getBody() == null) {
                        return;
                    }
                    long lines = syntax.lastLine(method) - syntax.firstLine(method) + 1;
                    if (lines > METHOD_LINES_MAX) {
                        found.add(
                                syntax.at(method)
                                        + " "
                                        + method.getName()
                                        + " has "
                                        + lines
                                        + " lines, more than "
                                        + METHOD_LINES_MAX);
                    }
                });
        return found;
    }

    static List<String> emptyNames(Syntax syntax) {
        List<String> found = new ArrayList<>();
        scan(
                syntax,
                new TreeScanner<Void, Void>() {
                    @Override
                    public Void visitClass(ClassTree type, Void nothing) {
                        if (CLASS_NAME.matcher(type.getSimpleName()).matches()) {
                            found.add(
                                    syntax.at(type)
                                            + " "
                                            + type.getSimpleName()
                                            + " says nothing: name what it does");
                        }
                        return super.visitClass(type, null);
                    }
                });
        return found;
    }

    static List<String> threadLocals(Source source) {
        return matching(source, THREAD_LOCAL, "thread-bound state: carry context in a ScopedValue");
    }

    static List<String> prints(Source source) {
        return matching(source, PRINT, "printing: use System.Logger");
    }

    static List<String> sleeps(Source source) {
        return matching(source, SLEEP, "sleeping in a test: wait for a condition");
    }

    static List<String> machinePaths(Source source) {
        return matching(source, MACHINE_PATH, "a path of one machine");
    }

    static List<String> testNames(Syntax syntax) {
        List<String> found = new ArrayList<>();
        methods(
                syntax,
                method -> {
                    boolean test =
                            annotations(method).anyMatch(a -> TEST_ANNOTATIONS.contains(simple(a)));
                    String name = method.getName().toString();
                    int words = name.split("(?=[A-Z])|(?<=[0-9])(?=[a-z])").length;
                    if (test
                            && (words < NAME_WORDS_MIN
                                    || !Character.isLowerCase(name.charAt(0))
                                    || name.contains("_"))) {
                        found.add(
                                syntax.at(method)
                                        + " "
                                        + name
                                        + " is no sentence (three words or more, lowerCamelCase)");
                    }
                });
        return found;
    }

    /**
     * Tests that may not run must say why, where people read it: in the annotation or the
     * assumption.
     */
    static List<String> silentSkips(Syntax syntax) {
        List<String> found = new ArrayList<>();
        scan(
                syntax,
                new TreeScanner<Void, Void>() {
                    @Override
                    public Void visitAnnotation(AnnotationTree annotation, Void nothing) {
                        String name = simple(annotation);
                        String arguments = annotation.getArguments().toString();
                        boolean silent =
                                (name.equals("Disabled") && annotation.getArguments().isEmpty())
                                        || (name.matches("(Enabled|Disabled)(If|On|For).*")
                                                && !arguments.contains("disabledReason"));
                        if (silent) {
                            found.add(syntax.at(annotation) + " @" + name + " gives no reason");
                        }
                        return super.visitAnnotation(annotation, null);
                    }

                    @Override
                    public Void visitMethodInvocation(MethodInvocationTree call, Void nothing) {
                        String name = called(call);
                        if (Set.of("assumeTrue", "assumeFalse").contains(name)
                                && call.getArguments().size() < 2) {
                            found.add(syntax.at(call) + " " + name + " gives no reason");
                        }
                        return super.visitMethodInvocation(call, null);
                    }
                });
        return found;
    }

    /**
     * Queues and executors without a bound, unless a comment just above says what bounds them
     * ("bounded by …").
     */
    static List<String> unboundedQueues(Syntax syntax) {
        List<String> found = new ArrayList<>();
        scan(
                syntax,
                new TreeScanner<Void, Void>() {
                    @Override
                    public Void visitNewClass(NewClassTree created, Void nothing) {
                        String type =
                                created.getIdentifier()
                                        .toString()
                                        .replaceAll("<.*", "")
                                        .replaceAll(".*\\.", "");
                        boolean open =
                                NEVER_BOUNDED.contains(type)
                                        || (BOUNDED_BY_ARGUMENT.contains(type)
                                                && created.getArguments().isEmpty());
                        if (open && !saysWhatBounds(syntax, syntax.firstLine(created))) {
                            found.add(
                                    syntax.at(created)
                                            + " "
                                            + type
                                            + " has no bound (nor a comment \"bounded by …\")");
                        }
                        return super.visitNewClass(created, null);
                    }

                    @Override
                    public Void visitMethodInvocation(MethodInvocationTree call, Void nothing) {
                        if (UNBOUNDED_EXECUTORS.contains(called(call))
                                && !saysWhatBounds(syntax, syntax.firstLine(call))) {
                            found.add(
                                    syntax.at(call)
                                            + " "
                                            + called(call)
                                            + " has no bound (nor a comment \"bounded by …\")");
                        }
                        return super.visitMethodInvocation(call, null);
                    }
                });
        return found;
    }

    private static boolean saysWhatBounds(Syntax syntax, long line) {
        List<String> lines = syntax.source().lines();
        int from = (int) Math.max(0, line - 1 - COMMENT_LINES_ABOVE);
        return lines.subList(from, (int) Math.min(lines.size(), line + 1)).stream()
                .anyMatch(l -> l.toLowerCase(Locale.ROOT).contains("bounded by"));
    }

    /** A catch that neither acts nor says why not. */
    static List<String> emptyCatches(Syntax syntax) {
        List<String> found = new ArrayList<>();
        scan(
                syntax,
                new TreeScanner<Void, Void>() {
                    @Override
                    public Void visitCatch(CatchTree caught, Void nothing) {
                        String body = syntax.text(caught.getBlock());
                        if (caught.getBlock().getStatements().isEmpty()
                                && !body.contains("//")
                                && !body.contains("/*")) {
                            found.add(
                                    syntax.at(caught)
                                            + " catches "
                                            + caught.getParameter().getType()
                                            + " and neither acts nor says why not");
                        }
                        return super.visitCatch(caught, null);
                    }
                });
        return found;
    }

    static List<String> packages(Source source, Syntax syntax) {
        String wanted = "dev.kemudi." + source.module().replace("-", "");
        String found = String.valueOf(syntax.unit().getPackageName());
        boolean fine = found.equals(wanted) || found.equals(wanted + ".testing");
        return fine
                ? List.of()
                : List.of(source.at(1) + " is in package " + found + ", expected " + wanted);
    }

    private static List<String> matching(Source source, Pattern pattern, String why) {
        List<String> lines = source.lines();
        List<String> found = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            if (pattern.matcher(withoutComment(lines.get(i))).find()) {
                found.add(source.at(i + 1) + " " + why + ": " + lines.get(i).strip());
            }
        }
        return found;
    }

    /** Prose about a rule does not break it. */
    private static String withoutComment(String line) {
        String text = line.strip();
        return text.startsWith("*") || text.startsWith("//") || text.startsWith("/*") ? "" : line;
    }

    private static void methods(Syntax syntax, Consumer<MethodTree> visitor) {
        scan(
                syntax,
                new TreeScanner<Void, Void>() {
                    @Override
                    public Void visitMethod(MethodTree method, Void nothing) {
                        visitor.accept(method);
                        return super.visitMethod(method, null);
                    }
                });
    }

    private static void scan(Syntax syntax, TreeScanner<Void, Void> scanner) {
        scanner.scan(syntax.unit(), null);
    }

    private static Stream<? extends AnnotationTree> annotations(MethodTree method) {
        return method.getModifiers().getAnnotations().stream();
    }

    private static String simple(AnnotationTree annotation) {
        return annotation.getAnnotationType().toString().replaceAll(".*\\.", "");
    }

    private static String called(MethodInvocationTree call) {
        return call.getMethodSelect().toString().replaceAll("(?s).*\\.", "");
    }
}
