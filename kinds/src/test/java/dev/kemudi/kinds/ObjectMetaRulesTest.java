package dev.kemudi.kinds;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Status;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ObjectMetaRulesTest {
    private static List<String> wrong(String metadata) {
        return ObjectMetaRules.validate(Subject.json("{'metadata':{" + metadata + "}}")).stream()
                .map(c -> c.field() + ": " + c.message())
                .toList();
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "a-b.c", "0", "a.0.b"})
    void plainNamesAreFine(String name) {
        assertThat(ObjectMetaRules.name(name, "metadata.name")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-a", "a-", "A", "a..b", "../etc", "a/b", "ä", "a\nb", "."})
    void namesThatCouldBePathsOrWorseAreNot(String name) {
        assertThat(ObjectMetaRules.name(name, "metadata.name"))
                .singleElement()
                .extracting(Status.Cause::message)
                .asString()
                .contains("a lowercase RFC 1123 subdomain must consist of");
    }

    @Test
    void aNameOfMegabytesIsRefusedWithoutBeingRead() {
        assertThat(ObjectMetaRules.name("a".repeat(5_000_000), "metadata.name"))
                .singleElement()
                .satisfies(c ->
                        assertThat(c.message())
                                .hasSizeLessThan(1000)
                                .endsWith("no more than 253 characters"));
    }

    @Test
    void labelsAreCheckedKeyAndValue() {
        assertThat(
                        wrong(
                                "'name':'a','labels':{'ok':'','x.io/y':'Z_1','/b':'c','d':'e"
                                        + " f','Q.io/k':'v'}"))
                .hasSize(3)
                .anySatisfy(m ->
                        assertThat(m)
                                .isEqualTo(
                                        "metadata.labels: Invalid value: \"/b\": prefix part must"
                                                + " be non-empty"))
                .anySatisfy(m ->
                        assertThat(m)
                                .startsWith(
                                        "metadata.labels: Invalid value: \"e f\": a valid label"
                                                + " must be an empty string or"))
                .anySatisfy(m ->
                        assertThat(m)
                                .startsWith(
                                        "metadata.labels: Invalid value: \"Q.io/k\": prefix part a"
                                                + " lowercase RFC 1123"));
    }

    @Test
    void annotationsMayBeLargeButNotTogetherBeyondTheLimit() {
        ApiObject large =
                Subject.json(
                        "{'metadata':{'name':'a','annotations':{'k':'"
                                + "x".repeat(262_144)
                                + "'}}}");
        assertThat(ObjectMetaRules.validate(large))
                .extracting(Status.Cause::message)
                .containsExactly("Too long: may not be more than 262144 bytes");
    }

    @Test
    void anOwnerIsNamedInFullAndOnlyOneControls() {
        String owner = "{'apiVersion':'v1','kind':'Pod','name':'%s','uid':'u','controller':true}";
        assertThat(wrong("'name':'a','ownerReferences':[{'kind':'Pod','name':'b','uid':'u'}]"))
                .containsExactly(
                        "metadata.ownerReferences[0].apiVersion: Invalid value: \"\": must not be"
                                + " empty");
        assertThat(
                        wrong(
                                "'name':'a','ownerReferences':["
                                        + owner.formatted("b")
                                        + ","
                                        + owner.formatted("c")
                                        + "]"))
                .singleElement()
                .asString()
                .endsWith("Found \"true\" in references for b and c");
    }
}
