package dev.kemudi.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.conformance.LimitsDocument.Limit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** {@code docs/limits.md} says what the code does; this says so when it no longer does. */
class LimitsDocumentTest {
    static final String REGENERATE =
            "./mvnw -pl conformance test -Dkemudi.write.limits=true -Dtest=LimitsDocumentTest"
                    + " -Dsurefire.failIfNoSpecifiedTests=false";

    private static final Pattern STATED_VALUE = Pattern.compile("(-?[0-9][0-9_,]*)\\s*:.*");

    private final SourceTree tree = SourceTree.here();

    @Test
    void theCommittedDocumentIsWhatTheRecordsSay() throws IOException {
        Path file = tree.root().resolve("docs").resolve("limits.md");
        String generated = LimitsDocument.markdown(tree);
        if (Boolean.getBoolean("kemudi.write.limits")) {
            Files.createDirectories(file.getParent());
            Files.writeString(file, generated);
        }
        assertThat(file).as("write it with: " + REGENERATE).exists();
        assertThat(Files.readString(file))
                .as("docs/limits.md is out of date; write it anew with: " + REGENERATE)
                .isEqualTo(generated);
    }

    @Test
    void everyLimitHasAReasonThatStatesItsValue() {
        List<String> wrong = new ArrayList<>();
        for (Limit limit : LimitsDocument.limits(tree)) {
            String where = limit.module() + " Limits." + limit.name();
            Matcher stated = STATED_VALUE.matcher(limit.reason());
            if (limit.reason().isEmpty()) {
                wrong.add(
                        where
                                + ": expected a Javadoc line \"@param "
                                + limit.name()
                                + " value: reason\"");
            } else if (stated.matches() && !digits(stated.group(1)).equals(digits(limit.value()))) {
                wrong.add(
                        where
                                + " is "
                                + limit.value()
                                + " but its Javadoc says "
                                + stated.group(1));
            }
        }
        assertThat(wrong).withFailMessage(() -> String.join("\n", wrong)).isEmpty();
    }

    @Test
    void reasonsAreReadAcrossLinesAndTags() {
        assertThat(
                        LimitsDocument.reasons(
                                """
                                /** Another type. */
                                enum Other {}

                                /**
                                 * What it may hold.
                                 *
                                 * @param queueMax 16: as many as {@code a|b}
                                 *     can take
                                 * @param waitMillis 5: less would not do
                                 */
                                public record Limits(int queueMax, int waitMillis) {}
                                """))
                .containsEntry("queueMax", "16: as many as `a\\|b` can take")
                .containsEntry("waitMillis", "5: less would not do");
        assertThat(LimitsDocument.shown("1048576")).isEqualTo("1_048_576");
        assertThat(LimitsDocument.shown("PT5S")).isEqualTo("PT5S");
    }

    private static String digits(String number) {
        return number.replaceAll("[_,]", "");
    }
}
