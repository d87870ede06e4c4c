package dev.kemudi.cel;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cel.common.types.CelType;
import dev.kemudi.api.Status.Cause;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/*
 * From a schema to a verdict
 * --------------------------
 * The schema is walked once: every place that has rules, or has places with rules below it, becomes a Place
 * with its Shape (what the language sees there). Rules are compiled against the shape, and their cost is
 * estimated: what one evaluation may cost, times how many values may stand at the place at most.
 *
 * An object is judged by walking it beside its places; the old object comes along as far as values can be
 * told to be the same ones: fields and map values by their name, elements of lists of type map by their keys.
 * A rule that does not look at the old value is not asked again about a value that has not changed.
 */
/**
 * The {@code x-kubernetes-validations} of one structural schema. Immutable, safe for use by many
 * threads.
 *
 * <p>Source: Kubernetes documentation, "CustomResourceDefinition validation rules".
 */
public final class ValidationRules {
    private static final String KEYWORD = "x-kubernetes-validations";
    private static final Pattern USES_OLD = Pattern.compile("\\boldSelf\\b");
    private static final Set<String> REASONS =
            Set.of(
                    Rule.DEFAULT_REASON,
                    "FieldValueRequired",
                    "FieldValueForbidden",
                    "FieldValueDuplicate");

    private final Limits limits;
    private final Optional<Place> root;

    private ValidationRules(Limits limits, Optional<Place> root) {
        this.limits = limits;
        this.root = root;
    }

    /** A place of the schema that has rules, or has places with rules below. */
    private record Place(
            Shape shape,
            String type,
            List<Rule> rules,
            Map<String, Place> fields,
            Optional<Place> elements,
            List<String> keys) {}

    /** The rules, and what is wrong with them. */
    public record Compiled(ValidationRules rules, List<Cause> problems) {}

    /** Whether a schema has any rules: without, nothing of the language needs to be loaded. */
    public static boolean anyIn(JsonNode openApiV3Schema) {
        return openApiV3Schema.findValue(KEYWORD) != null;
    }

    /**
     * Compiles all rules of a schema. Those with problems are left out.
     *
     * @param path where the schema stands, such as {@code spec.versions[0].schema.openAPIV3Schema}
     */
    public static Compiled compile(JsonNode openApiV3Schema, String path, Limits limits) {
        Compiler compiler = new Compiler(limits);
        Optional<Place> root =
                Shape.ofObject(openApiV3Schema, limits)
                        .flatMap(shape -> compiler.place(openApiV3Schema, shape, path, 1, true));
        compiler.total(path);
        return new Compiled(new ValidationRules(limits, root), List.copyOf(compiler.problems));
    }

    /**
     * What the rules have against {@code object}; empty when nothing.
     *
     * @param old the object that is replaced; empty at creation
     */
    public List<Cause> validate(JsonNode object, Optional<JsonNode> old) {
        List<Cause> causes = new ArrayList<>();
        if (root.isPresent()) {
            new Walk(Budget.of(limits), causes).judge(root.get(), "", object, old.orElse(null));
        }
        return causes;
    }

    private record Walk(Budget budget, List<Cause> causes) {
        void judge(Place place, String path, JsonNode json, @Nullable JsonNode old) {
            if (json.isMissingNode() || json.isNull() || budget.exhausted()) {
                return;
            }
            boolean same = json.equals(old);
            for (Rule rule : place.rules()) {
                if (same && !rule.transition()) {
                    continue;
                }
                rule.judge(place.shape(), place.type(), path, json, old, budget)
                        .ifPresent(causes::add);
                if (budget.exhausted()) {
                    causes.add(
                            new Cause(
                                    Rule.DEFAULT_REASON,
                                    ("Invalid value: \"%s\": validation failed due to running out "
                                                    + "of cost budget, no further validation rules "
                                                    + "will be run")
                                            .formatted(place.type()),
                                    path));
                    return;
                }
            }
            place.fields()
                    .forEach((name, below) ->
                            judge(
                                    below,
                                    path.isEmpty() ? name : path + "." + name,
                                    json.path(name),
                                    old == null ? null : old.get(name)));
            place.elements().ifPresent(below -> elements(place, below, path, json, old));
        }

        private void elements(
                Place place, Place below, String path, JsonNode json, @Nullable JsonNode old) {
            if (json.isObject()) {
                json.properties()
                        .forEach(entry ->
                                judge(
                                        below,
                                        path + "[" + entry.getKey() + "]",
                                        entry.getValue(),
                                        old == null ? null : old.get(entry.getKey())));
                return;
            }
            Map<List<JsonNode>, JsonNode> before = new HashMap<>();
            if (old != null && !place.keys().isEmpty()) {
                old.forEach(each -> before.put(keyOf(each, place.keys()), each));
            }
            for (int i = 0; i < json.size(); i++) {
                judge(
                        below,
                        path + "[" + i + "]",
                        json.get(i),
                        before.get(keyOf(json.get(i), place.keys())));
            }
        }

        private static List<JsonNode> keyOf(JsonNode element, List<String> keys) {
            return keys.stream().map(element::path).toList();
        }
    }

    /** Walks a schema. */
    private static final class Compiler {
        private final Limits limits;
        private final List<Cause> problems = new ArrayList<>();
        private long total;

        Compiler(Limits limits) {
            this.limits = limits;
        }

