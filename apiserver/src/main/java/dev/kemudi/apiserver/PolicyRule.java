package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;

/**
 * One rule of a role. Source: Kubernetes API reference, {@code rbac.authorization.k8s.io/v1
 * PolicyRule}.
 */
record PolicyRule(
        List<String> verbs,
        List<String> groups,
        List<String> resources,
        List<String> names,
        List<String> paths) {
    static final PolicyRule EVERYTHING =
            new PolicyRule(List.of("*"), List.of("*"), List.of("*"), List.of(), List.of());
    static final PolicyRule EVERY_PATH =
            new PolicyRule(List.of("*"), List.of(), List.of(), List.of(), List.of("*"));

    static List<PolicyRule> of(JsonNode rules) {
        List<PolicyRule> all = new ArrayList<>();
        for (JsonNode rule : rules) {
            all.add(
                    new PolicyRule(
                            texts(rule.path("verbs")),
                            texts(rule.path("apiGroups")),
                            texts(rule.path("resources")),
                            texts(rule.path("resourceNames")),
                            texts(rule.path("nonResourceURLs"))));
        }
        return all;
    }

    private static List<String> texts(JsonNode array) {
        List<String> texts = new ArrayList<>();
        array.forEach(text -> texts.add(text.asText()));
        return List.copyOf(texts);
    }

    boolean allows(Access access) {
        if (!anyOrOne(verbs, access.verb())) {
            return false;
        }
        if (access.aboutPath()) {
            return paths.stream().anyMatch(pattern -> fits(pattern, access.path()));
        }
        return anyOrOne(groups, access.group())
                && (anyOrOne(resources, access.resource())
                        || (!access.subresource().isEmpty()
                                && resources.contains("*/" + access.subresource())))
                && (names.isEmpty() || names.contains(access.name()));
    }

    private static boolean fits(String pattern, String path) {
        return pattern.endsWith("*")
                ? path.startsWith(pattern.substring(0, pattern.length() - 1))
                : pattern.equals(path);
    }

    private static boolean anyOrOne(List<String> allowed, String wanted) {
        return allowed.contains("*") || allowed.contains(wanted);
    }

    /**
     * The rule taken apart into rules of one verb, one group and one resource each, or one path.
     */
    List<PolicyRule> parts() {
        List<PolicyRule> parts = new ArrayList<>();
        for (String verb : verbs) {
            for (String path : paths) {
                parts.add(
                        new PolicyRule(
                                List.of(verb), List.of(), List.of(), List.of(), List.of(path)));
            }
            for (String group : groups) {
                for (String resource : resources) {
                    parts.add(
                            new PolicyRule(
                                    List.of(verb),
                                    List.of(group),
                                    List.of(resource),
                                    names,
                                    List.of()));
                }
            }
        }
        return parts;
    }

    /**
     * Whether whoever has this rule may do all that {@code part}, one of {@link #parts}, allows.
     */
    boolean covers(PolicyRule part) {
        if (!anyOrOne(verbs, part.verbs.getFirst())) {
            return false;
        }
        if (!part.paths.isEmpty()) {
            String wanted = part.paths.getFirst();
            return paths.contains(wanted) || paths.stream().anyMatch(p -> fits(p, wanted));
        }
        String resource = part.resources.getFirst();
        int slash = resource.indexOf('/');
        boolean same =
                anyOrOne(resources, resource)
                        || (slash > 0 && resources.contains("*" + resource.substring(slash)));
        return same
                && anyOrOne(groups, part.groups.getFirst())
                && (names.isEmpty() || (!part.names.isEmpty() && names.containsAll(part.names)));
    }

    ObjectNode into(ObjectNode tree) {
        put(tree, "verbs", verbs);
        put(tree, "apiGroups", groups);
        put(tree, "resources", resources);
        put(tree, "resourceNames", names);
        put(tree, "nonResourceURLs", paths);
        return tree;
    }

    private static void put(ObjectNode tree, String name, List<String> values) {
        if (!values.isEmpty()) {
            values.forEach(tree.putArray(name)::add);
        }
    }
}
