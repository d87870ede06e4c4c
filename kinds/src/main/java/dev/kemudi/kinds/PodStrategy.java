package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Status;
import dev.kemudi.api.Strategy;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Pods: defaults, what admission adds at creation, the little that may change later, and graceful
 * deletion.
 */
final class PodStrategy implements Strategy {
    private static final int TOLERATION_SECONDS = 300;

    @Override
    public void applyDefaults(ObjectNode pod) {
        ObjectNode spec = Fill.object(pod, "spec");
        PodDefaults.ofSpec(spec);
        PodDefaults.ofPod(spec);
    }

    /** The status a pod starts with, and what Kubernetes' default admission plugins add. */
    @Override
    public void prepareForCreate(ObjectNode pod) {
        ObjectNode spec = Fill.object(pod, "spec");
        Fill.text(spec, "serviceAccountName", "default");
        Fill.text(spec, "serviceAccount", spec.path("serviceAccountName").asText());
        Fill.number(spec, "priority", 0);
        Fill.text(spec, "preemptionPolicy", "PreemptLowerPriority");
        ArrayNode tolerations = Fill.array(spec, "tolerations");
        tolerate(tolerations, "node.kubernetes.io/not-ready");
        tolerate(tolerations, "node.kubernetes.io/unreachable");
        pod.putObject("status").put("phase", "Pending").put("qosClass", QosClass.of(spec));
    }

    private static void tolerate(ArrayNode tolerations, String taint) {
        for (JsonNode toleration : tolerations) {
            String key = toleration.path("key").asText("");
            String effect = toleration.path("effect").asText("");
            if ((key.equals(taint) || key.isEmpty())
                    && (effect.equals("NoExecute") || effect.isEmpty())) {
                return;
            }
        }
        tolerations
                .addObject()
                .put("key", taint)
                .put("operator", "Exists")
                .put("effect", "NoExecute")
                .put("tolerationSeconds", TOLERATION_SECONDS);
    }

    @Override
    public List<Status.Cause> validate(ApiObject pod, Optional<ApiObject> old) {
        Problems problems = new Problems();
        PodRules.spec(pod.at("/spec"), "spec", problems);
        if (old.isEmpty() && !pod.at("/spec/ephemeralContainers").isEmpty()) {
            problems.forbidden("spec.ephemeralContainers", "cannot be set on create");
        }
        old.ifPresent(before -> PodUpdateRules.check(pod, before, problems));
        return problems.causes();
    }

    @Override
    public Map<String, String> selectableFields(ApiObject pod) {
        Map<String, String> fields = new LinkedHashMap<>();
        fields.put("spec.nodeName", pod.text("/spec/nodeName"));
        fields.put("spec.restartPolicy", pod.text("/spec/restartPolicy"));
        fields.put("spec.schedulerName", pod.text("/spec/schedulerName"));
        fields.put("spec.serviceAccountName", pod.text("/spec/serviceAccountName"));
        fields.put("spec.hostNetwork", String.valueOf(pod.bool("/spec/hostNetwork")));
        fields.put("status.phase", pod.text("/status/phase"));
        fields.put("status.podIP", pod.text("/status/podIP"));
        fields.put("status.nominatedNodeName", pod.text("/status/nominatedNodeName"));
        return fields;
    }

    /**
     * A pod that no node has, or that has finished, leaves at once; otherwise its node gets time to
     * stop it.
     */
    @Override
    public OptionalLong gracePeriodSeconds(ApiObject pod) {
        String phase = pod.text("/status/phase");
        boolean finished = phase.equals("Succeeded") || phase.equals("Failed");
        if (pod.text("/spec/nodeName").isEmpty() || finished) {
            return OptionalLong.of(0);
        }
        long grace = pod.at("/spec/terminationGracePeriodSeconds").asLong(30);
        return OptionalLong.of(
                grace < 0 ? 1 : grace); // negative once meant "at once, but by the node"
    }
}
