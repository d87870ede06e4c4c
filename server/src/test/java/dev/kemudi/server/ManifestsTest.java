package dev.kemudi.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ManifestsTest {
    @TempDir private Path folder;

    private Path file(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text);
    }

    private void refused(String text, String message) throws IOException {
        Path file = file("bad.yaml", text);
        assertThatThrownBy(() -> Manifests.read(List.of(file)))
                .isInstanceOf(UsageException.class)
                .hasMessageContaining(message);
    }

    @Test
    void aFolderIsReadInNameOrderAndOtherFilesAreLeftAlone() throws IOException {
        file("b.yml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: second}\n");
        file("a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: first}\n");
        file("notes.txt", "not a manifest");
        assertThat(Manifests.read(List.of(folder)))
                .extracting(m -> m.object().name())
                .containsExactly("first", "second");
    }

    @Test
    void emptyDocumentsBetweenSeparatorsCountForNothing() throws IOException {
        Path file =
                file(
                        "m.yaml",
                        "---\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: s}\n---\n");
        assertThat(Manifests.read(List.of(file))).hasSize(1);
    }

    @Test
    void theItemsOfAListAreDocumentsOfTheirOwn() throws IOException {
        Path file =
                file(
                        "list.yaml",
                        """
                        apiVersion: v1
                        kind: List
                        items:
                          - apiVersion: v1
                            kind: ConfigMap
                            metadata:
                              name: inner
                            data: {}
                        """);
        Manifest inner = Manifests.read(List.of(file)).getFirst();
        assertThat(inner.object().name()).isEqualTo("inner");
        assertThat(inner.where("metadata.name")).isEqualTo(file + ":7");
    }

    @Test
    void everyFieldKnowsItsLineAndAnUnknownOneThatOfItsParent() throws IOException {
        Path file =
                file(
                        "m.yaml",
                        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\n"
                                + "spec:\n  containers:\n  - name: a\n");
        Manifest pod = Manifests.read(List.of(file)).getFirst();
        assertThat(pod.where("spec.containers[0].name")).isEqualTo(file + ":7");
        assertThat(pod.where("spec.containers[0].image")).isEqualTo(file + ":7");
        assertThat(pod.where("status.phase")).isEqualTo(file + ":1");
    }

    @Test
    void scalarsAreWhatKubernetesTakesThemFor() throws IOException {
        Path file =
                file(
                        "m.yaml",
                        "apiVersion: v1\nkind: X\nmetadata: {name: x}\n"
                                + "spec: {i: 3, f: 1.5, b: true, t: \"3\", n: , v: 1.2.3}\n");
        assertThat(Manifests.read(List.of(file)).getFirst().object().at("/spec").toString())
                .isEqualTo("{\"i\":3,\"f\":1.5,\"b\":true,\"t\":\"3\",\"n\":null,\"v\":\"1.2.3\"}");
    }

    @Test
    void jsonIsReadAsWell() throws IOException {
        Path file =
                file(
                        "m.json",
                        "{\"apiVersion\":\"v1\",\"kind\":\"X\",\"metadata\":{\"name\":\"j\"}}");
        assertThat(Manifests.read(List.of(file)).getFirst().object().name()).isEqualTo("j");
    }

    @Test
    void aFieldGivenTwiceIsRefusedWithItsLine() throws IOException {
        refused("apiVersion: v1\nkind: X\nmetadata:\n  name: x\n  name: y\n", "bad.yaml:5: ");
    }

    @Test
    void aDocumentWithoutKindOrNameIsRefused() throws IOException {
        refused("apiVersion: v1\nmetadata: {name: x}\n", "bad.yaml:1: field kind is missing");
        refused("apiVersion: v1\nkind: X\n", "bad.yaml:1: field metadata.name is missing");
        refused("- a\n- b\n", "bad.yaml:1: expected an object");
    }

    @Test
    void brokenYamlNamesTheLineWhereItBreaks() throws IOException {
        refused("apiVersion: v1\nkind: \"X\nmetadata: {}\n", "not valid YAML");
    }

    @Test
    void aliasesThatMultiplyAreRefusedBeforeTheyFillMemory() throws IOException {
        StringBuilder bomb = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
        for (int i = 1; i < 20; i++) {
            String before = "*a" + (i - 1);
            bomb.append(
                    "a%d: &a%d [%s]\n"
                            .formatted(i, i, String.join(", ", List.of(before, before, before))));
        }
        refused(bomb.toString(), "bad.yaml:");
    }

    @Test
    void nestingWithoutEndIsRefused() throws IOException {
        refused("a: " + "[".repeat(5_000) + "]".repeat(5_000) + "\n", "bad.yaml:");
    }

    @Test
    void aliasesThatStandForTooMuchAreRefused() throws IOException {
        StringBuilder bomb = new StringBuilder("a0: &a0 [x, x]\n");
        for (int i = 1; i < 25; i++) {
            bomb.append("a%d: &a%d [*a%d, *a%d]%n".formatted(i, i, i - 1, i - 1));
        }
        refused(bomb.toString(), "aliases stand for more than 1000000 fields");
    }

    @Test
    void bytesThatAreNotTextAreRefused() throws IOException {
        Path file = folder.resolve("binary.yaml");
        Files.write(file, new byte[] {(byte) 0xff, (byte) 0xfe, 0, 1});
        assertThatThrownBy(() -> Manifests.read(List.of(file)))
                .isInstanceOf(UsageException.class)
                .hasMessageContaining("binary.yaml");
    }

    @Test
    void anEmptyFolderAndAMissingFileAreRefused() {
        assertThatThrownBy(() -> Manifests.read(List.of(folder)))
                .hasMessageContaining("no .yaml, .yml or .json file");
        assertThatThrownBy(() -> Manifests.read(List.of(folder.resolve("nowhere"))))
                .hasMessageContaining("no such file or folder");
    }

    @Test
    void anUnknownFieldIsRefusedBeforeAnythingStarts() throws IOException {
        Path file =
                file(
                        "gw.yaml",
                        """
                        apiVersion: gateway.networking.k8s.io/v1
                        kind: Gateway
                        metadata:
                          name: edge
                        spec:
                          gatewayClassName: kemudi
                          listener: []
                        """);
        List<Manifest> manifests = Manifests.read(List.of(file));
        assertThatThrownBy(() -> FieldCheck.check(manifests))
                .isInstanceOf(UsageException.class)
                .hasMessageStartingWith(file + ":7: unknown field \"spec.listener\"");
    }
}
