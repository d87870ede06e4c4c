package dev.kemudi.workloads;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ObjectKey;
import dev.kemudi.api.Resource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Pods that are meant for one node: how they are made, recognised and deleted. */
final class DaemonPods {
    static final String HASH = "controller-revision-hash";
    private static final String GENERATION = "pod-template-generation";
    private static final String TEMPLATE_GENERATION = "deprecated.daemonset.template.generation";
    private static final String REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution";

    /** A daemon stays where other pods must leave or may not come. */
    private static final Map<String, String> BORNE =
            Map.of(
                    "node.kubernetes.io/not-ready", "NoExecute",
                    "node.kubernetes.io/unreachable", "NoExecute",
                    "node.kubernetes.io/disk-pressure", "NoSchedule",
                    "node.kubernetes.io/memory-pressure", "NoSchedule",
                    "node.kubernetes.io/pid-pressure", "NoSchedule",
                    "node.kubernetes.io/unschedulable", "NoSchedule");

    private static final String NETWORK = "node.kubernetes.io/network-unavailable";
    private static final long FIRST_BACKOFF_MILLIS = 1_000;
    private static final long MOST_BACKOFF_MILLIS = 900_000;

    /** How often in a row a set's pod has failed on a node, and until when to leave it. */
    private record Failures(int count, long untilMillis) {}

    private final Floor floor;
    private final Freshness freshness;
    private final Map<ObjectKey, Map<String, Failures>> failures = new ConcurrentHashMap<>();

    DaemonPods(Floor floor, Freshness freshness) {
        this.floor = floor;
        this.freshness = freshness;
    }

    void forget(ObjectKey set) {
        freshness.forget(set);
        failures.remove(set);
    }

    /** The node that a pod has or is meant for; empty when it may go anywhere. */
    static String node(ApiObject pod) {
        String bound = pod.text("/spec/nodeName");
        if (!bound.isEmpty()) {
            return bound;
        }
        for (JsonNode term :
                pod.at("/spec/affinity/nodeAffinity/" + REQUIRED + "/nodeSelectorTerms")) {
            for (JsonNode field : term.path("matchFields")) {
                if (field.path("key").asText().equals("metadata.name")) {
                    return field.path("values").path(0).asText("");
                }
            }
        }
        return "";
    }

    /** The set's pod spec as it will be on a node. */
    static ObjectNode spec(ApiObject set) {
        ObjectNode spec =
                set.at("/spec/template/spec") instanceof ObjectNode tree
                        ? tree.deepCopy()
                        : set.tree().objectNode();
        ArrayNode tolerations = spec.withArrayProperty("tolerations");
        BORNE.forEach((key, effect) -> bear(tolerations, key, effect));
        if (spec.path("hostNetwork").asBoolean()) {
            bear(tolerations, NETWORK, "NoSchedule");
        }
        return spec;
    }

    private static void bear(ArrayNode tolerations, String key, String effect) {
        ObjectNode wanted =
                tolerations
                        .objectNode()
                        .put("key", key)
                        .put("operator", "Exists")
                        .put("effect", effect);
        for (JsonNode toleration : tolerations) {
            if (toleration.equals(wanted)) {
                return;
            }
        }
        tolerations.add(wanted);
    }

    void create(ApiObject set, String hash, String node) {
        ApiObject wanted =
                Pods.fromTemplate(set)
                        .edit(tree -> {
                            ObjectNode spec = spec(set);
                            ObjectNode affinity =
                                    spec.withObjectProperty("affinity")
                                            .withObjectProperty("nodeAffinity");
                            ArrayNode terms =
                                    affinity.withObjectProperty(REQUIRED)
                                            .putArray("nodeSelectorTerms");
                            terms.addObject()
                                    .putArray("matchFields")
                                    .addObject()
                                    .put("key", "metadata.name")
                                    .put("operator", "In")
                                    .putArray("values")
                                    .add(node);
                            tree.set("spec", spec);
                            tree.withObjectProperty("metadata")
                                    .withObjectProperty("labels")
                                    .put(HASH, hash)
                                    .put(
                                            GENERATION,
                                            set.annotations()
                                                    .getOrDefault(TEMPLATE_GENERATION, "1"));
                        });
        ApiObject pod = floor.client.create(Resource.PODS, wanted);
        freshness.wrote(set.key(), pod);
        floor.recorder.normal(set, "SuccessfulCreate", "Created pod: " + pod.name());
    }

    void delete(ApiObject set, ApiObject pod) {
        floor.deletePod(freshness, set, pod, "Deleted pod: " + pod.name());
    }

    /**
     * Deletes a pod that failed, or says how many milliseconds to leave it: a node that refuses a
     * pod would otherwise be asked without end.
     */
    long deleteFailed(ApiObject set, ApiObject pod, String node) {
        Map<String, Failures> ofSet =
                failures.computeIfAbsent(set.key(), _ -> new ConcurrentHashMap<>());
        ofSet.keySet().retainAll(floor.nodes.list().stream().map(ApiObject::name).toList());
        long now = floor.time.epochMillis();
        Failures before = ofSet.getOrDefault(node, new Failures(0, 0));
        if (before.untilMillis > now) {
            return before.untilMillis - now;
        }
        boolean longAgo = now > before.untilMillis + 2 * MOST_BACKOFF_MILLIS;
        int count = longAgo ? 0 : before.count;
        long pause = Math.min(MOST_BACKOFF_MILLIS, FIRST_BACKOFF_MILLIS << Math.min(count, 20));
        ofSet.put(node, new Failures(count + 1, now + pause));
        floor.recorder.warning(
                set,
                "FailedDaemonPod",
                "Found failed daemon pod %s/%s on node %s, will try to kill it"
                        .formatted(pod.namespace(), pod.name(), node));
        delete(set, pod);
        return 0;
    }

    static boolean updated(ApiObject pod, String hash) {
        return hash.equals(pod.labels().get(HASH));
    }

    static List<ApiObject> living(List<ApiObject> pods) {
        return pods.stream().filter(p -> !p.deleting()).toList();
    }
}
