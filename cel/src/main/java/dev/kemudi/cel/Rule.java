package dev.kemudi.cel;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cel.common.types.OptionalType;
import dev.cel.common.types.SimpleType;
import dev.kemudi.api.Status.Cause;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One entry of {@code x-kubernetes-validations}, compiled.
 *
 * @param transition whether it compares with the old value, so that it says nothing of a new one
 * @param optionalOld whether the old value comes as an optional one, so that it says something of a
 *     new one too
 */
record Rule(
        Expression expression,
        String message,
        Optional<Expression> messageExpression,
        String reason,
        String fieldPath,
        boolean transition,
        boolean optionalOld) {
    static final String OLD = "oldSelf";
    static final String SELF = "self";

    static final String DEFAULT_REASON = "FieldValueInvalid";

    static Rule compile(
            JsonNode declared, dev.cel.compiler.CelCompiler compiler, boolean transition)
            throws ExpressionException {
        Expression expression =
                Language.compile(compiler, declared.path("rule").asText(""), SimpleType.BOOL);
        String text = declared.path("messageExpression").asText("");
        Optional<Expression> message =
                text.isBlank()
                        ? Optional.empty()
                        : Optional.of(Language.compile(compiler, text, SimpleType.STRING));
        return new Rule(
                expression,
                declared.path("message").asText("").strip(),
                message,
                declared.path("reason").asText(DEFAULT_REASON),
                declared.path("fieldPath").asText(""),
                transition,
                declared.path("optionalOldSelf").asBoolean(false));
    }

    static dev.cel.common.types.CelType oldType(Shape shape, JsonNode declared) {
        return declared.path("optionalOldSelf").asBoolean(false)
                ? OptionalType.create(shape.type())
                : shape.type();
    }

    /** What the rule has against a value, if anything. */
    Optional<Cause> judge(
            Shape shape,
            String type,
            String path,
            JsonNode json,
            @Nullable JsonNode old,
            Budget budget) {
        if (transition && !optionalOld && old == null) {
            return Optional.empty();
        }
        try {
            Map<String, Object> variables = new HashMap<>();
            variables.put(SELF, Values.of(json, shape));
            if (transition) {
                Optional<Object> before = Optional.ofNullable(old).map(o -> Values.of(o, shape));
                variables.put(OLD, optionalOld ? before : before.orElseThrow());
            }
            return Boolean.TRUE.equals(expression.evaluate(variables, budget))
                    ? Optional.empty()
                    : Optional.of(refusal(type, path, variables, budget));
        } catch (ExpressionException | IllegalArgumentException e) {
            return Optional.of(
                    new Cause(
                            DEFAULT_REASON,
                            "Invalid value: \"%s\": %s evaluating rule: %s"
                                    .formatted(type, e.getMessage(), label()),
                            path));
        }
    }

    private String label() {
        return message.isEmpty() ? expression.text() : message;
    }

    private Cause refusal(String type, String path, Map<String, Object> variables, Budget budget) {
        String said = message.isEmpty() ? "failed rule: " + expression.text().strip() : message;
        if (messageExpression.isPresent()) {
            try {
                String text = (String) messageExpression.get().evaluate(variables, budget);
                said = text.isBlank() || text.contains("\n") ? said : text.strip();
            } catch (ExpressionException e) {
                // The rule's verdict stands; what cannot be said in its own words is said in ours.
                said = said + " (its messageExpression failed: " + e.getMessage() + ")";
            }
        }
        String text =
                switch (reason) {
                    case "FieldValueRequired" -> "Required value: " + said;
                    case "FieldValueForbidden" -> "Forbidden: " + said;
                    case "FieldValueDuplicate" -> "Duplicate value: \"" + type + "\"";
                    default -> "Invalid value: \"" + type + "\": " + said;
                };
        return new Cause(reason, text, fieldPath.isEmpty() ? path : path + fieldPath);
    }
}
