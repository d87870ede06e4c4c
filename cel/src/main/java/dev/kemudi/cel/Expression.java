package dev.kemudi.cel;

import dev.cel.common.CelAbstractSyntaxTree;
import dev.cel.common.exceptions.CelAttributeNotFoundException;
import dev.cel.runtime.CelEvaluationException;
import dev.cel.runtime.CelRuntime;
import java.util.Map;
import java.util.regex.Pattern;

/** A compiled expression. Safe for use by many threads. */
final class Expression {
    private static final Pattern WHERE = Pattern.compile("^evaluation error(?: at [^:]*:\\d+)?: ");

    private final String text;
    private final CelAbstractSyntaxTree tree;
    private final CelRuntime.Program program;

    Expression(String text, CelAbstractSyntaxTree tree, CelRuntime.Program program) {
        this.text = text;
        this.tree = tree;
        this.program = program;
    }

    String text() {
        return text;
    }

    CelAbstractSyntaxTree tree() {
        return tree;
    }

    /**
     * @throws ExpressionException when evaluation fails or costs more than the budget allows
     */
    Object evaluate(Map<String, ?> variables, Budget budget) throws ExpressionException {
        try {
            Object value = program.trace(variables, new CostMeter(budget));
            if (budget.overdrawn()) {
                throw overdrawn();
            }
            return value;
        } catch (CelEvaluationException e) {
            throw budget.overdrawn() ? overdrawn() : new ExpressionException(message(e), e);
        } catch (RuntimeException e) {
            throw budget.overdrawn()
                    ? overdrawn()
                    : new ExpressionException(String.valueOf(e.getMessage()), e);
        }
    }

    private static ExpressionException overdrawn() {
        return new ExpressionException("operation cancelled: actual cost limit exceeded");
    }

    private static String message(CelEvaluationException e) {
        Throwable cause = e.getCause();
        String said = String.valueOf(e.getMessage());
        if (cause instanceof CelAttributeNotFoundException) {
            int from = said.indexOf('\'');
            int to = said.indexOf('\'', from + 1);
            if (from >= 0 && to > from) {
                return "no such key: " + said.substring(from + 1, to);
            }
        }
        if (cause instanceof IllegalArgumentException && cause.getMessage() != null) {
            return cause.getMessage();
        }
        return WHERE.matcher(said).replaceFirst("");
    }
}
