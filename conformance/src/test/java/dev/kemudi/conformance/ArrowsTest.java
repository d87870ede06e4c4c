package dev.kemudi.conformance;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.EvaluationResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Who may name whom, read from the compiled classes of every module that has been built.
 *
 * <p>{@code kernel ← log ← store ← {etcd, apiserver}; kernel ← api ← schema ← kinds; api ←
 * controller ← capabilities}. Capabilities meet as declared resources, never as classes; only what
 * assembles the process names several of them.
 */
class ArrowsTest {
    private static final String ROOT = "dev.kemudi.";

    /**
     * Every module and all that its main code may name. Modules that assemble the process may name
     * everything.
     */
    private static final Map<String, Set<String>> MAY_NAME =
            new TreeMap<>(
                    Map.ofEntries(
                            Map.entry("kernel", Set.of()),
                            Map.entry("api", Set.of("kernel")),
                            Map.entry("log", Set.of("kernel")),
                            Map.entry("log-ratis", Set.of("log", "kernel")),
                            Map.entry("bolt", Set.of("kernel")),
                            Map.entry("store", Set.of("log", "kernel")),
                            Map.entry("schema", Set.of("api", "kernel")),
                            Map.entry("cel", Set.of("api", "kernel")),
                            Map.entry("kinds", Set.of("schema", "api", "kernel")),
                            Map.entry("etcd", Set.of("store", "log", "bolt", "kernel")),
                            Map.entry(
                                    "apiserver",
                                    Set.of(
                                            "store",
                                            "log",
                                            "admission",
                                            "schema",
                                            "cel",
                                            "api",
                                            "kernel")),
                            Map.entry("admission", Set.of("schema", "cel", "api", "kernel")),
                            Map.entry("controller", Set.of("api", "kernel")),
                            Map.entry("workloads", Set.of("controller", "api", "kernel")),
                            Map.entry("scheduler", Set.of("controller", "api", "kernel")),
                            Map.entry("node", Set.of("controller", "api", "kernel")),
                            Map.entry("gateway", Set.of("controller", "api", "kernel")),
                            Map.entry("observe", Set.of("kernel"))));

    private static final Set<String> ASSEMBLERS = Set.of("server", "testkit", "conformance");

    private static SourceTree tree;
    private static JavaClasses classes;

    @BeforeAll
    static void readTheClasses() {
        tree = SourceTree.here();
        List<Path> folders = new ArrayList<>();
        for (String module : tree.modules()) {
            Path folder = tree.root().resolve(module).resolve("target").resolve("classes");
            if (Files.isDirectory(folder)) {
                folders.add(folder);
            }
        }
        classes = new ClassFileImporter().importPaths(folders);
    }

    @Test
    void everyModuleWithCodeWasCompiled() {
        Set<String> packages = new HashSet<>();
        classes.forEach(type -> packages.add(type.getPackageName()));
        List<String> modules = tree.mainJava().stream().map(Source::module).distinct().toList();

        assertThat(modules).contains("kernel", "api", "log", "store");
        assertThat(modules)
                .as("run ./mvnw test-compile first")
                .allSatisfy(module -> assertThat(packages).contains(packageOf(module)));
    }

    @Test
    void everyModuleHasItsPlaceAmongTheArrows() {
        Set<String> placed = new HashSet<>(MAY_NAME.keySet());
        placed.addAll(ASSEMBLERS);
        assertThat(tree.modules()).allSatisfy(module -> assertThat(placed).contains(module));
    }

    @Test
    void everyModuleNamesOnlyWhatItsArrowsAllow() {
        List<String> violations = new ArrayList<>();
        MAY_NAME.forEach((module, allowed) -> violations.addAll(violations(module, allowed)));
        assertThat(violations)
                .withFailMessage(() ->
                        violations.size()
                                + " arrows the wrong way:\n  "
                                + String.join("\n  ", violations))
                .isEmpty();
    }

    @Test
    void anArrowTheWrongWayWouldBeFound() {
        // The API server names the store; were it not allowed to, this test would see it.
        assertThat(violations("store", Set.of())).isNotEmpty();
    }

    private static String packageOf(String module) {
        return ROOT + module.replace("-", "");
    }

    private static List<String> violations(String module, Set<String> allowed) {
        List<String> packages =
                new ArrayList<>(allowed.stream().map(a -> packageOf(a) + "..").toList());
        packages.add(packageOf(module) + "..");
        EvaluationResult result =
                classes()
                        .that()
                        .resideInAPackage(packageOf(module) + "..")
                        .should()
                        .onlyDependOnClassesThat(new NotOurs(packages))
                        .allowEmptyShould(true)
                        .evaluate(classes);
        return result.getFailureReport().getDetails();
    }
}
