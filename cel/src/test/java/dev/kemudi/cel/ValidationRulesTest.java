package dev.kemudi.cel;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.Status.Cause;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Rules and wording of the Kubernetes documentation, "CustomResourceDefinition validation rules".
 */
class ValidationRulesTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String SPEC =
            """
            {"type": "object", "required": ["replicas"], "properties": {
              "replicas": {"type": "integer"}, "minReplicas": {"type": "integer"},
              "ratio": {"type": "number"}, "name": {"type": "string", "maxLength": 40},
              "mode": {"type": "string", "enum": ["a", "b"]},
              "port": {"x-kubernetes-int-or-string": true},
              "since": {"type": "string", "format": "date-time"},
              "every": {"type": "string", "format": "duration"},
              "blob": {"type": "string", "format": "byte"},
              "open": {"x-kubernetes-preserve-unknown-fields": true},
              "if": {"type": "string"}, "a-b.c": {"type": "string"},
              "labels": {"type": "object", "maxProperties": 10,
                         "additionalProperties": {"type": "string", "maxLength": 20}},
              "names": {"type": "array", "maxItems": 20, "items": {"type": "string", "maxLength": 20}},
              "sizes": {"type": "array", "maxItems": 20, "items": {"type": "integer"}},
              "ports": {"type": "array", "maxItems": 10, "x-kubernetes-list-type": "map",
                        "x-kubernetes-list-map-keys": ["name"],
                        "items": {"type": "object", "required": ["name"], "properties": {
                           "name": {"type": "string", "maxLength": 20}, "port": {"type": "integer"}}}}}}
            """;

    private static JsonNode json(String text) {
        try {
            return JSON.readTree(text);
        } catch (JsonProcessingException e) {
            throw new AssertionError(text, e);
        }
    }

    /** A schema whose {@code spec} has one rule. */
    private static JsonNode schema(String rule) {
        ObjectNode schema = (ObjectNode) json("{\"type\": \"object\", \"properties\": {}}");
        ObjectNode spec = (ObjectNode) json(SPEC);
        spec.putArray("x-kubernetes-validations").addObject().put("rule", rule);
        ((ObjectNode) schema.get("properties")).set("spec", spec);
        return schema;
    }

    private static ValidationRules rules(JsonNode schema) {
        ValidationRules.Compiled compiled =
                ValidationRules.compile(schema, "openAPIV3Schema", Limits.defaults());
        assertThat(compiled.problems()).isEmpty();
        return compiled.rules();
    }

    private static List<Cause> problems(JsonNode schema) {
        return ValidationRules.compile(schema, "openAPIV3Schema", Limits.defaults()).problems();
    }

    private static final String OBJECT =
            """
            {"apiVersion": "x/v1", "kind": "X", "metadata": {"name": "n", "uid": "u"}, "spec": {
              "replicas": 3, "minReplicas": 1, "ratio": 1, "name": "web-1", "mode": "a", "port": "http",
              "since": "2026-01-02T03:04:05Z", "every": "1h30m", "blob": "aGk=", "open": {"x": 1},
              "if": "yes", "a-b.c": "odd", "labels": {"app": "web", "tier": "front"},
              "names": ["a", "b"], "sizes": [1, 2, 3],
              "ports": [{"name": "http", "port": 80}, {"name": "https", "port": 443}]}}
            """;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "self.minReplicas <= self.replicas",
                "self.replicas > 2.5",
                "self.ratio == 1.0",
                "self.name.startsWith('web') && self.name.matches('^[a-z]+-[0-9]+$')",
                "self.mode in ['a', 'b']",
                "type(self.port) == string ? self.port == 'http' : self.port == 80",
                "self.since < timestamp('2027-01-01T00:00:00Z') && self.since.getFullYear() == 2026",
                "self.every > duration('1h') && self.every.getMinutes() == 90",
                "self.blob == b'hi'",
                "self.__if__ == 'yes' && self.a__dash__b__dot__c == 'odd'",
                "self.labels.all(k, self.labels[k].size() > 2) && 'app' in self.labels",
                "self.labels.exists_one(k, k == 'app')",
                "self.names.map(n, n + '!') == ['a!', 'b!']",
                "self.sizes.sum() == 6 && self.sizes.isSorted() && self.sizes.max() == 3",
                "self.sizes.indexOf(2) == 1 && self.sizes.lastIndexOf(9) == -1",
                "self.ports.filter(p, p.port < 100).size() == 1",
                "self.ports.exists(p, p.name == 'https' && p.port == 443)",
                "has(self.name) && !has(self.labels.nope)",
                "self.?minReplicas.orValue(0) == 1 && self.?labels[?'nope'].orValue('x') == 'x'",
                "quantity('1.5Gi').isGreaterThan(quantity('1Gi')) && "
                        + "quantity('500m').add(quantity('1')) == quantity('1500m')",
                "isQuantity('1k') && !isQuantity('1z') && quantity('3').asInteger() == 3",
                "url('https://a.b:80/p%20q?x=1&x=2').getPort() == '80' && isURL('/p') && !isURL('p')",
                "url('https://a.b:80/p%20q?x=1&x=2').getQuery()['x'] == ['1', '2']",
                "url('https://a.b:80/p%20q').getEscapedPath() == '/p%20q' && "
                        + "url('https://[::1]:80/').getHostname() == '::1'",
                "ip('192.168.0.1').family() == 4 && ip('::1').isLoopback() && !isIP('192.168.0.256')",
                "cidr('192.168.0.0/16').containsIP('192.168.3.4') && cidr('10.1.2.3/8').masked() "
                        + "== cidr('10.0.0.0/8')",
                "cidr('192.168.0.0/16').containsCIDR('192.168.10.0/24') && "
                        + "cidr('::1/128').prefixLength() == 128",
                "ip.isCanonical('2001:db8::abcd') && string(ip('2001:DB8:0::ABCD')) == '2001:db8::abcd'",
                "'a1b22'.find('[0-9]+') == '1' && 'a1b22'.findAll('[0-9]+') == ['1', '22'] && "
                        + "'a1b22'.findAll('[0-9]+', 1) == ['1']",
                "!format.dns1123Label().validate('web-1').hasValue() && "
                        + "format.named('uuid').value().validate('x').hasValue()",
                "semver('1.2.3').isLessThan(semver('1.10.0')) && isSemver('1.0.0-rc.1') && "
                        + "!isSemver('v1.0.0')",
                "semver('1.0.0-rc.1').compareTo(semver('1.0.0')) == -1",
                "'%s-%d'.format(['a', 3]) == 'a-3'",
                "'A b'.lowerAscii().split(' ').join('-') == 'a-b' && ' x '.trim() == 'x'",
                "'a.b.c'.replace('.', '-') == 'a-b-c' && 'aaa'.replace('a', 'b', 2) == 'bba'",
                "'abc'.replace('', '-') == '-a-b-c-' && 'abc'.replace('', '-', 2) == '-a-bc'",
                "'abc'.replace('c', '') == 'ab' && 'abc'.replace('b', 'x', 0) == 'abc'",
                "['a', 'b'].join() == 'ab' && ['a'].join(', ') == 'a' && [].join('-') == ''",
                "'%s %s 100%%'.format([['a', 1], {'b': 2.0, 'a': true}]) == "
                        + "'[a, 1] {a: true, b: 2} 100%'",
                "sets.contains(self.names, ['a']) && sets.intersects(self.sizes, [3, 9])",
                "self.labels.transformMap(k, v, k + v).size() == 2",
                "self.names.all(i, n, n != '')",
            })
    void whatKubernetesDocumentsHolds(String rule) {
        assertThat(rules(schema(rule)).validate(json(OBJECT), Optional.empty())).isEmpty();
    }

    @Test
    void aBrokenRuleIsToldInKubernetesWords() {
        JsonNode broken = json(OBJECT.replace("\"minReplicas\": 1", "\"minReplicas\": 9"));

        assertThat(
                        rules(schema("self.minReplicas <= self.replicas"))
                                .validate(broken, Optional.empty()))
                .containsExactly(
                        new Cause(
                                "FieldValueInvalid",
                                "Invalid value: \"object\": failed rule: self.minReplicas <= self.replicas",
                                "spec"));
    }

    @Test
    void messageReasonAndFieldAreTheRulesOwn() {
        JsonNode schema = schema("self.replicas < 3");
        ((ObjectNode) schema.at("/properties/spec/x-kubernetes-validations/0"))
                .put("messageExpression", "'at most 2, not ' + string(self.replicas)")
                .put("message", "too many")
                .put("reason", "FieldValueForbidden")
                .put("fieldPath", ".replicas");

        assertThat(rules(schema).validate(json(OBJECT), Optional.empty()))
                .containsExactly(
                        new Cause(
                                "FieldValueForbidden",
                                "Forbidden: at most 2, not 3",
                                "spec.replicas"));
    }

    @Test
    void anAbsentFieldIsAnErrorThatNamesIt() {
        JsonNode object = json("{\"spec\": {\"replicas\": 1}}");

        assertThat(
                        rules(schema("self.minReplicas <= self.replicas"))
                                .validate(object, Optional.empty()))
                .containsExactly(
                        new Cause(
                                "FieldValueInvalid",
                                "Invalid value: \"object\": no such key: minReplicas evaluating "
                                        + "rule: self.minReplicas <= self.replicas",
                                "spec"));
    }

    @Test
    void theRootSeesItsNameAndNoOtherMetadata() {
        ObjectNode schema = (ObjectNode) schema("true");
        schema.putArray("x-kubernetes-validations")
                .addObject()
                .put("rule", "self.metadata.name == 'n' && self.kind == 'X'");
        assertThat(rules(schema).validate(json(OBJECT), Optional.empty())).isEmpty();

        schema.putArray("x-kubernetes-validations")
                .addObject()
                .put("rule", "self.metadata.uid == 'u'");
        assertThat(problems(schema))
                .singleElement()
                .satisfies(cause -> assertThat(cause.message()).contains("undefined field 'uid'"));
    }

    @Test
    void aTransitionRuleSpeaksOfUpdatesOnly() {
        ValidationRules rules = rules(schema("self.replicas >= oldSelf.replicas"));
        JsonNode smaller = json(OBJECT.replace("\"replicas\": 3", "\"replicas\": 2"));

        assertThat(rules.validate(smaller, Optional.empty())).isEmpty();
        assertThat(rules.validate(smaller, Optional.of(json(OBJECT)))).hasSize(1);
        assertThat(rules.validate(json(OBJECT), Optional.of(smaller))).isEmpty();
    }

    @Test
    void anOptionalOldValueIsAskedForAtCreationToo() {
        JsonNode schema = schema("oldSelf.hasValue() || self.replicas == 1");
        ((ObjectNode) schema.at("/properties/spec/x-kubernetes-validations/0"))
                .put("optionalOldSelf", true);
        ValidationRules rules = rules(schema);

        assertThat(rules.validate(json(OBJECT), Optional.empty())).hasSize(1);
        assertThat(rules.validate(json(OBJECT), Optional.of(json(OBJECT)))).isEmpty();
    }

    @Test
    void elementsOfKeyedListsAreToldApartByTheirKeys() {
        JsonNode schema = schema("true");
        ((ObjectNode) schema.at("/properties/spec/properties/ports/items"))
                .putArray("x-kubernetes-validations")
                .addObject()
                .put("rule", "self.port == oldSelf.port");
        JsonNode turned =
                json(
                        OBJECT.replace(
                                "[{\"name\": \"http\", \"port\": 80}, {\"name\": \"https\", \"port\": 443}]",
                                "[{\"name\": \"https\", \"port\": 444}, {\"name\": \"http\", "
                                        + "\"port\": 80}]"));

        assertThat(rules(schema).validate(turned, Optional.of(json(OBJECT))))
                .singleElement()
                .satisfies(cause -> assertThat(cause.field()).isEqualTo("spec.ports[0]"));
    }

    @Test
    void theOldValueOfAListsElementCannotBeNamedWhereItIsNotKnown() {
        JsonNode schema = schema("true");
        ((ObjectNode) schema.at("/properties/spec/properties/names/items"))
                .putArray("x-kubernetes-validations")
                .addObject()
                .put("rule", "self == oldSelf");

        assertThat(problems(schema))
                .singleElement()
                .satisfies(cause -> assertThat(cause.message()).contains("uncorrelatable"));
    }

    @Test
    void whatHasNotChangedIsNotJudgedAgain() {
        ValidationRules rules = rules(schema("self.replicas < 3"));

        assertThat(rules.validate(json(OBJECT), Optional.of(json(OBJECT)))).isEmpty();
        assertThat(
                        rules.validate(
                                json(OBJECT.replace("web-1", "web-2")), Optional.of(json(OBJECT))))
                .hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "self.nope == 1",
                "self.open.x == 1",
                "self.replicas + 'a' == 'b'",
                "self.replicas",
                "self.replicas >",
                "other.replicas == 1",
                "self.names.all(n, n == 1)",
            })
    void whatCannotBeCompiledIsRefusedWithTheDefinition(String rule) {
        assertThat(problems(schema(rule)))
                .singleElement()
                .satisfies(cause -> {
                    assertThat(cause.field())
                            .isEqualTo(
                                    "openAPIV3Schema.properties[spec].x-kubernetes-validations[0].rule");
                    assertThat(cause.message())
                            .containsAnyOf("compilation failed: ERROR", "must evaluate to bool");
                });
    }

    @Test
    void aRuleThatMayCostTooMuchIsRefusedUntilItsListsAreBounded() {
        String quadratic = "self.all(a, self.all(b, a == b || a != b))";
        String list =
                "{\"type\": \"array\", \"items\": {\"type\": \"string\"%s}%s, "
                        + "\"x-kubernetes-validations\": [{\"rule\": \"%s\"}]}";
        String object = "{\"type\": \"object\", \"properties\": {\"list\": %s}}";

        assertThat(problems(json(object.formatted(list.formatted("", "", quadratic)))))
                .isNotEmpty()
                .allSatisfy(
                        cause -> assertThat(cause.message()).contains("exceeds budget by factor"));
        assertThat(
                        problems(
                                json(
                                        object.formatted(
                                                list.formatted(
                                                        ", \"maxLength\": 20",
                                                        ", \"maxItems\": 50",
                                                        quadratic)))))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "self.name.replace('', self.name) != ''",
                "self.name.split('').join(self.name) != ''",
                "'%s'.format([[REPEATED]]) != ''",
                "'%s'.format([{'a': [REPEATED]}]) != ''",
            })
    void whatFunctionsBuildIsBounded(String rule) {
        String repeated = String.join(", ", Collections.nCopies(1_000, "self.name"));
        JsonNode schema = schema(rule.replace("REPEATED", repeated));
        String name = "x".repeat(100_000);
        JsonNode object = json(OBJECT.replace("web-1", name));
        assertThat(object.toString()).contains(name);

        assertThat(rules(schema).validate(object, Optional.empty()))
                .singleElement()
                .satisfies(cause ->
                        assertThat(cause.message())
                                .contains("the result has more than 10000000 characters"));
    }

    @Test
    void anEvaluationThatCostsTooMuchEnds() {
        Limits small =
                new Limits(
                        16_384,
                        Long.MAX_VALUE,
                        Long.MAX_VALUE,
                        1_000,
                        10_000,
                        10_000_000,
                        3_000_000,
                        64);
        JsonNode schema =
                schema("self.sizes.all(a, self.sizes.all(b, self.sizes.all(c, a + b + c > 0)))");
        ((ObjectNode) schema.at("/properties/spec/properties/sizes")).put("maxItems", 1_000);
        StringBuilder sizes = new StringBuilder("1");
        sizes.repeat(",1", 99);
        JsonNode object = json("{\"spec\": {\"sizes\": [" + sizes + "]}}");

        assertThat(
                        ValidationRules.compile(schema, "", small)
                                .rules()
                                .validate(object, Optional.empty()))
                .singleElement()
                .satisfies(cause -> assertThat(cause.message()).contains("cost limit exceeded"));
    }

    @Test
    void aSchemaWithoutRulesAsksForNothing() {
        assertThat(ValidationRules.anyIn(json(SPEC))).isFalse();
        assertThat(ValidationRules.anyIn(schema("true"))).isTrue();
    }
}
