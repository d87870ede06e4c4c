package dev.kemudi.kinds;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.MissingNode;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AgeTest {
    @ParameterizedTest
    @CsvSource({
        "PT0S, 0s", "PT5S, 5s", "PT1M59S, 119s", "PT2M, 2m", "PT2M3S, 2m3s", "PT9M59S, 9m59s",
                "PT10M30S, 10m",
        "PT2H59M, 179m", "PT3H, 3h", "PT4H, 4h", "PT7H59M, 7h59m", "PT8H30M, 8h", "PT47H59M, 47h",
                "P2D, 2d",
        "P3DT5H, 3d5h", "P7DT23H, 7d23h", "P8DT5H, 8d", "P729D, 729d", "P730D, 2y", "P739D, 2y9d",
                "P2921D, 8y",
    })
    void anAgeReadsAsKubectlPrintsIt(Duration age, String printed) {
        assertThat(Age.human(age)).isEqualTo(printed);
    }

    @Test
    void aClockThatIsASecondAheadIsForgivenAndMoreIsNot() {
        assertThat(Age.human(Duration.ofMillis(-900))).isEqualTo("0s");
        assertThat(Age.human(Duration.ofMillis(-1900))).isEqualTo("0s");
        assertThat(Age.human(Duration.ofSeconds(-2))).isEqualTo("<invalid>");
    }

    @Test
    void anObjectWithoutTimestampHasUnknownAge() {
        assertThat(Age.since(MissingNode.getInstance(), Subject.NOW)).isEqualTo("<unknown>");
    }
}
