package dev.kemudi.api;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * What one object uses up of a quota, by the quota's names. Pure arithmetic, for whoever charges
 * and for whoever counts. Source: Kubernetes documentation, "Resource Quotas".
 */
public final class QuotaUsage {
    private static final Quantity ONE = Quantity.of(1);
    private static final Set<String> COUNTED_BY_NAME =
            Set.of(
                    "configmaps",
                    "secrets",
                    "services",
                    "persistentvolumeclaims",
                    "replicationcontrollers",
                    "resourcequotas");
    private static final Set<String> PLAIN_COMPUTE = Set.of("cpu", "memory", "ephemeral-storage");

    /** What every container must say when a quota limits it. */
    private static final Set<String> REQUIRED =
            Set.of(
                    "cpu",
                    "memory",
                    "requests.cpu",
                    "requests.memory",
                    "limits.cpu",
                    "limits.memory");

    private QuotaUsage() {}

    /** What {@code object} of kind {@code resource} uses now. */
    public static Map<String, Quantity> of(Resource resource, ApiObject object) {
        Map<String, Quantity> usage = new TreeMap<>();
        usage.put("count/" + resource.qualifiedName(), ONE);
        if (resource.group().isEmpty()) {
            if (COUNTED_BY_NAME.contains(resource.plural())) {
                usage.put(resource.plural(), ONE);
            }
            switch (resource.plural()) {
                case "pods" -> pod(object, usage);
                case "services" -> service(object, usage);
                case "persistentvolumeclaims" -> claim(object, usage);
                default -> {
                    // counted, nothing more
                }
            }
        }
        return usage;
    }

    private static void pod(ApiObject pod, Map<String, Quantity> usage) {
        String phase = pod.text("/status/phase");
        if (phase.equals("Succeeded") || phase.equals("Failed")) {
            return; // what has ended uses nothing but its place in the store
        }
        usage.put("pods", ONE);
        PodRequirements whole = PodRequirements.of(pod);
        compute(whole.requests(), whole.limits(), usage);
    }

    private static void compute(
            Map<String, Quantity> requests,
            Map<String, Quantity> limits,
            Map<String, Quantity> usage) {
        requests.forEach((name, amount) -> {
            usage.put("requests." + name, amount);
            if (PLAIN_COMPUTE.contains(name) || name.startsWith("hugepages-")) {
                usage.put(name, amount);
            }
        });
        limits.forEach((name, amount) -> usage.put("limits." + name, amount));
    }

    private static void service(ApiObject service, Map<String, Quantity> usage) {
        String type = service.text("/spec/type");
        boolean balanced = type.equals("LoadBalancer");
        usage.put("services.loadbalancers", balanced ? ONE : Quantity.ZERO);
        boolean ports =
                type.equals("NodePort")
                        || balanced
                                && service.at("/spec/allocateLoadBalancerNodePorts")
                                        .asBoolean(true);
        usage.put(
                "services.nodeports",
                ports ? Quantity.of(service.at("/spec/ports").size()) : Quantity.ZERO);
    }

    private static void claim(ApiObject claim, Map<String, Quantity> usage) {
        Quantity storage = Quantity.of(claim.at("/spec/resources/requests/storage"));
        usage.put("requests.storage", storage);
        String storageClass = claim.text("/spec/storageClassName");
        if (!storageClass.isEmpty()) {
            String suffix = storageClass + ".storageclass.storage.k8s.io/";
            usage.put(suffix + "requests.storage", storage);
            usage.put(suffix + "persistentvolumeclaims", ONE);
        }
    }

    /** Which containers leave out what a quota with these names needs to know; empty for none. */
    public static String missing(ApiObject pod, Set<String> hard) {
        Map<String, List<String>> missing = new TreeMap<>();
        Set<String> required = new TreeSet<>(hard);
        required.retainAll(REQUIRED);
        for (String list : List.of("containers", "initContainers")) {
            for (JsonNode container : pod.at("/spec/" + list)) {
                Map<String, Quantity> said = new TreeMap<>();
                compute(
                        amounts(container.path("resources").path("requests")),
                        amounts(container.path("resources").path("limits")),
                        said);
                for (String name : required) {
                    if (!said.containsKey(name)) {
                        missing.computeIfAbsent(name, n -> new ArrayList<>())
                                .add(container.path("name").asText());
                    }
                }
            }
        }
        return missing.entrySet().stream()
                .map(e -> e.getKey() + " for: " + String.join(",", e.getValue()))
                .collect(Collectors.joining("; "));
    }

    private static Map<String, Quantity> amounts(JsonNode map) {
        Map<String, Quantity> amounts = new TreeMap<>();
        map.properties().forEach(e -> amounts.put(e.getKey(), Quantity.of(e.getValue())));
        return amounts;
    }

    /** The resource whose objects use up {@code name}, as {@code plural.group}. */
    public static String countedBy(String name) {
        if (name.startsWith("count/")) {
            return name.substring("count/".length());
        }
        if (name.startsWith("services")) {
            return "services";
        }
        if (name.equals("requests.storage") || name.contains(".storageclass.storage.k8s.io/")) {
            return "persistentvolumeclaims";
        }
        return COUNTED_BY_NAME.contains(name) ? name : "pods";
    }
}
