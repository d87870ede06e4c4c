package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiClient;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Json;
import dev.kemudi.api.Resource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The roles that every cluster has from its first start: {@code cluster-admin}, {@code admin},
 * {@code edit}, {@code view}, and what everybody authenticated may read of the server itself. Made
 * when missing; changed afterwards only where a binding lacks a group. Source: Kubernetes
 * documentation, "Using RBAC Authorization", default roles.
 */
final class BootstrapRoles {
    private static final List<String> READ = List.of("get", "list", "watch");
    private static final List<String> WRITE =
            List.of("create", "delete", "deletecollection", "patch", "update");
    private static final String LABEL = "rbac.authorization.k8s.io/aggregate-to-";
    private static final String UPDATED = "rbac.authorization.kubernetes.io/autoupdate";
    private static final List<String> CORE_OBJECTS =
            List.of(
                    "configmaps",
                    "persistentvolumeclaims",
                    "pods",
                    "services",
                    "serviceaccounts",
                    "events");
    private static final List<String> GROUPS =
            List.of(
                    "apps",
                    "batch",
                    "autoscaling",
                    "policy",
                    "networking.k8s.io",
                    "discovery.k8s.io");

    private final ApiClient client;

    BootstrapRoles(ApiClient client) {
        this.client = client;
    }

    /** Makes what is missing. */
    void make() {
        role("cluster-admin", PolicyRule.EVERYTHING, PolicyRule.EVERY_PATH);
        bind("cluster-admin", User.MASTERS);
        role(
                "system:basic-user",
                rule(
                        List.of("create"),
                        List.of("authorization.k8s.io", "authentication.k8s.io"),
                        List.of(
                                "selfsubjectaccessreviews",
                                "selfsubjectrulesreviews",
                                "selfsubjectreviews")));
        bind("system:basic-user", "system:authenticated");
        role(
                "system:discovery",
                paths(
                        "/api",
                        "/api/*",
                        "/apis",
                        "/apis/*",
                        "/healthz",
                        "/livez",
                        "/openapi",
                        "/openapi/*",
                        "/readyz",
                        "/version",
                        "/version/"));
        bind("system:discovery", "system:authenticated");
        role(
                "system:public-info-viewer",
                paths("/healthz", "/livez", "/readyz", "/version", "/version/"));
        bind("system:public-info-viewer", "system:authenticated", "system:unauthenticated");
        role(
                "system:service-account-issuer-discovery",
                paths(
                        "/.well-known/openid-configuration",
                        "/.well-known/openid-configuration/",
                        "/openid/v1/jwks",
                        "/openid/v1/jwks/"));
        bind("system:service-account-issuer-discovery", "system:serviceaccounts");
        makeRolesForUsers();
    }

    private void makeRolesForUsers() {
        gathering("view", "edit");
        gathering("edit", "admin");
        gathering("admin", "");
        gathered(
                "view",
                rule(READ, List.of(""), CORE_OBJECTS),
                rule(READ, List.of(""), List.of("namespaces", "pods/log", "pods/status")),
                rule(READ, GROUPS, List.of("*")));
        gathered(
                "edit",
                rule(
                        WRITE,
                        List.of(""),
                        List.of(
                                "configmaps",
                                "persistentvolumeclaims",
                                "pods",
                                "services",
                                "serviceaccounts",
                                "secrets",
                                "events")),
                rule(
                        READ,
                        List.of(""),
                        List.of("secrets", "pods/attach", "pods/exec", "pods/portforward")),
                rule(
                        List.of("create"),
                        List.of(""),
                        List.of("pods/attach", "pods/exec", "pods/portforward", "pods/eviction")),
                rule(List.of("impersonate"), List.of(""), List.of("serviceaccounts")),
                rule(WRITE, GROUPS, List.of("*")),
                rule(all(), List.of("coordination.k8s.io"), List.of("leases")));
        gathered(
                "admin",
                rule(all(), List.of(Resource.ROLES.group()), List.of("roles", "rolebindings")),
                rule(
                        List.of("create"),
                        List.of("authorization.k8s.io"),
                        List.of("localsubjectaccessreviews")));
    }

