package dev.kemudi.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ContainerEnvironmentTest {
    @ParameterizedTest
    @CsvSource({
        "$(A), 1",
        "x$(A)y$(B)z, x1y2z",
        "$(NONE), $(NONE)",
        "$$(A), $(A)",
        "$$$(A), $1",
        "$(A, $(A",
        "$A, $A",
        "a$, a$",
        "$(), $()"
    })
    void variablesAreExpandedAsKubernetesDoes(String text, String expanded) {
        assertThat(new ContainerEnvironment(Map.of("A", "1", "B", "2")).expand(text))
                .isEqualTo(expanded);
    }

    @Test
    void whatIsNotDefinedYetStaysAsWritten() throws Exception {
        var container =
                dev.kemudi.api.ApiObject.parse(
                                """
                                {"env":[{"name":"X","value":"$(Y)"},{"name":"Y","value":"2"},
                                  {"name":"Z","value":"$(Y)"}]}
                                """)
                        .tree();
        var references =
                new References(
                        (dev.kemudi.api.ApiClient)
                                java.lang.reflect.Proxy.newProxyInstance(
                                        getClass().getClassLoader(),
                                        new Class<?>[] {dev.kemudi.api.ApiClient.class},
                                        (_, _, _) -> {
                                            throw new IllegalStateException("nothing is asked");
                                        }),
                        dev.kemudi.api.ApiObject.parse("{}"),
                        "",
                        "",
                        Map.of());
        assertThat(ContainerEnvironment.of(container, Map.of(), references).variables())
                .containsEntry("X", "$(Y)")
                .containsEntry("Z", "2");
    }
}
