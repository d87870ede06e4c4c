package dev.kemudi.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LabelSelectorTest {
    private static ObjectNode expression(String operator, String... values) {
        ObjectNode expression = JsonNodeFactory.instance.objectNode();
        expression.put("key", "tier").put("operator", operator);
        for (String value : values) {
            expression.withArray("values").add(value);
        }
        return expression;
    }

    @ParameterizedTest
    @CsvSource({
        "In, web, true",
        "In, db, false",
        "In, , false",
        "NotIn, web, false",
        "NotIn, db, true",
        "NotIn, , true",
        "Exists, db, true",
        "Exists, , false",
        "DoesNotExist, db, false",
        "DoesNotExist, , true",
        "Between, web, false"
    })
    void anOperatorHoldsAsInKubernetes(String operator, String value, boolean holds) {
        assertThat(LabelSelector.fulfils(expression(operator, "web", "api"), value))
                .isEqualTo(holds);
    }

    @ParameterizedTest
    @CsvSource({"Gt, 5, true", "Gt, 4, false", "Lt, 3, true", "Lt, 4, false", "Lt, x, false"})
    void nodesAreComparedAsIntegers(String operator, String value, boolean holds) {
        assertThat(LabelSelector.fulfils(expression(operator, "4"), value)).isEqualTo(holds);
    }

    @Test
    void everythingMustHold() {
        ObjectNode tree = JsonNodeFactory.instance.objectNode();
        tree.withObjectProperty("matchLabels").put("app", "shop");
        tree.withArray("matchExpressions").add(expression("Exists"));
        LabelSelector selector = new LabelSelector(tree);
        assertThat(selector.matches(Map.of("app", "shop", "tier", "web"))).isTrue();
        assertThat(selector.matches(Map.of("app", "shop"))).isFalse();
        assertThat(selector.matches(Map.of("tier", "web"))).isFalse();
    }

    @Test
    void anEmptySelectorSelectsEverything() {
        LabelSelector selector = new LabelSelector(JsonNodeFactory.instance.objectNode());
        assertThat(selector.isEmpty()).isTrue();
        assertThat(selector.matches(Map.of())).isTrue();
    }
}
