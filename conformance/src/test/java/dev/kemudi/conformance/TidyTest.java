package dev.kemudi.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The whole repository against the rules of style: one test a rule, one line a violation. */
class TidyTest {
    private static final int README_LINES_MAX = 40;
    private static final int SHOWN_MAX = 60;

    private static SourceTree tree;
    private static List<Source> java;
    private static List<Syntax> parsed;

    @BeforeAll
    static void readTheRepository() {
        tree = SourceTree.here();
        java = tree.java();
        parsed = Syntax.of(java);
    }

    @Test
    void thereIsSomethingToCheck() {
        assertThat(tree.modules()).contains("kernel", "api", "conformance");
        assertThat(java).hasSizeGreaterThan(50);
    }

    @Test
    void filesStayShortEnoughToRead() {
        assertNone(java, TidyRules::longFiles);
    }

    @Test
    void linesStayWithinTheWidth() {
        assertNone(java, TidyRules::wideLines);
    }

    @Test
    void methodsStayShortEnoughToRead() {
        assertNone(parsed, TidyRules::longMethods);
    }

    @Test
    void classNamesSayWhatTheyAre() {
        assertNone(parsed, TidyRules::emptyNames);
    }

    @Test
    void contextTravelsInScopedValues() {
        assertNone(java, TidyRules::threadLocals);
    }

    @Test
    void onlyTheCommandLinePrints() {
        assertNone(
                java.stream().filter(s -> s.main() && !s.module().equals("server")).toList(),
                TidyRules::prints);
    }

    @Test
    void testsWaitForConditionsNotForTimes() {
        assertNone(java.stream().filter(s -> !s.main()).toList(), TidyRules::sleeps);
    }

    @Test
    void testNamesAreSentencesOfTheSpecification() {
        assertNone(parsed.stream().filter(s -> !s.source().main()).toList(), TidyRules::testNames);
    }

    @Test
    void testsThatDoNotRunSayWhy() {
        assertNone(
                parsed.stream().filter(s -> !s.source().main()).toList(), TidyRules::silentSkips);
    }

    @Test
    void queuesAndExecutorsAreBounded() {
        assertNone(
                parsed.stream().filter(s -> s.source().main()).toList(),
                TidyRules::unboundedQueues);
    }

    @Test
    void exceptionsAreNotSwallowed() {
        assertNone(parsed, TidyRules::emptyCatches);
    }

    @Test
    void aModuleIsOnePackage() {
        assertNone(parsed, syntax -> TidyRules.packages(syntax.source(), syntax));
    }

    @Test
    void everyPackageIsMarkedForNulls() {
        List<String> missing = new ArrayList<>();
        for (String module : modulesWithCode()) {
            boolean marked =
                    java.stream()
                            .filter(s -> s.main() && s.module().equals(module))
                            .anyMatch(s ->
                                    s.path().endsWith("package-info.java")
                                            && s.text().contains("@NullMarked"));
            if (!marked) {
                missing.add(
                        module + "/src/main/java: expected a package-info.java with @NullMarked");
            }
        }
        assertNone(missing);
    }

    @Test
    void everyModuleHasAShortReadme() {
        List<String> wrong = new ArrayList<>();
        for (String module : tree.modules()) {
            Path readme = tree.root().resolve(module).resolve("README.md");
            if (!Files.exists(readme)) {
                wrong.add(
                        module
                                + "/README.md: expected one: what, protocol, limits, how to run its tests");
                continue;
            }
            int lines = Source.read(tree.root(), module, false, readme).lines().size();
            if (lines > README_LINES_MAX) {
                wrong.add(
                        module
                                + "/README.md:"
                                + lines
                                + " is longer than "
                                + README_LINES_MAX
                                + " lines");
            }
        }
        assertNone(wrong);
    }

    @Test
    void nothingNamesThePathsOfOneMachine() {
        assertNone(tree.texts(), TidyRules::machinePaths);
    }

    private static List<String> modulesWithCode() {
        return java.stream().filter(Source::main).map(Source::module).distinct().toList();
    }

    private static <T> void assertNone(List<T> subjects, Function<T, List<String>> rule) {
        List<String> violations = subjects.stream().flatMap(s -> rule.apply(s).stream()).toList();
        assertNone(violations);
    }

    private static void assertNone(List<String> violations) {
        assertThat(violations).withFailMessage(() -> report(violations)).isEmpty();
    }

    private static String report(List<String> violations) {
        String shown = violations.stream().limit(SHOWN_MAX).collect(Collectors.joining("\n  "));
        int more = violations.size() - SHOWN_MAX;
        return violations.size()
                + " violations:\n  "
                + shown
                + (more > 0 ? "\n  and " + more + " more" : "");
    }
}