        /**
         * @param times how many values may stand here at most
         * @param same whether a value here can be told to be that of the old object
         */
        Optional<Place> place(JsonNode schema, Shape shape, String path, long times, boolean same) {
            List<Rule> rules = rules(schema, shape, path, times, same);
            Map<String, Place> fields = new HashMap<>();
            shape.fields()
                    .values()
                    .forEach(field ->
                            place(
                                            schema.path("properties").path(field.name()),
                                            field.shape(),
                                            path + ".properties[" + field.name() + "]",
                                            times,
                                            same)
                                    .ifPresent(place -> fields.put(field.name(), place)));
            boolean list = shape.form() == Shape.Form.LIST;
            List<String> keys = new ArrayList<>();
            if (schema.path("x-kubernetes-list-type").asText("").equals("map")) {
                schema.path("x-kubernetes-list-map-keys").forEach(key -> keys.add(key.asText()));
            }
            String below = list ? "items" : "additionalProperties";
            Optional<Place> elements =
                    shape.elements()
                            .flatMap(each ->
                                    place(
                                            schema.path(below),
                                            each,
                                            path + "." + below,
                                            CostEstimate.times(times, shape.sizeMax()),
                                            same && (!list || !keys.isEmpty())));
            return rules.isEmpty() && fields.isEmpty() && elements.isEmpty()
                    ? Optional.empty()
                    : Optional.of(
                            new Place(
                                    shape,
                                    schema.path("type").asText("object"),
                                    rules,
                                    fields,
                                    elements,
                                    keys));
        }

        private List<Rule> rules(
                JsonNode schema, Shape shape, String path, long times, boolean same) {
            List<Rule> rules = new ArrayList<>();
            JsonNode declared = schema.path(KEYWORD);
            for (int i = 0; i < declared.size(); i++) {
                String where = path + "." + KEYWORD + "[" + i + "]";
                rule(declared.get(i), shape, where, times, same).ifPresent(rules::add);
            }
            return rules;
        }

        private Optional<Rule> rule(
                JsonNode declared, Shape shape, String where, long times, boolean same) {
            String text = declared.path("rule").asText("");
            String reason = declared.path("reason").asText(Rule.DEFAULT_REASON);
            if (text.isBlank()) {
                problem("FieldValueRequired", "Required value: rule is not specified", where);
                return Optional.empty();
            }
            if (text.strip().contains("\n")
                    && declared.path("message").asText("").isBlank()
                    && declared.path("messageExpression").asText("").isBlank()) {
                problem(
                        "FieldValueRequired",
                        "Required value: message must be specified if rule contains line breaks",
                        where + ".message");
            }
            if (!REASONS.contains(reason)) {
                problem(
                        "FieldValueNotSupported",
                        ("Unsupported value: \"%s\": supported values: \"FieldValueDuplicate\", "
                                        + "\"FieldValueForbidden\", \"FieldValueInvalid\", "
                                        + "\"FieldValueRequired\"")
                                .formatted(reason),
                        where + ".reason");
            }
            boolean old =
                    USES_OLD.matcher(text).find()
                            || USES_OLD.matcher(declared.path("messageExpression").asText(""))
                                    .find();
            if (old && !same) {
                invalid(
                        text,
                        "oldSelf cannot be used on the uncorrelatable portion of the schema",
                        where + ".rule");
                return Optional.empty();
            }
            return compiled(declared, shape, where, times, old);
        }

        private Optional<Rule> compiled(
                JsonNode declared, Shape shape, String where, long times, boolean old) {
            Map<String, CelType> variables = new HashMap<>();
            Map<String, Shape> shapes = new HashMap<>();
            variables.put(Rule.SELF, shape.type());
            shapes.put(Rule.SELF, shape);
            if (old) {
                variables.put(Rule.OLD, Rule.oldType(shape, declared));
                shapes.put(Rule.OLD, shape);
            }
            try {
                Rule rule =
                        Rule.compile(declared, Language.compiler(variables, Set.of(shape)), old);
                long cost = CostEstimate.of(rule.expression(), shapes, limits);
                charge(CostEstimate.times(cost, times), where + ".rule", "rule");
                rule.messageExpression()
                        .ifPresent(message ->
                                charge(
                                        CostEstimate.times(
                                                CostEstimate.of(message, shapes, limits), times),
                                        where + ".messageExpression",
                                        "messageExpression"));
                return Optional.of(rule);
            } catch (ExpressionException e) {
                invalid(
                        declared.path("rule").asText(),
                        String.valueOf(e.getMessage()),
                        where + ".rule");
                return Optional.empty();
            }
        }

        private void charge(long cost, String where, String what) {
            total = CostEstimate.add(total, cost);
            if (cost > limits.estimateMax()) {
                problem(
                        "FieldValueForbidden",
                        ("Forbidden: estimated %s cost exceeds budget by factor of %s (try "
                                        + "simplifying the rule, or adding maxItems, maxProperties, and "
                                        + "maxLength where arrays, maps, and strings are declared)")
                                .formatted(what, factor(cost, limits.estimateMax())),
                        where);
            }
        }

        void total(String path) {
            if (total > limits.estimateTotalMax()) {
                problem(
                        "FieldValueForbidden",
                        ("Forbidden: x-kubernetes-validations estimated rule cost total for entire "
                                        + "OpenAPIv3 schema exceeds budget by factor of %s (try "
                                        + "simplifying the rule, or adding maxItems, maxProperties, and "
                                        + "maxLength where arrays, maps, and strings are declared)")
                                .formatted(factor(total, limits.estimateTotalMax())),
                        path);
            }
        }

        private static String factor(long cost, long limit) {
            double factor = (double) cost / limit;
            return factor > 100 ? "more than 100x" : "%.1fx".formatted(factor);
        }

        private void invalid(String rule, String message, String where) {
            problem(Rule.DEFAULT_REASON, "Invalid value: \"" + rule + "\": " + message, where);
        }

        private void problem(String reason, String message, String where) {
            problems.add(new Cause(reason, message, where));
        }
    }
}
