package dev.kemudi.cel;

import java.util.AbstractMap;
import java.util.AbstractSet;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * {@code variables} of a policy: each is evaluated when it is first asked for, and once. One that
 * fails fails whoever asks. For one request, on one thread.
 */
public final class LazyVariables extends AbstractMap<String, Object> {
    private final Map<String, RequestExpressions.Compiled> named;
    private final Map<String, Object> scope;
    private final Budget budget;
    private final Map<String, Object> known = new HashMap<>();

    /**
     * @param scope what the expressions may name; they see this map as {@code variables} when the
     *     caller puts it there
     */
    public LazyVariables(
            Map<String, RequestExpressions.Compiled> named,
            Map<String, Object> scope,
            Budget budget) {
        this.named = named;
        this.scope = scope;
        this.budget = budget;
    }

    @Override
    public boolean containsKey(Object key) {
        return key instanceof String name && named.containsKey(name);
    }

    @Override
    public @Nullable Object get(Object key) {
        Object value = known.get(key);
        RequestExpressions.Compiled expression =
                key instanceof String name ? named.get(name) : null;
        if (value == null && expression != null) {
            value = evaluated((String) key, expression);
            known.put((String) key, value);
        }
        return value;
    }

    private Object evaluated(String name, RequestExpressions.Compiled expression) {
        try {
            return expression.evaluate(scope, budget);
        } catch (ExpressionException e) {
            throw new IllegalArgumentException(
                    "composited variable \"%s\" fails to evaluate: %s"
                            .formatted(name, e.getMessage()),
                    e);
        }
    }

    @Override
    public Set<Entry<String, Object>> entrySet() {
        return new AbstractSet<>() {
            @Override
            public Iterator<Entry<String, Object>> iterator() {
                return named.entrySet().stream()
                        .map(e ->
                                Map.entry(
                                        e.getKey(),
                                        known.computeIfAbsent(
                                                e.getKey(), n -> evaluated(n, e.getValue()))))
                        .iterator();
            }

            @Override
            public int size() {
                return named.size();
            }
        };
    }
}
