package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** What Kubernetes' API (v1 defaulting) fills into a pod spec, in pods and in templates alike. */
final class PodDefaults {
    private static final List<String> CONTAINER_LISTS =
            List.of("initContainers", "containers", "ephemeralContainers");
    private static final List<String> PROBES =
            List.of("livenessProbe", "readinessProbe", "startupProbe");
    private static final int FILE_MODE = 0644;
    private static final int TOKEN_SECONDS = 3600;

    private PodDefaults() {}

    static void ofSpec(ObjectNode spec) {
        Fill.text(spec, "restartPolicy", "Always");
        Fill.text(spec, "dnsPolicy", "ClusterFirst");
        Fill.text(spec, "schedulerName", "default-scheduler");
        Fill.number(spec, "terminationGracePeriodSeconds", 30);
        Fill.object(spec, "securityContext");
        mirrorServiceAccount(spec);
        Fill.items(spec, "volumes").forEach(PodDefaults::ofVolume);
        for (String list : CONTAINER_LISTS) {
            Fill.items(spec, list).forEach(PodDefaults::ofContainer);
        }
    }

    /** The pod template at {@code template} of a workload's spec, if there is one. */
    static void ofTemplate(ObjectNode workloadSpec) {
        if (workloadSpec.path("template").path("spec") instanceof ObjectNode template) {
            ofSpec(template);
        }
    }

    /** Pods only, not templates: what the API derives once a pod is real. */
    static void ofPod(ObjectNode spec) {
        Fill.bool(spec, "enableServiceLinks", true);
        for (String list : CONTAINER_LISTS) {
            Fill.items(spec, list).forEach(PodDefaults::requestsFromLimits);
        }
    }

    /** {@code serviceAccount} is the old name of {@code serviceAccountName}; the API shows both. */
    private static void mirrorServiceAccount(ObjectNode spec) {
        String name = spec.path("serviceAccountName").asText("");
        String old = spec.path("serviceAccount").asText("");
        if (!name.isEmpty()) {
            spec.put("serviceAccount", name);
        } else if (!old.isEmpty()) {
            spec.put("serviceAccountName", old);
        }
    }

    private static void ofContainer(ObjectNode container) {
        Fill.text(container, "imagePullPolicy", pullPolicy(container.path("image").asText("")));
        Fill.text(container, "terminationMessagePath", "/dev/termination-log");
        Fill.text(container, "terminationMessagePolicy", "File");
        ResourceRules.canonicalise(Fill.object(container, "resources"));
        Fill.items(container, "ports").forEach(port -> Fill.text(port, "protocol", "TCP"));
        for (String name : PROBES) {
            if (container.path(name) instanceof ObjectNode probe) {
                ofProbe(probe);
            }
        }
        for (String hook : List.of("postStart", "preStop")) {
            if (container.path("lifecycle").path(hook).path("httpGet") instanceof ObjectNode get) {
                ofHttpGet(get);
            }
        }
        for (ObjectNode env : Fill.items(container, "env")) {
            if (env.path("valueFrom").path("fieldRef") instanceof ObjectNode ref) {
                Fill.text(ref, "apiVersion", "v1");
            }
        }
    }

    private static void ofProbe(ObjectNode probe) {
        Fill.positive(probe, "timeoutSeconds", 1);
        Fill.positive(probe, "periodSeconds", 10);
        Fill.positive(probe, "successThreshold", 1);
        Fill.positive(probe, "failureThreshold", 3);
        if (probe.path("httpGet") instanceof ObjectNode get) {
            ofHttpGet(get);
        }
        if (probe.path("grpc") instanceof ObjectNode grpc && Fill.absent(grpc, "service")) {
            grpc.put("service", "");
        }
    }

    private static void ofHttpGet(ObjectNode get) {
        Fill.text(get, "path", "/");
        Fill.text(get, "scheme", "HTTP");
    }

    /**
     * {@code Always} for images that may move: tag {@code latest} or none at all. The images {@code
     * host} and {@code file:…} of this runtime have no registry to pull from, hence no tag to look
     * at.
     */
    static String pullPolicy(String image) {
        if (image.equals("host") || image.startsWith("file:")) {
            return "IfNotPresent";
        }
        int digest = image.indexOf('@');
        String named = digest < 0 ? image : image.substring(0, digest);
        String last = named.substring(named.lastIndexOf('/') + 1);
        int colon = last.indexOf(':');
        String tag = colon < 0 ? (digest < 0 ? "latest" : "") : last.substring(colon + 1);
        return tag.equals("latest") ? "Always" : "IfNotPresent";
    }

    private static void ofVolume(ObjectNode volume) {
        if (volume.size() == 1 && volume.has("name")) {
            volume.putObject("emptyDir");
        }
        for (String source : List.of("configMap", "secret", "downwardAPI", "projected")) {
            if (volume.path(source) instanceof ObjectNode files) {
                Fill.number(files, "defaultMode", FILE_MODE);
            }
        }
        if (volume.path("hostPath") instanceof ObjectNode path && Fill.absent(path, "type")) {
            path.put("type", "");
        }
        fieldVersions(volume.path("downwardAPI"));
        for (ObjectNode source : Fill.items(volume.path("projected"), "sources")) {
            fieldVersions(source.path("downwardAPI"));
            if (source.path("serviceAccountToken") instanceof ObjectNode token) {
                Fill.number(token, "expirationSeconds", TOKEN_SECONDS);
            }
        }
    }

    private static void fieldVersions(JsonNode downward) {
        for (ObjectNode item : Fill.items(downward, "items")) {
            if (item.path("fieldRef") instanceof ObjectNode ref) {
                Fill.text(ref, "apiVersion", "v1");
            }
        }
    }

    private static void requestsFromLimits(ObjectNode container) {
        if (container.path("resources") instanceof ObjectNode resources
                && resources.path("limits") instanceof ObjectNode limits) {
            ObjectNode requests = Fill.object(resources, "requests");
            limits.properties()
                    .forEach(limit -> Fill.node(requests, limit.getKey(), limit.getValue()));
        }
    }
}
