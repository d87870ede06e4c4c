package dev.kemudi.admission;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.cel.Budget;
import dev.kemudi.cel.ExpressionException;
import dev.kemudi.cel.RequestExpressions;
import dev.kemudi.cel.RequestExpressions.Compiled;
import dev.kemudi.cel.RequestExpressions.Result;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Expressions that must all hold for a webhook or policy to be asked. One that is false settles it,
 * whatever the others do.
 */
final class MatchConditions {
    static final MatchConditions NONE = new MatchConditions(List.of());

    private final List<Condition> conditions;

    private record Condition(String name, Compiled expression) {}

    private MatchConditions(List<Condition> conditions) {
        this.conditions = conditions;
    }

    /**
     * @throws ExpressionException when one cannot be compiled
     */
    static MatchConditions compile(JsonNode declared, RequestExpressions language)
            throws ExpressionException {
        if (declared.isEmpty()) {
            return NONE;
        }
        List<Condition> conditions = new ArrayList<>();
        for (JsonNode condition : declared) {
            conditions.add(
                    new Condition(
                            condition.path("name").asText(),
                            language.compile(condition.path("expression").asText(), Result.BOOL)));
        }
        return new MatchConditions(conditions);
    }

    boolean isEmpty() {
        return conditions.isEmpty();
    }

    /**
     * @throws ExpressionException when none is false and one cannot be evaluated
     */
    boolean hold(Map<String, ?> scope, Budget budget) throws ExpressionException {
        List<ExpressionException> failed = new ArrayList<>();
        for (Condition condition : conditions) {
            try {
                if (!Boolean.TRUE.equals(condition.expression().evaluate(scope, budget))) {
                    return false;
                }
            } catch (ExpressionException e) {
                failed.add(
                        new ExpressionException(
                                "expression '%s' resulted in error: %s"
                                        .formatted(condition.expression().text(), e.getMessage()),
                                e));
            }
        }
        if (!failed.isEmpty()) {
            throw failed.getFirst();
        }
        return true;
    }
}
