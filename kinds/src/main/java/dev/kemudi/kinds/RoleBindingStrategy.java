package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ResourceDefinition.Column;
import dev.kemudi.api.Status.Cause;
import dev.kemudi.api.Strategy;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Bindings: who gets a role. The role of a binding never changes; its subjects may. */
final class RoleBindingStrategy implements Strategy {
    private static final String GROUP = "rbac.authorization.k8s.io";
    private static final List<String> SUBJECTS = List.of("ServiceAccount", "User", "Group");

    static final List<Column> COLUMNS =
            List.of(
                    Columns.NAME,
                    Columns.text(
                            "Role",
                            "The role that is given.",
                            o -> o.text("/roleRef/kind") + "/" + o.text("/roleRef/name")),
                    Columns.AGE,
                    Columns.wide("Users", "Users that have it.", o -> subjects(o, "User")),
                    Columns.wide("Groups", "Groups that have it.", o -> subjects(o, "Group")),
                    Columns.wide(
                            "ServiceAccounts",
                            "Service accounts that have it.",
                            o -> subjects(o, "ServiceAccount")));

    private final boolean namespaced;

    RoleBindingStrategy(boolean namespaced) {
        this.namespaced = namespaced;
    }

    private static String subjects(ApiObject binding, String kind) {
        List<String> names = new ArrayList<>();
        for (JsonNode subject : binding.at("/subjects")) {
            if (subject.path("kind").asText().equals(kind)) {
                String name = subject.path("name").asText();
                names.add(
                        kind.equals("ServiceAccount")
                                ? subject.path("namespace").asText() + "/" + name
                                : name);
            }
        }
        return String.join(", ", names);
    }

    @Override
    public void applyDefaults(ObjectNode binding) {
        if (binding.path("roleRef") instanceof ObjectNode ref
                && ref.path("apiGroup").asText("").isEmpty()) {
            ref.put("apiGroup", GROUP);
        }
        for (JsonNode each : binding.path("subjects")) {
            if (each instanceof ObjectNode subject
                    && subject.path("apiGroup").asText("").isEmpty()
                    && !subject.path("kind").asText().equals("ServiceAccount")) {
                subject.put("apiGroup", GROUP);
            }
        }
    }

    @Override
    public List<Cause> validate(ApiObject binding, Optional<ApiObject> old) {
        Problems problems = new Problems();
        JsonNode ref = binding.at("/roleRef");
        List<String> kinds = namespaced ? List.of("Role", "ClusterRole") : List.of("ClusterRole");
        if (!ref.path("apiGroup").asText().equals(GROUP)) {
            problems.notSupported(
                    "roleRef.apiGroup", ref.path("apiGroup").asText(), List.of(GROUP));
        }
        if (!kinds.contains(ref.path("kind").asText())) {
            problems.notSupported("roleRef.kind", ref.path("kind").asText(), kinds);
        }
        if (ref.path("name").asText("").isEmpty()) {
            problems.required("roleRef.name");
        }
        if (old.isPresent() && !old.get().at("/roleRef").equals(ref)) {
            problems.invalid("roleRef", ref, "cannot change roleRef");
        }
        JsonNode subjects = binding.at("/subjects");
        for (int i = 0; i < subjects.size(); i++) {
            subject(subjects.get(i), "subjects[" + i + "]", problems);
        }
        return problems.causes();
    }

    private void subject(JsonNode subject, String field, Problems problems) {
        String kind = subject.path("kind").asText();
        if (!SUBJECTS.contains(kind)) {
            problems.notSupported(field + ".kind", kind, SUBJECTS);
        }
        if (subject.path("name").asText("").isEmpty()) {
            problems.required(field + ".name");
        }
        if (kind.equals("ServiceAccount")
                && !namespaced
                && subject.path("namespace").asText("").isEmpty()) {
            problems.required(field + ".namespace");
        }
    }
}
