package dev.kemudi.cel;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cel.common.types.CelType;
import dev.cel.common.types.SimpleType;
import dev.cel.compiler.CelCompiler;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * Compiles expressions over requests: what admission policies and match conditions are written in.
 * Their variables are of any type, so that one expression serves objects of many kinds; {@code
 * authorizer} and {@code authorizer.requestResource} have types of their own. Immutable, safe for
 * use by many threads; making the first one of a process takes a second.
 *
 * <p>Source: Kubernetes documentation, "Validating Admission Policy".
 */
public final class RequestExpressions {
    private static final Map<String, CelType> TYPED =
            Map.of(
                    "authorizer",
                    AuthorizerFunctions.AUTHORIZER,
                    "authorizer.requestResource",
                    AuthorizerFunctions.RESOURCE_CHECK);

    private final CelCompiler compiler;
    private final Limits limits;

    private RequestExpressions(CelCompiler compiler, Limits limits) {
        this.compiler = compiler;
        this.limits = limits;
    }

    /** What an expression must be. */
    public enum Result {
        BOOL(SimpleType.BOOL),
        STRING(SimpleType.STRING),
        ANY(SimpleType.DYN);

        private final CelType type;

        Result(CelType type) {
            this.type = type;
        }
    }

    /** A compiled expression. */
    public static final class Compiled {
        private final Expression expression;

        private Compiled(Expression expression) {
            this.expression = expression;
        }

        public String text() {
            return expression.text();
        }

        /**
         * @param variables by name: trees through {@link #value}, maps of {@link LazyVariables},
         *     {@link Authorizer}s
         * @throws ExpressionException when evaluation fails or costs more than the budget allows
         */
        public Object evaluate(Map<String, ?> variables, Budget budget) throws ExpressionException {
            return expression.evaluate(variables, budget);
        }

        /** As {@link #evaluate}, as JSON. */
        public JsonNode evaluateToJson(Map<String, ?> variables, Budget budget)
                throws ExpressionException {
            return JsonValues.of(evaluate(variables, budget));
        }
    }

    /** Expressions that may name {@code variables}. */
    public static RequestExpressions over(Set<String> variables, Limits limits) {
        Map<String, CelType> types = new HashMap<>();
        variables.forEach(name -> types.put(name, TYPED.getOrDefault(name, SimpleType.DYN)));
        return new RequestExpressions(Language.compiler(types, Set.of()), limits);
    }

    /**
     * @throws ExpressionException when the text is no expression or its result is another
     */
    public Compiled compile(String text, Result result) throws ExpressionException {
        return new Compiled(Language.compile(compiler, text.strip(), result.type));
    }

    /**
     * As {@link #compile}; {@code Object{…}} and {@code JSONPatch{…}} stand for what they describe.
     */
    public Compiled compileMutation(String text) throws ExpressionException {
        return new Compiled(
                Language.compile(
                        compiler, text.strip(), SimpleType.DYN, ObjectConstruction::asMaps));
    }

    /** A tree as the language sees it: a view, so the tree must not change while it is used. */
    public Object value(JsonNode tree) {
        return Values.of(
                tree.isMissingNode() ? com.fasterxml.jackson.databind.node.NullNode.instance : tree,
                Shape.any(limits));
    }
}
