package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.api.ApiObject;
import java.util.ArrayList;
import java.util.List;

/**
 * Which requests belong to a level of priority, and whose flow each is. Source: Kubernetes
 * reference, {@code flowcontrol.apiserver.k8s.io/v1 FlowSchema}.
 *
 * @param distinguisher ByUser, ByNamespace, or empty when all requests are one flow
 */
record FlowSchema(
        String name,
        String uid,
        String level,
        long precedence,
        String distinguisher,
        List<Rule> rules) {

    /** Requests of one of {@code subjects} that one of {@code allowed} describes. */
    private record Rule(List<Subject> subjects, List<Scope> scopes) {}

    private record Subject(String kind, String namespace, String name) {
        boolean is(User user) {
            return switch (kind) {
                case "User" -> name.equals("*") || name.equals(user.name());
                case "Group" -> name.equals("*") || user.groups().contains(name);
                case "ServiceAccount" ->
                        name.equals("*")
                                ? user.name().startsWith(User.serviceAccountName(namespace, ""))
                                : user.name().equals(User.serviceAccountName(namespace, name));
                default -> false;
            };
        }
    }

    private record Scope(PolicyRule rule, List<String> namespaces, boolean clusterScope) {
        boolean holds(Access access) {
            if (!rule.allows(access)) {
                return false;
            }
            return access.aboutPath()
                    || (access.namespace().isEmpty()
                            ? clusterScope
                            : namespaces.contains("*") || namespaces.contains(access.namespace()));
        }
    }

    static FlowSchema of(ApiObject object) {
        List<Rule> rules = new ArrayList<>();
        for (JsonNode rule : object.at("/spec/rules")) {
            List<Subject> subjects = new ArrayList<>();
            for (JsonNode subject : rule.path("subjects")) {
                String kind = subject.path("kind").asText();
                JsonNode of =
                        subject.path(
                                switch (kind) {
                                    case "User" -> "user";
                                    case "Group" -> "group";
                                    default -> "serviceAccount";
                                });
                subjects.add(
                        new Subject(kind, of.path("namespace").asText(), of.path("name").asText()));
            }
            List<Scope> scopes = new ArrayList<>();
            for (String kind : List.of("resourceRules", "nonResourceRules")) {
                JsonNode described = rule.path(kind);
                List<PolicyRule> policies = PolicyRule.of(described);
                for (int i = 0; i < policies.size(); i++) {
                    List<String> namespaces = new ArrayList<>();
                    described.path(i).path("namespaces").forEach(n -> namespaces.add(n.asText()));
                    scopes.add(
                            new Scope(
                                    policies.get(i),
                                    namespaces,
                                    described.path(i).path("clusterScope").asBoolean()));
                }
            }
            rules.add(new Rule(List.copyOf(subjects), List.copyOf(scopes)));
        }
        return new FlowSchema(
                object.name(),
                object.uid(),
                object.text("/spec/priorityLevelConfiguration/name"),
                object.at("/spec/matchingPrecedence").asLong(1_000),
                object.text("/spec/distinguisherMethod/type"),
                List.copyOf(rules));
    }

    boolean fits(Access access) {
        for (Rule rule : rules) {
            if (rule.subjects().stream().anyMatch(subject -> subject.is(access.user()))
                    && rule.scopes().stream().anyMatch(scope -> scope.holds(access))) {
                return true;
            }
        }
        return false;
    }

    /** The flow of a request that fits, hashed. */
    long flow(Access access) {
        String whose =
                switch (distinguisher) {
                    case "ByUser" -> access.user().name();
                    case "ByNamespace" -> access.namespace();
                    default -> "";
                };
        return 31L * name.hashCode() + whose.hashCode();
    }
}
