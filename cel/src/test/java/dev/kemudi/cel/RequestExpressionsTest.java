package dev.kemudi.cel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.api.Json;
import dev.kemudi.cel.RequestExpressions.Compiled;
import dev.kemudi.cel.RequestExpressions.Result;
import java.io.IOException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Expressions over requests, whose objects may be of any kind. */
class RequestExpressionsTest {
    private static final RequestExpressions LANGUAGE =
            RequestExpressions.over(
                    Set.of("object", "variables", "authorizer", "authorizer.requestResource"),
                    Limits.defaults());

    private static JsonNode json(String text) {
        try {
            return Json.MAPPER.readTree(text.replace('\'', '"'));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static Map<String, Object> scope(String object) {
        return new HashMap<>(Map.of("object", LANGUAGE.value(json(object))));
    }

    private static Budget budget() {
        return Budget.of(Limits.defaults());
    }

    @Test
    void fieldsOfAnyObjectCanBeNamedAndMissingOnesFail() throws ExpressionException {
        Compiled small = LANGUAGE.compile("object.spec.replicas <= 3", Result.BOOL);

        assertThat(small.evaluate(scope("{'spec':{'replicas':3}}"), budget())).isEqualTo(true);
        assertThat(small.evaluate(scope("{'spec':{'replicas':4}}"), budget())).isEqualTo(false);
        assertThatThrownBy(() -> small.evaluate(scope("{'spec':{}}"), budget()))
                .isInstanceOf(ExpressionException.class)
                .hasMessage("no such key: replicas");
    }

    @Test
    void anExpressionMustBeWhatItsPlaceWants() {
        assertThatThrownBy(() -> LANGUAGE.compile("object.size() + 1", Result.BOOL))
                .isInstanceOf(ExpressionException.class)
                .hasMessageContaining("must evaluate to bool");
        assertThatThrownBy(() -> LANGUAGE.compile("nobody.here", Result.ANY))
                .isInstanceOf(ExpressionException.class)
                .hasMessageContaining("undeclared reference to 'nobody'");
    }

    @Test
    void aVariableIsEvaluatedOnceAndOnlyWhenAsked() throws ExpressionException {
        Map<String, Object> scope = scope("{'a':2}");
        AtomicInteger asked = new AtomicInteger();
        Authorizer counting =
                question -> {
                    asked.incrementAndGet();
                    return new Authorizer.Decision(true, "");
                };
        scope.put("authorizer", counting);
        Map<String, Compiled> named = new LinkedHashMap<>();
        named.put(
                "may",
                LANGUAGE.compile("authorizer.path('/x').check('get').allowed()", Result.ANY));
        named.put("double", LANGUAGE.compile("object.a * 2", Result.ANY));
        named.put("failing", LANGUAGE.compile("object.none", Result.ANY));
        Budget budget = budget();
        scope.put("variables", new LazyVariables(named, scope, budget));

        assertThat(LANGUAGE.compile("variables.double == 4", Result.BOOL).evaluate(scope, budget))
                .isEqualTo(true);
        assertThat(asked.get()).isZero();
        assertThat(
                        LANGUAGE.compile("variables.may && variables.may", Result.BOOL)
                                .evaluate(scope, budget))
                .isEqualTo(true);
        assertThat(asked.get()).isEqualTo(1);
        assertThatThrownBy(() ->
                        LANGUAGE.compile("variables.failing == 1", Result.BOOL)
                                .evaluate(scope, budget))
                .hasMessageContaining(
                        "composited variable \"failing\" fails to evaluate: no such key: none");
    }

    @Test
    void theAuthorizerIsAskedWhatTheExpressionSays() throws ExpressionException {
        Map<String, Object> scope = scope("{}");
        StringBuilder heard = new StringBuilder();
        Authorizer listening =
                question -> {
                    heard.append(question).append('\n');
                    return new Authorizer.Decision(false, "not you");
                };
        scope.put("authorizer", listening);
        scope.put(
                "authorizer.requestResource", listening.about("apps", "deployments", "", "n", "d"));

        Compiled asks =
                LANGUAGE.compile(
                        "authorizer.serviceAccount('ns', 'robot').group('apps').resource('deployments')"
                                + ".namespace('n').name('x').check('delete').reason() +"
                                + " authorizer.requestResource.subresource('scale').check('update').reason()",
                        Result.STRING);

        assertThat(asks.evaluate(scope, budget())).isEqualTo("not younot you");
        assertThat(heard.toString())
                .isEqualTo(
                        "Question[account=ns/robot, verb=delete, group=apps, resource=deployments,"
                                + " subresource=, namespace=n, name=x, path=]\n"
                                + "Question[account=, verb=update, group=apps, resource=deployments,"
                                + " subresource=scale, namespace=n, name=d, path=]\n");
    }

    @Test
    void objectsAreBuiltAndReservedFieldNamesAreEscaped() throws ExpressionException {
        Compiled built =
                LANGUAGE.compileMutation(
                        "Object{metadata: Object.metadata{__namespace__: 'n'}, spec: Object.spec{"
                                + "list: [1, 2].map(i, Object.spec.list{size: i}), ?gone: optional.none()}}");

        assertThat(built.evaluateToJson(scope("{}"), budget()))
                .isEqualTo(
                        json(
                                "{'metadata':{'namespace':'n'},"
                                        + "'spec':{'list':[{'size':1},{'size':2}]}}"));
        assertThatThrownBy(() -> LANGUAGE.compileMutation("Object{spec: Object.status{}}"))
                .hasMessageContaining(
                        "unexpected type name \"Object.status\", expected \"Object.spec\"");
    }
}
