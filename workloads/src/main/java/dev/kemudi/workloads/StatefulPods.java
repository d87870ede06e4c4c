package dev.kemudi.workloads;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Resource;

/** Pods with names that stay: how they are called, made and deleted. */
final class StatefulPods {
    static final String REVISION = "controller-revision-hash";
    private static final String POD_NAME = "statefulset.kubernetes.io/pod-name";
    private static final String POD_INDEX = "apps.kubernetes.io/pod-index";

    private final Floor floor;
    private final Freshness freshness;

    StatefulPods(Floor floor, Freshness freshness) {
        this.floor = floor;
        this.freshness = freshness;
    }

    static String name(ApiObject set, int ordinal) {
        return set.name() + "-" + ordinal;
    }

    /**
     * The number at the end of a pod's name; -1 when it is not called like a pod of {@code set}.
     */
    static int ordinal(ApiObject set, ApiObject pod) {
        String prefix = set.name() + "-";
        if (!pod.name().startsWith(prefix)) {
            return -1;
        }
        String number = pod.name().substring(prefix.length());
        return number.matches("0|[1-9]\\d{0,8}") ? Integer.parseInt(number) : -1;
    }

    static String revision(ApiObject pod) {
        return pod.labels().getOrDefault(REVISION, "");
    }

    static boolean runningAndReady(ApiObject pod) {
        return Pods.phase(pod).equals("Running") && Pods.ready(pod);
    }

    static boolean healthy(ApiObject pod) {
        return runningAndReady(pod) && !pod.deleting();
    }

    /**
     * @param revision whose template the pod gets
     */
    void create(ApiObject set, ApiObject revision, int ordinal) {
        String name = name(set, ordinal);
        ApiObject wanted =
                Pods.fromTemplate(History.at(set, revision))
                        .edit(tree -> {
                            ObjectNode metadata = tree.withObjectProperty("metadata");
                            metadata.remove("generateName");
                            metadata.put("name", name);
                            metadata.withObjectProperty("labels")
                                    .put(REVISION, revision.name())
                                    .put(POD_NAME, name)
                                    .put(POD_INDEX, Integer.toString(ordinal));
                            ObjectNode spec = tree.withObjectProperty("spec");
                            spec.put("hostname", name);
                            if (!set.text("/spec/serviceName").isEmpty()) {
                                spec.put("subdomain", set.text("/spec/serviceName"));
                            }
                            Claims.mount(set, name, spec);
                        });
        freshness.wrote(set.key(), floor.client.create(Resource.PODS, wanted));
        floor.recorder.normal(
                set,
                "SuccessfulCreate",
                "create Pod %s in StatefulSet %s successful".formatted(name, set.name()));
    }

    void delete(ApiObject set, ApiObject pod) {
        floor.deletePod(
                freshness,
                set,
                pod,
                "delete Pod %s in StatefulSet %s successful".formatted(pod.name(), set.name()));
    }
}
