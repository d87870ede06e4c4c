package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ResourceDefinition.Column;
import dev.kemudi.api.Status;
import dev.kemudi.api.Strategy;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** IngressClasses: which controller answers for the Ingresses that name it. */
final class IngressClassStrategy implements Strategy {
    private static final int CONTROLLER_LENGTH_MAX = 250;
    private static final Set<String> SCOPES = Set.of("Cluster", "Namespace");

    static final List<Column> COLUMNS =
            List.of(
                    Columns.NAME,
                    Columns.text("Controller", "Who answers.", o -> o.text("/spec/controller")),
                    Columns.text(
                            "Parameters",
                            "What configures the controller.",
                            IngressClassStrategy::parameters),
                    Columns.AGE);

    private static String parameters(ApiObject ingressClass) {
        JsonNode parameters = ingressClass.at("/spec/parameters");
        if (!parameters.isObject()) {
            return Columns.NONE;
        }
        String group = parameters.path("apiGroup").asText("");
        return parameters.path("kind").asText("")
                + (group.isEmpty() ? "" : "." + group)
                + "/"
                + parameters.path("name").asText("");
    }

    @Override
    public void applyDefaults(ObjectNode ingressClass) {
        if (ingressClass.path("spec").path("parameters") instanceof ObjectNode parameters) {
            Fill.text(parameters, "scope", "Cluster");
        }
    }

    @Override
    public List<Status.Cause> validate(ApiObject ingressClass, Optional<ApiObject> old) {
        Problems problems = new Problems();
        String controller = ingressClass.text("/spec/controller");
        if (old.isPresent() && !old.get().text("/spec/controller").equals(controller)) {
            problems.immutable("spec.controller", controller);
        }
        int slash = controller.indexOf('/');
        if (controller.isEmpty()) {
            problems.required("spec.controller");
        } else if (controller.length() > CONTROLLER_LENGTH_MAX) {
            problems.tooLong("spec.controller", CONTROLLER_LENGTH_MAX);
        } else if (slash < 1
                || slash == controller.length() - 1
                || !Names.isSubdomain(controller.substring(0, slash))) {
            problems.invalid(
                    "spec.controller",
                    controller,
                    "must be a domain-prefixed path (such as \"acme.io/foo\")");
        }
        if (ingressClass.at("/spec/parameters").isObject()) {
            parameters(ingressClass.at("/spec/parameters"), problems);
        }
        return problems.causes();
    }

    private static void parameters(JsonNode parameters, Problems problems) {
        String at = "spec.parameters";
        for (String name : List.of("kind", "name")) {
            if (parameters.path(name).asText("").isEmpty()) {
                problems.required(at + "." + name);
            }
        }
        String scope = parameters.path("scope").asText("");
        PodRules.oneOf(parameters, "scope", SCOPES, at, problems);
        boolean namespaced = !parameters.path("namespace").asText("").isEmpty();
        if (scope.equals("Namespace") && !namespaced) {
            problems.required(at + ".namespace", "`parameters.scope` is set to 'Namespace'");
        } else if (scope.equals("Cluster") && namespaced) {
            problems.forbidden(at + ".namespace", "`parameters.scope` is set to 'Cluster'");
        }
    }
}
