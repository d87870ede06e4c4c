package dev.kemudi.workloads;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ObjectKey;
import dev.kemudi.api.Resource;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

/** Creating, deleting and letting go of a Job's pods. */
final class JobPods {
    static final String TRACKING = "batch.kubernetes.io/job-tracking";
    static final String INDEX = "batch.kubernetes.io/job-completion-index";
    private static final long FIRST_BACKOFF_SECONDS = 10;
    private static final long MOST_BACKOFF_SECONDS = 600;

    private final Floor floor;
    private final Freshness freshness;

    /** Pods let go whose finalizer the cache may still show, by Job. */
    private final Map<ObjectKey, Set<String>> released = new ConcurrentHashMap<>();

    JobPods(Floor floor, Freshness freshness) {
        this.floor = floor;
        this.freshness = freshness;
    }

    /** Whether {@link #release} was called for a pod that the cache still shows as held. */
    boolean released(ObjectKey key, ApiObject pod) {
        return released.getOrDefault(key, Set.of()).contains(pod.uid());
    }

    /** Remembers releases only as long as the cache shows the pod as held. */
    void seen(ObjectKey key, List<ApiObject> pods) {
        Set<String> held =
                pods.stream()
                        .filter(JobPods::tracked)
                        .map(ApiObject::uid)
                        .collect(Collectors.toSet());
        released.computeIfPresent(
                key,
                (_, uids) -> {
                    uids.retainAll(held);
                    return uids.isEmpty() ? null : uids;
                });
    }

    void forget(ObjectKey key) {
        released.remove(key);
    }

    static boolean tracked(ApiObject pod) {
        return pod.finalizers().contains(TRACKING);
    }

    static int index(ApiObject pod) {
        String text = pod.annotations().getOrDefault(INDEX, "");
        return text.matches("\\d{1,9}") ? Integer.parseInt(text) : -1;
    }

    static Comparator<ApiObject> newestFirst() {
        return Comparator.comparing((ApiObject p) -> p.text("/metadata/creationTimestamp"))
                .reversed();
    }

    /**
     * @param index -1 when the Job is not indexed
     */
    void create(ApiObject job, int index) {
        ApiObject wanted =
                Pods.fromTemplate(job)
                        .edit(tree -> {
                            ObjectNode metadata = tree.withObjectProperty("metadata");
                            metadata.withArrayProperty("finalizers").add(TRACKING);
                            if (index >= 0) {
                                metadata.put("generateName", job.name() + "-" + index + "-");
                                metadata.withObjectProperty("annotations")
                                        .put(INDEX, Integer.toString(index));
                                metadata.withObjectProperty("labels")
                                        .put(INDEX, Integer.toString(index));
                                number(tree.withObjectProperty("spec"), job, index);
                            }
                        });
        ApiObject pod = floor.client.create(Resource.PODS, wanted);
        freshness.wrote(job.key(), pod);
        floor.recorder.normal(job, "SuccessfulCreate", "Created pod: " + pod.name());
    }

    private static void number(ObjectNode spec, ApiObject job, int index) {
        if (!spec.has("hostname")) {
            spec.put("hostname", job.name() + "-" + index);
        }
        for (String containers : List.of("containers", "initContainers")) {
            for (JsonNode container : spec.path(containers)) {
                ((ObjectNode) container)
                        .withArrayProperty("env")
                        .addObject()
                        .put("name", "JOB_COMPLETION_INDEX")
                        .put("value", Integer.toString(index));
            }
        }
    }

    /** Deletes a pod that is not wanted any more, without counting it as failed. */
    void delete(ApiObject job, ApiObject pod) {
        release(job.key(), pod);
        floor.deletePod(freshness, job, pod, "Deleted pod: " + pod.name());
    }

    /** The pod is counted: it may go when it likes. */
    void release(ObjectKey key, ApiObject pod) {
        if (!tracked(pod) || released(key, pod)) {
            return;
        }
        try {
            floor.client.update(
                    Resource.PODS, pod.edit(tree -> Owners.removeFinalizer(tree, TRACKING)));
        } catch (ApiException e) {
            if (!e.notFound()) {
                throw e;
            }
        }
        released.computeIfAbsent(key, _ -> ConcurrentHashMap.newKeySet()).add(pod.uid());
    }

    /**
     * How long after its last failure a Job waits before the next attempt: 10 s doubling to 10 min.
     */
    long backoffMillis(List<ApiObject> pods) {
        Instant lastSuccess =
                pods.stream()
                        .filter(p -> Pods.phase(p).equals("Succeeded"))
                        .map(this::finishedAt)
                        .max(Comparator.naturalOrder())
                        .orElse(Instant.MIN);
        List<Instant> failures =
                pods.stream()
                        .filter(p -> Pods.phase(p).equals("Failed"))
                        .map(this::finishedAt)
                        .filter(at -> at.isAfter(lastSuccess))
                        .sorted()
                        .toList();
        if (failures.isEmpty()) {
            return 0;
        }
        long seconds =
                Math.min(
                        MOST_BACKOFF_SECONDS,
                        FIRST_BACKOFF_SECONDS << Math.min(failures.size() - 1, 10));
        return Math.max(
                0,
                failures.getLast().plusSeconds(seconds).toEpochMilli() - floor.time.epochMillis());
    }

    private Instant finishedAt(ApiObject pod) {
        Instant last = Instant.EPOCH;
        for (JsonNode status : pod.at("/status/containerStatuses")) {
            String at = status.at("/state/terminated/finishedAt").asText("");
            if (!at.isEmpty() && Instant.parse(at).isAfter(last)) {
                last = Instant.parse(at);
            }
        }
        return last.equals(Instant.EPOCH) ? pod.creationTimestamp().orElse(Instant.EPOCH) : last;
    }
}