    private static List<String> all() {
        return List.of(
                "create", "delete", "deletecollection", "get", "list", "patch", "update", "watch");
    }

    private static PolicyRule rule(
            List<String> verbs, List<String> groups, List<String> resources) {
        return new PolicyRule(verbs, groups, resources, List.of(), List.of());
    }

    private static PolicyRule paths(String... paths) {
        return new PolicyRule(List.of("get"), List.of(), List.of(), List.of(), List.of(paths));
    }

    private void role(String name, PolicyRule... rules) {
        create(Resource.CLUSTER_ROLES, withRules(named(name), rules));
    }

    /**
     * A role whose rules are those of all roles labelled for it; itself labelled for another, if
     * there is one.
     */
    private void gathering(String name, String into) {
        ObjectNode tree = named(name);
        if (!into.isEmpty()) {
            labels(tree).put(LABEL + into, "true");
        }
        tree.putObject("aggregationRule")
                .putArray("clusterRoleSelectors")
                .addObject()
                .putObject("matchLabels")
                .put(LABEL + name, "true");
        create(Resource.CLUSTER_ROLES, tree);
    }

    private void gathered(String into, PolicyRule... rules) {
        ObjectNode tree = withRules(named("system:aggregate-to-" + into), rules);
        labels(tree).put(LABEL + into, "true");
        create(Resource.CLUSTER_ROLES, tree);
    }

    private static ObjectNode named(String name) {
        ObjectNode tree = Json.MAPPER.createObjectNode();
        tree.putObject("metadata").put("name", name);
        labels(tree).put("kubernetes.io/bootstrapping", "rbac-defaults");
        return tree;
    }

    private static ObjectNode labels(ObjectNode tree) {
        return tree.withObjectProperty("metadata").withObjectProperty("labels");
    }

    private static ObjectNode withRules(ObjectNode tree, PolicyRule... rules) {
        for (PolicyRule rule : rules) {
            rule.into(tree.withArrayProperty("rules").addObject());
        }
        return tree;
    }

    private void bind(String role, String... groups) {
        ObjectNode tree = named(role);
        for (String group : groups) {
            tree.withArrayProperty("subjects")
                    .addObject()
                    .put("kind", "Group")
                    .put("apiGroup", Resource.ROLES.group())
                    .put("name", group);
        }
        tree.putObject("roleRef")
                .put("apiGroup", Resource.ROLES.group())
                .put("kind", "ClusterRole")
                .put("name", role);
        create(Resource.CLUSTER_ROLE_BINDINGS, tree);
        client.find(Resource.CLUSTER_ROLE_BINDINGS, "", role)
                .ifPresent(stored -> addMissing(stored, tree.path("subjects")));
    }

    /** A cluster of an earlier version lacks subjects; whoever wants that says so. */
    private void addMissing(ApiObject stored, JsonNode subjects) {
        if (stored.annotations().getOrDefault(UPDATED, "true").equals("false")) {
            return;
        }
        Set<String> there = new HashSet<>();
        stored.at("/subjects").forEach(subject -> there.add(subject.path("name").asText()));
        List<JsonNode> missing = new ArrayList<>();
        for (JsonNode subject : subjects) {
            if (!there.contains(subject.path("name").asText())) {
                missing.add(subject);
            }
        }
        if (!missing.isEmpty()) {
            client.update(
                    Resource.CLUSTER_ROLE_BINDINGS,
                    stored.edit(tree -> missing.forEach(tree.withArrayProperty("subjects")::add)));
        }
    }

    private void create(Resource resource, ObjectNode tree) {
        Optional<ApiObject> found = client.find(resource, "", tree.at("/metadata/name").asText());
        if (found.isPresent()) {
            return;
        }
        try {
            client.create(resource, ApiObject.of(tree));
        } catch (ApiException e) {
            if (!e.alreadyExists()) { // another member was faster
                throw e;
            }
        }
    }
}
