package dev.kemudi.admission;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.cel.ExpressionException;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A stored policy; its expressions are compiled when a request first needs them.
 *
 * @param <C> its expressions
 */
final class Policy<C> {
    private final ApiObject object;
    private final RequestRules rules;
    private final Compiler<C> compiler;
    private volatile @Nullable C compiled;

    /** Compiles the expressions of a policy. */
    @FunctionalInterface
    interface Compiler<C> {
        C compile(ApiObject policy) throws ExpressionException;
    }

    private Policy(ApiObject object, Compiler<C> compiler) {
        this.object = object;
        this.compiler = compiler;
        rules = RequestRules.ofPolicy(object.at("/spec/matchConstraints"));
    }

    /** By name, in the order in which they are asked. */
    static <C> List<Policy<C>> of(List<ApiObject> all, Compiler<C> compiler) {
        return all.stream()
                .sorted(Comparator.comparing(ApiObject::name))
                .map(object -> new Policy<>(object, compiler))
                .toList();
    }

    String name() {
        return object.name();
    }

    RequestRules rules() {
        return rules;
    }

    JsonNode paramKind() {
        return object.at("/spec/paramKind");
    }

    boolean reinvoked() {
        return object.text("/spec/reinvocationPolicy").equals("IfNeeded");
    }

    boolean ignoresFailure() {
        return object.text("/spec/failurePolicy").equals("Ignore");
    }

    /**
     * @throws PolicyException when an expression cannot be compiled
     */
    C compiled() throws PolicyException {
        C known = compiled;
        if (known == null) {
            try {
                known = compiler.compile(object);
            } catch (ExpressionException e) {
                throw new PolicyException("compilation error: " + e.getMessage(), e);
            }
            compiled = known;
        }
        return known;
    }
}
