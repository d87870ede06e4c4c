package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ResourceDefinition.Column;
import dev.kemudi.api.Status.Cause;
import dev.kemudi.api.Strategy;
import java.util.List;
import java.util.Optional;

/** Roles and cluster roles: lists of rules, each about objects or about paths. */
final class RoleStrategy implements Strategy {
    static final List<Column> COLUMNS =
            List.of(
                    Columns.NAME,
                    new Column(
                            "Created At",
                            "date",
                            "",
                            "When the role was created.",
                            0,
                            (role, _) -> role.text("/metadata/creationTimestamp")));

    private final boolean namespaced;

    RoleStrategy(boolean namespaced) {
        this.namespaced = namespaced;
    }

    @Override
    public List<Cause> validate(ApiObject role, Optional<ApiObject> old) {
        Problems problems = new Problems();
        JsonNode rules = role.at("/rules");
        for (int i = 0; i < rules.size(); i++) {
            rule(rules.get(i), "rules[" + i + "]", problems);
        }
        return problems.causes();
    }

    private void rule(JsonNode rule, String field, Problems problems) {
        if (rule.path("verbs").isEmpty()) {
            problems.required(field + ".verbs", "verbs must contain at least one value");
        }
        boolean paths = !rule.path("nonResourceURLs").isEmpty();
        boolean objects =
                !rule.path("apiGroups").isEmpty()
                        || !rule.path("resources").isEmpty()
                        || !rule.path("resourceNames").isEmpty();
        if (paths && namespaced) {
            problems.invalid(
                    field + ".nonResourceURLs",
                    rule.path("nonResourceURLs"),
                    "namespaced rules cannot apply to non-resource URLs");
        } else if (paths && objects) {
            problems.invalid(
                    field + ".nonResourceURLs",
                    rule.path("nonResourceURLs"),
                    "rules cannot apply to both regular resources and non-resource URLs");
        } else if (!paths) {
            if (rule.path("apiGroups").isEmpty()) {
                problems.required(
                        field + ".apiGroups", "resource rules must supply at least one api group");
            }
            if (rule.path("resources").isEmpty()) {
                problems.required(
                        field + ".resources", "resource rules must supply at least one resource");
            }
        }
    }
}
