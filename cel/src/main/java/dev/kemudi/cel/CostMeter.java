package dev.kemudi.cel;

import dev.cel.common.ast.CelExpr;
import dev.cel.common.ast.CelExpr.ExprKind.Kind;
import dev.cel.runtime.CelEvaluationListener;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/**
 * Counts what an evaluation costs while it runs: one for each step, more for calls that walk
 * through their arguments. For one evaluation.
 */
final class CostMeter implements CelEvaluationListener {
    private static final int ELEMENTS_A_UNIT = 10;

    private final Budget budget;
    private final Map<Long, Long> sizes = new HashMap<>();

    CostMeter(Budget budget) {
        this.budget = budget;
        budget.begin();
    }

    @Override
    public void callback(CelExpr expression, Object value) {
        sizes.put(expression.id(), size(value));
        Kind kind = expression.getKind();
        if (kind == Kind.CONSTANT) {
            return;
        }
        long cost = 1;
        if (kind == Kind.CALL) {
            String function = expression.call().function();
            if (Traversals.walks(function)) {
                long walked = expression.call().target().map(this::known).orElse(0L);
                for (CelExpr argument : expression.call().args()) {
                    walked += known(argument);
                }
                cost += walked / ELEMENTS_A_UNIT;
            }
        }
        budget.spend(cost);
    }

    private long known(CelExpr expression) {
        return sizes.getOrDefault(expression.id(), 1L);
    }

    private static long size(Object value) {
        return switch (value) {
            case CharSequence text -> text.length();
            case Collection<?> list -> list.size();
            case Map<?, ?> map -> map.size();
            default -> 1;
        };
    }
}
