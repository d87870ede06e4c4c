package dev.kemudi.admission;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.cel.Budget;
import dev.kemudi.cel.ExpressionException;
import dev.kemudi.cel.RequestExpressions;
import dev.kemudi.cel.RequestExpressions.Compiled;
import dev.kemudi.cel.RequestExpressions.Result;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The expressions of one ValidatingAdmissionPolicy, compiled. Immutable. */
final class ValidatingPolicy {
    private static final int MESSAGE_CHARS_MAX = 5 * 1024;

    private final MatchConditions conditions;
    private final Map<String, Compiled> variables;
    private final List<Validation> validations;
    private final List<Annotation> annotations;

    private record Validation(
            Compiled expression,
            String message,
            Optional<Compiled> messageExpression,
            String reason) {}

    private record Annotation(String key, Compiled value) {}

    /**
     * A validation that does not hold.
     *
     * @param error whether it could not be evaluated, rather than being false
     */
    record Failure(int index, String message, String reason, boolean error) {}

    private ValidatingPolicy(
            MatchConditions conditions,
            Map<String, Compiled> variables,
            List<Validation> validations,
            List<Annotation> annotations) {
        this.conditions = conditions;
        this.variables = variables;
        this.validations = validations;
        this.annotations = annotations;
    }

    /**
     * @throws ExpressionException when an expression cannot be compiled
     */
    static ValidatingPolicy compile(ApiObject policy) throws ExpressionException {
        JsonNode spec = policy.at("/spec");
        RequestExpressions language = Languages.composed();
        List<Validation> validations = new ArrayList<>();
        for (JsonNode each : spec.path("validations")) {
            String message = each.path("messageExpression").asText("");
            validations.add(
                    new Validation(
                            language.compile(each.path("expression").asText(), Result.BOOL),
                            each.path("message").asText("").strip(),
                            message.isBlank()
                                    ? Optional.empty()
                                    : Optional.of(language.compile(message, Result.STRING)),
                            each.path("reason").asText("")));
        }
        List<Annotation> annotations = new ArrayList<>();
        for (JsonNode each : spec.path("auditAnnotations")) {
            annotations.add(
                    new Annotation(
                            each.path("key").asText(),
                            language.compile(each.path("valueExpression").asText(), Result.ANY)));
        }
        return new ValidatingPolicy(
                MatchConditions.compile(spec.path("matchConditions"), Languages.policies()),
                PolicyScope.variables(spec),
                validations,
                annotations);
    }

    Map<String, Compiled> variables() {
        return variables;
    }

    /**
     * @throws PolicyException when that cannot be said
     */
    boolean concerns(PolicyScope scope) throws PolicyException {
        if (conditions.isEmpty()) {
            return true;
        }
        try {
            return conditions.hold(scope.conditions(), Budget.of(Languages.LIMITS));
        } catch (ExpressionException e) {
            throw new PolicyException(String.valueOf(e.getMessage()), e);
        }
    }

    List<Failure> failures(PolicyScope scope) {
        List<Failure> failures = new ArrayList<>();
        for (int i = 0; i < validations.size(); i++) {
            Validation validation = validations.get(i);
            try {
                Object verdict = validation.expression().evaluate(scope.composed(), scope.budget());
                if (!Boolean.TRUE.equals(verdict)) {
                    failures.add(
                            new Failure(i, message(validation, scope), validation.reason(), false));
                }
            } catch (ExpressionException e) {
                failures.add(
                        new Failure(
                                i,
                                "expression '%s' resulted in error: %s"
                                        .formatted(validation.expression().text(), e.getMessage()),
                                "",
                                true));
            }
        }
        return failures;
    }

    private static String message(Validation validation, PolicyScope scope) {
        String usual =
                validation.message().isEmpty()
                        ? "failed expression: " + validation.expression().text()
                        : validation.message();
        if (validation.messageExpression().isEmpty()) {
            return usual;
        }
        try {
            String said =
                    String.valueOf(
                                    validation
                                            .messageExpression()
                                            .get()
                                            .evaluate(scope.composed(), scope.budget()))
                            .strip();
            boolean usable =
                    !said.isEmpty() && !said.contains("\n") && said.length() <= MESSAGE_CHARS_MAX;
            return usable ? said : usual;
        } catch (ExpressionException e) {
            return usual; // the verdict stands, whatever becomes of its words
        }
    }

    /**
     * What is to be noted for the audit log, by key.
     *
     * @throws PolicyException when a value cannot be evaluated
     */
    Map<String, String> annotations(PolicyScope scope, Limits limits) throws PolicyException {
        Map<String, String> noted = new java.util.TreeMap<>();
        for (Annotation annotation : annotations) {
            try {
                JsonNode value =
                        annotation.value().evaluateToJson(scope.composed(), scope.budget());
                if (value.isTextual() && !value.asText().isBlank()) {
                    String text = value.asText().strip();
                    noted.put(
                            annotation.key(),
                            text.substring(0, Math.min(text.length(), limits.auditCharsMax())));
                } else if (!value.isNull() && !value.isTextual()) {
                    throw new PolicyException(
                            "valueExpression '%s' resulted in unsupported return type: %s"
                                    .formatted(annotation.value().text(), value.getNodeType()));
                }
            } catch (ExpressionException e) {
                throw new PolicyException(
                        "valueExpression '%s' resulted in error: %s"
                                .formatted(annotation.value().text(), e.getMessage()),
                        e);
            }
        }
        return noted;
    }
}
