package dev.kemudi.admission;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.api.Resource;
import dev.kemudi.api.Status.Cause;
import dev.kemudi.cel.ExpressionException;
import dev.kemudi.cel.RequestExpressions;
import dev.kemudi.cel.RequestExpressions.Result;
import java.util.ArrayList;
import java.util.List;

/** Compiles what a policy or a webhook configuration says before it is stored. */
final class ExpressionChecks {
    private final List<Cause> causes = new ArrayList<>();

    private ExpressionChecks() {}

    /** The expressions that cannot be compiled; empty for kinds without any. */
    static List<Cause> problems(Resource resource, JsonNode tree) {
        ExpressionChecks checks = new ExpressionChecks();
        JsonNode spec = tree.path("spec");
        if (resource.equals(Resource.VALIDATING_ADMISSION_POLICIES)) {
            checks.common(spec);
            checks.each(spec, "validations", "expression", Result.BOOL);
            checks.each(spec, "validations", "messageExpression", Result.STRING);
            checks.each(spec, "auditAnnotations", "valueExpression", Result.ANY);
        } else if (resource.equals(Resource.MUTATING_ADMISSION_POLICIES)) {
            checks.common(spec);
            checks.mutations(spec.path("mutations"));
        } else if (resource.equals(Resource.VALIDATING_WEBHOOK_CONFIGURATIONS)
                || resource.equals(Resource.MUTATING_WEBHOOK_CONFIGURATIONS)) {
            int i = 0;
            for (JsonNode webhook : tree.path("webhooks")) {
                checks.conditions(webhook, "webhooks[" + i++ + "].", false);
            }
        }
        return checks.causes;
    }

    private void common(JsonNode spec) {
        conditions(spec, "spec.", true);
        each(spec, "variables", "expression", Result.ANY);
    }

    private void conditions(JsonNode holder, String path, boolean policy) {
        int i = 0;
        for (JsonNode condition : holder.path("matchConditions")) {
            String field = path + "matchConditions[" + i++ + "].expression";
            RequestExpressions language = policy ? Languages.policies() : Languages.conditions();
            check(field, condition.path("expression"), text -> language.compile(text, Result.BOOL));
        }
    }

    private void each(JsonNode spec, String list, String member, Result result) {
        int i = 0;
        for (JsonNode item : spec.path(list)) {
            check(
                    "spec.%s[%d].%s".formatted(list, i++, member),
                    item.path(member),
                    text -> Languages.composed().compile(text, result));
        }
    }

    private void mutations(JsonNode mutations) {
        int i = 0;
        for (JsonNode mutation : mutations) {
            for (String form : List.of("applyConfiguration", "jsonPatch")) {
                check(
                        "spec.mutations[%d].%s.expression".formatted(i, form),
                        mutation.path(form).path("expression"),
                        text -> Languages.composed().compileMutation(text));
            }
            i++;
        }
    }

    private interface Compiler {
        Object compile(String text) throws ExpressionException;
    }

    private void check(String field, JsonNode expression, Compiler compiler) {
        String text = expression.asText("");
        if (text.isBlank()) {
            return; // the kind's own rules say where one is missing
        }
        try {
            compiler.compile(text);
        } catch (ExpressionException e) {
            causes.add(
                    new Cause(
                            "FieldValueInvalid",
                            "Invalid value: \"" + text + "\": " + e.getMessage(),
                            field));
        }
    }
}
