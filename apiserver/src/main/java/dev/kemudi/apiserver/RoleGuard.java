package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.Resource;
import dev.kemudi.api.Status;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Nobody gives away what they do not have: who writes a role must hold its rules (or may {@code
 * escalate}), who binds one must hold its rules (or may {@code bind} it). Source: Kubernetes
 * documentation, "Privilege escalation prevention and bootstrapping".
 */
final class RoleGuard {
    private static final int SHOWN_MAX = 5;

    private final Rbac rbac;

    RoleGuard(Rbac rbac) {
        this.rbac = rbac;
    }

    /**
     * @throws ApiException 403 that names what is missing
     */
    void admit(User user, Kind kind, String namespace, ObjectNode tree) {
        Resource resource = kind.resource();
        if (user.master() || !resource.group().equals(Resource.ROLES.group())) {
            return;
        }
        String name = tree.path("metadata").path("name").asText();
        boolean binding = tree.has("roleRef");
        String role = binding ? tree.path("roleRef").path("name").asText() : name;
        boolean clusterRole =
                binding
                        ? tree.path("roleRef").path("kind").asText().equals("ClusterRole")
                        : resource.equals(Resource.CLUSTER_ROLES);
        Access leave =
                new Access(
                        user,
                        binding ? "bind" : "escalate",
                        resource.group(),
                        (clusterRole ? Resource.CLUSTER_ROLES : Resource.ROLES).plural(),
                        "",
                        namespace,
                        role,
                        "");
        if (rbac.decide(leave).allowed()) {
            return;
        }
        List<PolicyRule> given =
                binding
                        ? rbac.rulesOfRole(clusterRole, namespace, role)
                        : PolicyRule.of(tree.path("rules"));
        List<PolicyRule> held = rbac.rulesOf(user, namespace);
        List<PolicyRule> missing =
                given.stream()
                        .flatMap(rule -> rule.parts().stream())
                        .filter(part -> held.stream().noneMatch(rule -> rule.covers(part)))
                        .toList();
        if (!missing.isEmpty() || tree.has("aggregationRule")) {
            throw new ApiException(
                    Status.forbidden(
                            resource,
                            name,
                            ("user \"%s\" (groups=%s) is attempting to grant RBAC permissions not "
                                            + "currently held:\n%s")
                                    .formatted(user.name(), user.groups(), shown(missing))));
        }
    }

    private static String shown(List<PolicyRule> missing) {
        String first =
                missing.stream()
                        .limit(SHOWN_MAX)
                        .map(PolicyRule::toString)
                        .collect(Collectors.joining("\n"));
        int more = missing.size() - SHOWN_MAX;
        return more > 0 ? first + "\nand " + more + " more" : first;
    }
}
