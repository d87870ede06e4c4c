package dev.kemudi.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/**
 * A rule that finds nothing proves nothing: each is shown what it must find, and what it must let
 * pass.
 */
class TidyRulesTest {
    private static Source source(String text) {
        return new Source("a/src/main/java/dev/kemudi/a/A.java", "a", true, text);
    }

    private static Syntax body(String statements) {
        return Syntax.of(
                source(
                        "package dev.kemudi.a; class A { void m() throws Exception {\n"
                                + statements
                                + "\n} }"));
    }

    @Test
    void longAndWideFilesAreFound() {
        assertThat(TidyRules.longFiles(source("x\n".repeat(801)))).hasSize(1);
        assertThat(TidyRules.longFiles(source("x\n".repeat(800)))).isEmpty();
        assertThat(TidyRules.wideLines(source("ok\n" + "x".repeat(111))))
                .containsExactly(
                        "a/src/main/java/dev/kemudi/a/A.java:2 is 111 wide, more than 110");
        assertThat(TidyRules.wideLines(source("…".repeat(110)))).isEmpty();
    }

    @Test
    void longMethodsAreFound() {
        assertThat(TidyRules.longMethods(body("int i;\n".repeat(69)))).hasSize(1);
        assertThat(TidyRules.longMethods(body("int i;\n".repeat(67)))).isEmpty();
    }

    @Test
    void namesThatSayNothingAreFoundEvenWhenNested() {
        Syntax syntax =
                Syntax.of(
                        source(
                                "class Store { record StoreInfo() {} interface Metadata {} enum "
                                        + "IoUtils {} }"));
        assertThat(TidyRules.emptyNames(syntax)).hasSize(2);
    }

    @Test
    void printingSleepingAndThreadLocalsAreFoundButNotInProse() {
        assertThat(
                        TidyRules.prints(
                                source(
                                        "System"
                                                + ".out.println(1);\n// System"
                                                + ".out is for CLIs")))
                .hasSize(1);
        assertThat(TidyRules.prints(source("e.print" + "StackTrace();"))).hasSize(1);
        assertThat(
                        TidyRules.sleeps(
                                source("Thread" + ".sleep(1);\nTimeUnit" + ".SECONDS.sleep(1);")))
                .hasSize(2);
        assertThat(
                        TidyRules.threadLocals(
                                source("new Thread" + "Local<>();\nThreadLocalRandom.current();")))
                .hasSize(1);
    }

    @Test
    void testNamesThatAreNoSentencesAreFound() {
        String test = "class T { @Test void %s() {} }";
        assertThat(TidyRules.testNames(Syntax.of(source(test.formatted("testPut"))))).hasSize(1);
        assertThat(TidyRules.testNames(Syntax.of(source(test.formatted("put_then_get")))))
                .hasSize(1);
        assertThat(TidyRules.testNames(Syntax.of(source(test.formatted("aPutIsSeen"))))).isEmpty();
    }

    @Test
    void skipsWithoutReasonAreFound() {
        assertThat(TidyRules.silentSkips(Syntax.of(source("class T { @Disabled void a() {} }"))))
                .hasSize(1);
        assertThat(
                        TidyRules.silentSkips(
                                Syntax.of(source("class T { @Disabled(\"why\") void a() {} }"))))
                .isEmpty();
        assertThat(TidyRules.silentSkips(body("assume" + "True(x);"))).hasSize(1);
        assertThat(
                        TidyRules.silentSkips(
                                body("Assumptions.assume" + "True(x, \"no etcdctl here\");")))
                .isEmpty();
    }

    @Test
    void queuesWithoutBoundAreFoundUnlessTheBoundIsNamed() {
        assertThat(TidyRules.unboundedQueues(body("var q = new LinkedBlockingQueue<String>();")))
                .hasSize(1);
        assertThat(TidyRules.unboundedQueues(body("var q = new LinkedBlockingQueue<String>(7);")))
                .isEmpty();
        assertThat(TidyRules.unboundedQueues(body("var q = new ConcurrentLinkedQueue<>();")))
                .hasSize(1);
        assertThat(
                        TidyRules.unboundedQueues(
                                body(
                                        "// bounded by the permits\nvar q = new ConcurrentLinkedQueue<>();")))
                .isEmpty();
        assertThat(TidyRules.unboundedQueues(body("Executors.newCachedThreadPool();"))).hasSize(1);
    }

    @Test
    void catchesThatDoNothingAreFoundUnlessTheySayWhy() {
        assertThat(TidyRules.emptyCatches(body("try { m(); } catch (Exception e) { }"))).hasSize(1);
        assertThat(
                        TidyRules.emptyCatches(
                                body("try { m(); } catch (Exception _) { /* gone already */ }")))
                .isEmpty();
        assertThat(TidyRules.emptyCatches(body("try { m(); } catch (Exception e) { throw e; }")))
                .isEmpty();
    }

    @Test
    void pathsOfAMachineAreFound() {
        assertThat(TidyRules.machinePaths(source("cd /wo" + "rk/main"))).hasSize(1);
        assertThat(TidyRules.machinePaths(source("~/.kemudi and /var/lib/kemudi"))).isEmpty();
    }

    @Test
    void aForeignPackageIsFound() {
        Source source = source("package dev.kemudi.b; class A {}");
        assertThat(TidyRules.packages(source, Syntax.of(source))).hasSize(1);
    }
}
