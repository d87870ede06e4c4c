package dev.kemudi.cel;

import dev.cel.common.types.OpaqueType;
import dev.cel.common.types.SimpleType;
import dev.kemudi.cel.Authorizer.Decision;
import dev.kemudi.cel.Authorizer.Question;
import java.util.List;
import java.util.function.BiFunction;

/** Kubernetes' authorizer library: {@code authorizer.group('apps').resource('deployments')…}. */
final class AuthorizerFunctions {
    static final OpaqueType AUTHORIZER = OpaqueType.create("kubernetes.authorization.Authorizer");
    static final OpaqueType RESOURCE_CHECK =
            OpaqueType.create("kubernetes.authorization.ResourceCheck");
    private static final OpaqueType PATH_CHECK =
            OpaqueType.create("kubernetes.authorization.PathCheck");
    private static final OpaqueType GROUP_CHECK =
            OpaqueType.create("kubernetes.authorization.GroupCheck");
    private static final OpaqueType DECISION =
            OpaqueType.create("kubernetes.authorization.Decision");

    private AuthorizerFunctions() {}

    /** A question in the making, and whom it will be put to. */
    record Check(Authorizer authorizer, Question question) {
        Decision decide(String verb) {
            return authorizer.decide(
                    new Question(
                            question.account(),
                            verb,
                            question.group(),
                            question.resource(),
                            question.subresource(),
                            question.namespace(),
                            question.name(),
                            question.path()));
        }
    }

    static void addTo(Functions functions) {
        functions.member(
                "path",
                PATH_CHECK,
                AUTHORIZER,
                Authorizer.class,
                SimpleType.STRING,
                String.class,
                (a, path) -> new Check(a, new Question("", "", "", "", "", "", "", path)));
        functions.member(
                "group",
                GROUP_CHECK,
                AUTHORIZER,
                Authorizer.class,
                SimpleType.STRING,
                String.class,
                (a, group) -> new Check(a, new Question("", "", group, "", "", "", "", "")));
        functions.member(
                "serviceAccount",
                AUTHORIZER,
                List.of(AUTHORIZER, SimpleType.STRING, SimpleType.STRING),
                List.of(Authorizer.class, String.class, String.class),
                arguments -> as((Authorizer) arguments[0], arguments[1] + "/" + arguments[2]));
        addSteps(functions);
        check(functions, RESOURCE_CHECK);
        check(functions, PATH_CHECK);
        functions.member("allowed", SimpleType.BOOL, DECISION, Decision.class, Decision::allowed);
        functions.member("reason", SimpleType.STRING, DECISION, Decision.class, Decision::reason);
        functions.member("errored", SimpleType.BOOL, DECISION, Decision.class, d -> false);
        functions.member("error", SimpleType.STRING, DECISION, Decision.class, d -> "");
    }

    /** What narrows a question about objects. */
    private static void addSteps(Functions functions) {
        step(
                functions,
                "resource",
                GROUP_CHECK,
                (q, name) -> new Question(q.account(), "", q.group(), name, "", "", "", ""));
        step(
                functions,
                "subresource",
                RESOURCE_CHECK,
                (q, name) ->
                        new Question(
                                q.account(),
                                "",
                                q.group(),
                                q.resource(),
                                name,
                                q.namespace(),
                                q.name(),
                                ""));
        step(
                functions,
                "namespace",
                RESOURCE_CHECK,
                (q, name) ->
                        new Question(
                                q.account(),
                                "",
                                q.group(),
                                q.resource(),
                                q.subresource(),
                                name,
                                q.name(),
                                ""));
        step(
                functions,
                "name",
                RESOURCE_CHECK,
                (q, name) ->
                        new Question(
                                q.account(),
                                "",
                                q.group(),
                                q.resource(),
                                q.subresource(),
                                q.namespace(),
                                name,
                                ""));
    }

    private static Authorizer as(Authorizer asked, String account) {
        return question ->
                asked.decide(
                        new Question(
                                account,
                                question.verb(),
                                question.group(),
                                question.resource(),
                                question.subresource(),
                                question.namespace(),
                                question.name(),
                                question.path()));
    }

    @SuppressWarnings("Immutable") // the bodies are stateless
    private static void step(
            Functions functions,
            String name,
            OpaqueType self,
            BiFunction<Question, String, Question> next) {
        functions.member(
                name,
                RESOURCE_CHECK,
                self,
                Check.class,
                SimpleType.STRING,
                String.class,
                (c, text) -> new Check(c.authorizer(), next.apply(c.question(), text)));
    }

    private static void check(Functions functions, OpaqueType self) {
        functions.member(
                "check",
                DECISION,
                self,
                Check.class,
                SimpleType.STRING,
                String.class,
                Check::decide);
    }
}
