package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What must hold of a pod spec, in pods and in templates. Containers are {@link ContainerRules}'
 * matter.
 */
final class PodRules {
    private static final Set<String> RESTART_POLICIES = Set.of("Always", "OnFailure", "Never");
    private static final Set<String> DNS_POLICIES =
            Set.of("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None");
    private static final Set<String> PREEMPTION_POLICIES = Set.of("PreemptLowerPriority", "Never");
    static final Set<String> EFFECTS = Set.of("NoSchedule", "PreferNoSchedule", "NoExecute");

    private PodRules() {}

    static void spec(JsonNode spec, String field, Problems problems) {
        Set<String> volumes = volumes(spec.path("volumes"), field + ".volumes", problems);
        containers(spec, field, volumes, problems);
        oneOf(spec, "restartPolicy", RESTART_POLICIES, field, problems);
        oneOf(spec, "dnsPolicy", DNS_POLICIES, field, problems);
        oneOf(spec, "preemptionPolicy", PREEMPTION_POLICIES, field, problems);
        JsonNode deadline = spec.path("activeDeadlineSeconds");
        if (deadline.isNumber()
                && (deadline.asLong() < 1 || deadline.asLong() > Integer.MAX_VALUE)) {
            problems.invalid(
                    field + ".activeDeadlineSeconds",
                    deadline.asLong(),
                    "must be between 1 and " + Integer.MAX_VALUE + ", inclusive");
        }
        for (String name : List.of("hostname", "subdomain")) {
            if (spec.hasNonNull(name) && !spec.path(name).asText().isEmpty()) {
                Names.label(spec.path(name).asText(), field + "." + name, problems);
            }
        }
        for (String name : List.of("nodeName", "serviceAccountName")) {
            if (spec.hasNonNull(name) && !spec.path(name).asText().isEmpty()) {
                Names.subdomain(spec.path(name).asText(), field + "." + name, problems);
            }
        }
        ObjectMetaRules.checkLabels(spec.path("nodeSelector"), field + ".nodeSelector", problems);
        tolerations(spec.path("tolerations"), field + ".tolerations", problems);
    }

    private static void containers(
            JsonNode spec, String field, Set<String> volumes, Problems problems) {
        if (spec.path("containers").isEmpty()) {
            problems.required(field + ".containers");
        }
        Set<String> names = new HashSet<>();
        for (String list : List.of("containers", "initContainers")) {
            Set<String> ports = new HashSet<>();
            int i = 0;
            for (JsonNode container : spec.path(list)) {
                String at = field + "." + list + "[" + i++ + "]";
                String name = container.path("name").asText("");
                if (!name.isEmpty() && !names.add(name)) {
                    problems.duplicate(at + ".name", name);
                }
                ContainerRules rules = new ContainerRules(container, at, problems);
                rules.check(volumes, ports);
                if (list.equals("initContainers")) {
                    rules.checkInit();
                } else if (container.hasNonNull("restartPolicy")) {
                    problems.forbidden(
                            at + ".restartPolicy", "may not be set for non-init containers");
                }
            }
        }
    }

    private static Set<String> volumes(JsonNode volumes, String field, Problems problems) {
        Set<String> names = new HashSet<>();
        int i = 0;
        for (JsonNode volume : volumes) {
            String at = field + "[" + i++ + "]";
            String name = volume.path("name").asText("");
            if (name.isEmpty()) {
                problems.required(at + ".name");
            } else {
                Names.label(name, at + ".name", problems);
                if (!names.add(name)) {
                    problems.duplicate(at + ".name", name);
                }
            }
            List<String> sources = sources(volume);
            if (sources.isEmpty()) {
                problems.required(at, "must specify a volume type");
            }
            sources.stream()
                    .skip(1)
                    .forEach(s ->
                            problems.forbidden(
                                    at + "." + s, "may not specify more than 1 volume type"));
            source(volume, at, problems);
        }
        return names;
    }

    private static List<String> sources(JsonNode volume) {
        return volume.properties().stream()
                .filter(e -> !e.getKey().equals("name") && !e.getValue().isNull())
                .map(Map.Entry::getKey)
                .toList();
    }

    private static void source(JsonNode volume, String at, Problems problems) {
        if (volume.has("configMap") && volume.path("configMap").path("name").asText("").isEmpty()) {
            problems.required(at + ".configMap.name");
        }
        if (volume.has("secret") && volume.path("secret").path("secretName").asText("").isEmpty()) {
            problems.required(at + ".secret.secretName");
        }
        if (volume.has("hostPath") && volume.path("hostPath").path("path").asText("").isEmpty()) {
            problems.required(at + ".hostPath.path");
        }
        for (String files : List.of("configMap", "secret")) {
            int i = 0;
            for (JsonNode item : volume.path(files).path("items")) {
                String path = at + "." + files + ".items[" + i++ + "]";
                if (item.path("key").asText("").isEmpty()) {
                    problems.required(path + ".key");
                }
                localPath(item.path("path").asText(""), path + ".path", problems);
            }
        }
    }

    /** A path below a volume: never absolute, never leading out of it. */
    static void localPath(String path, String field, Problems problems) {
        if (path.isEmpty()) {
            problems.required(field);
        } else if (path.startsWith("/")) {
            problems.invalid(field, path, "must be a relative path");
        } else if (List.of(path.split("/")).contains("..")) {
            problems.invalid(field, path, "must not contain '..'");
        }
    }

    private static void tolerations(JsonNode tolerations, String field, Problems problems) {
        int i = 0;
        for (JsonNode toleration : tolerations) {
            String at = field + "[" + i++ + "]";
            String key = toleration.path("key").asText("");
            String operator = toleration.path("operator").asText("");
            String effect = toleration.path("effect").asText("");
            if (!key.isEmpty()) {
                Names.qualified(key, at + ".key", problems);
            } else if (!operator.equals("Exists")) {
                problems.invalid(
                        at + ".operator",
                        operator,
                        "operator must be Exists when `key` is empty, which means \"match all "
                                + "values and all keys\"");
            }
            if (toleration.hasNonNull("tolerationSeconds") && !effect.equals("NoExecute")) {
                problems.invalid(
                        at + ".effect",
                        effect,
                        "effect must be 'NoExecute' when `tolerationSeconds` is set");
            }
            String value = toleration.path("value").asText("");
            switch (operator) {
                case "", "Equal" -> Names.labelValue(value, at + ".value", problems);
                case "Exists" -> {
                    if (!value.isEmpty()) {
                        problems.invalid(
                                at + ".operator",
                                value,
                                "value must be empty when `operator` is 'Exists'");
                    }
                }
                default ->
                        problems.notSupported(
                                at + ".operator", operator, Set.of("Equal", "Exists"));
            }
            if (!effect.isEmpty() && !EFFECTS.contains(effect)) {
                problems.notSupported(at + ".effect", effect, EFFECTS);
            }
        }
    }

    static void oneOf(
            JsonNode node, String name, Set<String> supported, String field, Problems problems) {
        String value = node.path(name).asText("");
        if (!value.isEmpty() && !supported.contains(value)) {
            problems.notSupported(field + "." + name, value, supported);
        }
    }
}
