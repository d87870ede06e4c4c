package dev.kemudi.workloads;

import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.LabelSelector;
import dev.kemudi.api.ObjectKey;
import dev.kemudi.api.Resource;
import dev.kemudi.controller.Controller;
import dev.kemudi.controller.Reconciler;
import dev.kemudi.controller.Result;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Keeps pods with names and storage of their own, in order. */
final class StatefulSets implements Reconciler {
    private static final long LAG_MILLIS = 1_000;

    private final Floor floor;
    private final Freshness freshness;
    private final Adoption adoption;
    private final History history;
    private final StatefulPods pods;
    private final Claims claims;

    private StatefulSets(Floor floor, Monitors monitors) {
        this.floor = floor;
        this.freshness = new Freshness(floor.pods);
        this.adoption = new Adoption(floor.client, floor.pods);
        this.history = new History(floor, Resource.STATEFUL_SETS, "controller.kubernetes.io/hash");
        this.pods = new StatefulPods(floor, freshness);
        this.claims = new Claims(floor, monitors);
    }

    static Controller controller(Floor floor, Monitors monitors) {
        return floor.controller("statefulset", new StatefulSets(floor, monitors))
                .watches(floor.statefulSets)
                .watches(floor.pods, pod -> interested(floor, pod));
    }

    private static Collection<ObjectKey> interested(Floor floor, ApiObject pod) {
        if (pod.controller().isPresent()) {
            return Floor.managerKey(pod, Resource.STATEFUL_SETS).stream().toList();
        }
        Map<String, String> labels = pod.labels();
        return floor.statefulSets.list(pod.namespace()).stream()
                .filter(set -> StatefulPods.ordinal(set, pod) >= 0)
                .filter(set -> selector(set).matches(labels))
                .map(ApiObject::key)
                .toList();
    }

    private static LabelSelector selector(ApiObject set) {
        return new LabelSelector(set.at("/spec/selector"));
    }

    @Override
    public Result reconcile(ObjectKey key) {
        Optional<ApiObject> found = floor.statefulSets.get(key);
        if (found.isEmpty()) {
            freshness.forget(key);
            return Result.DONE;
        }
        if (!freshness.caughtUp(key)) {
            return Result.after(LAG_MILLIS); // the event that is missing brings the key back sooner
        }
        ApiObject set = found.get();
        List<ApiObject> own =
                adoption.claim(
                        set,
                        selector(set),
                        Resource.STATEFUL_SETS,
                        pod -> StatefulPods.ordinal(set, pod) >= 0);
        List<ApiObject> known = history.of(set);
        if (set.deleting() && known.isEmpty()) {
            return Result.DONE;
        }
        ApiObject update = set.deleting() ? known.getLast() : history.present(set, known);
        String currentName = set.text("/status/currentRevision");
        ApiObject current =
                known.stream().filter(r -> r.name().equals(currentName)).findFirst().orElse(update);
        StatefulPass pass = new StatefulPass(floor, pods, claims, set, own, current, update);
        Result result = run(set, pass);
        if (!set.deleting()) {
            history.prune(set, known, live(own, current, update));
        }
        return result;
    }

    /** What was done is written into status even when the rest was refused. */
    private Result run(ApiObject set, StatefulPass pass) {
        try {
            Result result = set.deleting() ? Result.DONE : pass.run();
            StatefulStatus.write(floor, pass);
            return result;
        } catch (ApiException e) {
            StatefulStatus.write(floor, pass);
            if (e.status().reason().equals("Forbidden")
                    && e.status().message().contains("being terminated")) {
                return Result.DONE; // the namespace goes away, and this set with it
            }
            if (!e.conflict() && !e.alreadyExists()) {
                floor.recorder.warning(
                        set,
                        "FailedCreate",
                        "create Pod in StatefulSet %s failed error: %s"
                                .formatted(set.name(), e.status().message()));
            }
            throw e;
        }
    }

    private static Set<String> live(List<ApiObject> pods, ApiObject current, ApiObject update) {
        Set<String> live =
                pods.stream()
                        .map(StatefulPods::revision)
                        .collect(Collectors.toCollection(HashSet::new));
        live.add(current.name());
        live.add(update.name());
        return live;
    }
}
