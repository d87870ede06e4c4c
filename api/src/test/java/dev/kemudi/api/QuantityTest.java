package dev.kemudi.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class QuantityTest {
    @ParameterizedTest
    @CsvSource({
        "100m, 100",
        "0.1, 100",
        "1, 1000",
        "1.5, 1500",
        "2e3, 2000000",
        "2E3, 2000000",
        "1k, 1000000",
        "+3, 3000",
        "-250m, -250",
        ".5, 500",
        "5., 5000",
        "1u, 1",
        "1n, 1",
        "1Ki, 1024000"
    })
    void milliValuesAreReadAndRoundedUp(String text, long millis) {
        assertThat(Quantity.parse(text).milliValue()).isEqualTo(millis);
    }

    @ParameterizedTest
    @CsvSource({
        "1.5Gi, 1610612736",
        "128Mi, 134217728",
        "1G, 1000000000",
        "1E, 1000000000000000000",
        "0.5Ki, 512",
        "7Ei, 8070450532247928832",
        "8Ei, 9223372036854775807",
        "100m, 1",
        "1e30, 9223372036854775807"
    })
    void bytesAreReadAndSaturate(String text, long bytes) {
        assertThat(Quantity.parse(text).bytes()).isEqualTo(bytes);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "0Gi, 0",
        "1.5Gi, 1536Mi",
        "1024Mi, 1Gi",
        "1000m, 1",
        "0.1, 100m",
        "1000, 1k",
        "1500, 1500",
        "512, 512",
        "0.5Ki, 512",
        "2e3, 2e3",
        "12e2, 1200",
        "100000000n, 100m",
        "0.5Mi, 512Ki",
        "0.0000000001, 1n",
        "1000000E, 1000000E",
        "0.3Ki, 307200m",
        "1025, 1025"
    })
    void theCanonicalFormHasNoFractionAndTheLargestSuffix(String text, String canonical) {
        assertThat(Quantity.parse(text)).hasToString(canonical);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "m",
                "1 ",
                "1mi",
                "1ki",
                "1KiB",
                "--1",
                "1.2.3",
                "1e",
                "1e9999999",
                "0x10",
                "1i",
                "NaN",
                "1Ki1"
            })
    void whatIsNotAQuantityIsRefusedByName(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Quantity.parse(text))
                .withMessageContaining("\"" + text + "\"");
    }

    @Test
    void equalAmountsAreEqualHoweverTheyAreWritten() {
        assertThat(Quantity.parse("1Gi"))
                .isEqualTo(Quantity.parse("1024Mi"))
                .hasSameHashCodeAs(Quantity.parse("1073741824"));
        assertThat(Quantity.parse("1Gi").plus(Quantity.parse("1Gi"))).hasToString("2Gi");
        assertThat(Quantity.ZERO.plus(Quantity.ofBytes(2048))).hasToString("2Ki");
        assertThat(Quantity.parse("2").minus(Quantity.parse("500m"))).hasToString("1500m");
    }
}
