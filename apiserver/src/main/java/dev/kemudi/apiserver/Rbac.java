package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.LabelSelector;
import dev.kemudi.api.ListOptions;
import dev.kemudi.api.Resource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/*
 * Who may do what
 * ---------------
 * Roles are lists of rules; bindings give roles to users, groups and service accounts, in one namespace or in
 * all. There is no rule that forbids. From the stored objects an index is made: for each subject its grants,
 * with the rules already looked up. It is immutable and made anew after any of the four kinds has changed, by
 * the next request that needs it; between a change and its being seen here lies the time of a watch, as in
 * Kubernetes.
 *
 * Members of system:masters may do everything and are never looked up, so that nobody can lock all out.
 */
/** Role-based access control over the stored roles. Safe for use by many threads. */
final class Rbac {
    private static final List<Resource> KINDS =
            List.of(
                    Resource.ROLES,
                    Resource.CLUSTER_ROLES,
                    Resource.ROLE_BINDINGS,
                    Resource.CLUSTER_ROLE_BINDINGS);

    private final Registry registry;
    private final Reads reads;
    private volatile @Nullable Index index;
    private volatile long seen;

    Rbac(Registry registry, Reads reads) {
        this.registry = registry;
        this.reads = reads;
    }

    /**
     * @param namespace empty when it holds in all
     * @param why names the binding, for people
     */
    private record Grant(String namespace, List<PolicyRule> rules, String why) {}

    /** Roles by {@code namespace/name}; cluster roles by name. */
    private record Index(
            Map<String, List<Grant>> bySubject,
            Map<String, List<PolicyRule>> roles,
            Map<String, List<PolicyRule>> clusterRoles) {}

    /** What is decided, and which binding decided it. */
    record Decision(boolean allowed, String reason) {}

    /**
     * @throws ApiException 403 in Kubernetes' words when it is not allowed
     */
    void require(Access access) {
        if (!decide(access).allowed()) {
            throw new ApiException(access.denial());
        }
    }

    Decision decide(Access access) {
        if (access.user().master()) {
            return new Decision(true, "member of " + User.MASTERS);
        }
        for (Grant grant : grants(access.user())) {
            if (holdsIn(grant, access.namespace())) {
                for (PolicyRule rule : grant.rules()) {
                    if (rule.allows(access)) {
                        return new Decision(true, "RBAC: allowed by " + grant.why());
                    }
                }
            }
        }
        return new Decision(false, "");
    }

    private static boolean holdsIn(Grant grant, String namespace) {
        return grant.namespace().isEmpty() || grant.namespace().equals(namespace);
    }

    /** All that a user may do in a namespace, or everywhere when it is empty. */
    List<PolicyRule> rulesOf(User user, String namespace) {
        if (user.master()) {
            return List.of(PolicyRule.EVERYTHING, PolicyRule.EVERY_PATH);
        }
        List<PolicyRule> rules = new ArrayList<>();
        for (Grant grant : grants(user)) {
            if (holdsIn(grant, namespace)) {
                rules.addAll(grant.rules());
            }
        }
        return rules;
    }

    /** What a role gives, as it is now; nothing when there is none. */
    List<PolicyRule> rulesOfRole(boolean clusterRole, String namespace, String name) {
        return clusterRole
                ? index().clusterRoles().getOrDefault(name, List.of())
                : index().roles().getOrDefault(namespace + "/" + name, List.of());
    }

    private List<Grant> grants(User user) {
        Map<String, List<Grant>> bySubject = index().bySubject();
        List<Grant> grants =
                new ArrayList<>(bySubject.getOrDefault("User " + user.name(), List.of()));
        for (String group : user.groups()) {
            grants.addAll(bySubject.getOrDefault("Group " + group, List.of()));
        }
        return grants;
    }

    private Index index() {
        long now = revision();
        Index known = index;
        if (known != null && seen == now) {
            return known;
        }
        synchronized (this) {
            known = index;
            if (known == null || seen != now) {
                known = build();
                index = known;
                seen = now;
            }
            return known;
        }
    }

    /** Grows with every change of any of the four kinds. */
    private long revision() {
        long sum = 0;
        for (Resource resource : KINDS) {
            sum += kind(resource).map(kind -> kind.cache().changes()).orElse(0L);
        }
        return sum;
    }

    private Optional<Kind> kind(Resource resource) {
        return registry.find(resource.group(), resource.version(), resource.plural());
    }

    private List<ApiObject> all(Resource resource) {
        return kind(resource)
                .map(kind -> reads.list(kind, "", ListOptions.ALL).items())
                .orElse(List.of());
    }

    private Index build() {
        Map<String, List<PolicyRule>> clusterRoles = clusterRoles();
        Map<String, List<PolicyRule>> roles = new HashMap<>();
        for (ApiObject role : all(Resource.ROLES)) {
            roles.put(role.namespace() + "/" + role.name(), PolicyRule.of(role.at("/rules")));
        }
        Map<String, List<Grant>> bySubject = new HashMap<>();
        for (Resource resource : List.of(Resource.CLUSTER_ROLE_BINDINGS, Resource.ROLE_BINDINGS)) {
            for (ApiObject binding : all(resource)) {
                String name = binding.text("/roleRef/name");
                boolean clusterRole = binding.text("/roleRef/kind").equals("ClusterRole");
                List<PolicyRule> rules =
                        clusterRole
                                ? clusterRoles.getOrDefault(name, List.of())
                                : roles.getOrDefault(binding.namespace() + "/" + name, List.of());
                Grant grant =
                        new Grant(
                                binding.namespace(),
                                rules,
                                "%s \"%s\" of %s \"%s\""
                                        .formatted(
                                                resource.kind(),
                                                binding.namespace().isEmpty()
                                                        ? binding.name()
                                                        : binding.name()
                                                                + "/"
                                                                + binding.namespace(),
                                                binding.text("/roleRef/kind"),
                                                name));
                for (JsonNode subject : binding.at("/subjects")) {
                    bySubject
                            .computeIfAbsent(
                                    subject(subject, binding.namespace()),
                                    unused -> new ArrayList<>())
                            .add(grant);
                }
            }
        }
        return new Index(bySubject, roles, clusterRoles);
    }

    private static String subject(JsonNode subject, String namespace) {
        String name = subject.path("name").asText();
        return switch (subject.path("kind").asText()) {
            case "ServiceAccount" ->
                    "User "
                            + User.serviceAccountName(
                                    subject.path("namespace").asText(namespace), name);
            case "Group" -> "Group " + name;
            default -> "User " + name;
        };
    }

    /** With the rules that a role gathers from others by their labels. */
    private Map<String, List<PolicyRule>> clusterRoles() {
        List<ApiObject> stored = all(Resource.CLUSTER_ROLES);
        Map<String, List<PolicyRule>> rules = new HashMap<>();
        for (ApiObject role : stored) {
            rules.put(role.name(), gathered(role, stored, new HashSet<>()));
        }
        return rules;
    }

    private static List<PolicyRule> gathered(
            ApiObject role, List<ApiObject> all, Set<String> visited) {
        JsonNode selectors = role.at("/aggregationRule/clusterRoleSelectors");
        if (!visited.add(role.name())) {
            return List.of();
        }
        if (selectors.isEmpty()) {
            return PolicyRule.of(role.at("/rules"));
        }
        List<PolicyRule> rules = new ArrayList<>();
        for (JsonNode selector : selectors) {
            LabelSelector labels = new LabelSelector(selector);
            for (ApiObject other : all) {
                if (labels.matches(other.labels())) {
                    rules.addAll(gathered(other, all, visited));
                }
            }
        }
        return rules;
    }
}
