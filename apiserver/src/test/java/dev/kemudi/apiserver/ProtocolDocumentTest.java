package dev.kemudi.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.apiserver.ServedFeatures.Feature;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code docs/protocols/kubernetes.md} says what the server does; this says so when it no longer
 * does.
 */
class ProtocolDocumentTest {
    private static final String REGENERATE =
            "./mvnw -pl apiserver -am test -Dkemudi.write.protocols=true -Dtest=ProtocolDocumentTest"
                    + " -Dsurefire.failIfNoSpecifiedTests=false";

    @TempDir Path pki;

    @Test
    void theCommittedDocumentIsWhatARunningServerSays() throws IOException, InterruptedException {
        Path file = root().resolve("docs/protocols/kubernetes.md");
        String generated;
        try (RunningServer running = new RunningServer(pki, Limits.defaults(), 0);
                Https https = Https.admin(pki, running.server.port())) {
            generated = new ProtocolDocument(https).markdown(REGENERATE);
        }
        if (Boolean.getBoolean("kemudi.write.protocols")) {
            Files.writeString(file, generated);
        }
        assertThat(Files.readString(file))
                .as(file + " is out of date; write it anew with: " + REGENERATE)
                .isEqualTo(generated);
    }

    @Test
    void everyFeatureThatIsClaimedHasATestThatShowsIt() {
        for (Feature feature : ServedFeatures.ALL) {
            assertThat(feature.proof().getDeclaredMethods())
                    .as(feature.what())
                    .filteredOn(method -> method.isAnnotationPresent(Test.class))
                    .extracting(Method::getName)
                    .contains(feature.test());
        }
        assertThat(Arrays.stream(Encoding.Format.values()).map(Encoding.Format::mediaType))
                .allSatisfy(type -> assertThat(ProtocolDocument.asked()).contains(type));
    }

    private static Path root() {
        Path folder = Path.of("").toAbsolutePath();
        while (folder != null && !Files.exists(folder.resolve("mvnw"))) {
            folder = folder.getParent();
        }
        return Objects.requireNonNull(folder, "a folder above with mvnw in it");
    }
}
