package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ResourceDefinition.Column;
import dev.kemudi.api.Status;
import dev.kemudi.api.Strategy;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Ingresses: HTTP from outside, by host and path. What must hold of one is {@link IngressRules}.
 */
final class IngressStrategy implements Strategy {
    private static final int HOSTS_SHOWN_MAX = 3;

    static final List<Column> COLUMNS =
            List.of(
                    Columns.NAME,
                    Columns.text(
                            "Class",
                            "Which controller it is for.",
                            o -> Columns.orNone(o.text("/spec/ingressClassName"))),
                    Columns.text("Hosts", "The hosts it answers for.", IngressStrategy::hosts),
                    Columns.text("Address", "Where it is reached.", ServiceColumns::balancers),
                    Columns.text(
                            "Ports",
                            "The ports it is reached at.",
                            o -> o.at("/spec/tls").isEmpty() ? "80" : "80, 443"),
                    Columns.AGE);

    private static String hosts(ApiObject ingress) {
        List<String> hosts = new ArrayList<>();
        ingress.at("/spec/rules")
                .forEach(rule -> {
                    String host = rule.path("host").asText("");
                    if (!host.isEmpty()) {
                        hosts.add(host);
                    }
                });
        return hosts.isEmpty() ? "*" : Columns.shortened(hosts, HOSTS_SHOWN_MAX, " + %d more...");
    }

    @Override
    public void prepareForCreate(ObjectNode ingress) {
        ingress.putObject("status").putObject("loadBalancer");
    }

    @Override
    public List<Status.Cause> validate(ApiObject ingress, Optional<ApiObject> old) {
        Problems problems = new Problems();
        IngressRules.check(ingress, old.isEmpty(), problems);
        return problems.causes();
    }
}
