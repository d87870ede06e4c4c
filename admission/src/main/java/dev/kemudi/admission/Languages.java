package dev.kemudi.admission;

import dev.kemudi.cel.Limits;
import dev.kemudi.cel.RequestExpressions;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The languages of admission's expressions; each is made when first used. */
final class Languages {
    static final Limits LIMITS = Limits.defaults();

    private Languages() {}

    private static final class Conditions {
        static final RequestExpressions LANGUAGE =
                RequestExpressions.over(RequestScope.VARIABLES, LIMITS);
    }

    private static final class Policies {
        static final RequestExpressions LANGUAGE = with(List.of("params", "namespaceObject"));
    }

    private static final class Composed {
        static final RequestExpressions LANGUAGE =
                with(List.of("params", "namespaceObject", "variables"));
    }

    private static RequestExpressions with(List<String> more) {
        Set<String> variables = new HashSet<>(RequestScope.VARIABLES);
        variables.addAll(more);
        return RequestExpressions.over(variables, LIMITS);
    }

    /** Of webhooks' match conditions. */
    static RequestExpressions conditions() {
        return Conditions.LANGUAGE;
    }

    /** Of policies' match conditions. */
    static RequestExpressions policies() {
        return Policies.LANGUAGE;
    }

    /** Of policies' other expressions, which may name what the policy composes. */
    static RequestExpressions composed() {
        return Composed.LANGUAGE;
    }
}
