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

/** Keeps one pod of a template on every node that it fits. */
final class DaemonSets implements Reconciler {
    private static final long LAG_MILLIS = 1_000;

    private final Floor floor;
    private final Freshness freshness;
    private final Adoption adoption;
    private final History history;
    private final DaemonPods pods;

    private DaemonSets(Floor floor) {
        this.floor = floor;
        this.freshness = new Freshness(floor.pods);
        this.adoption = new Adoption(floor.client, floor.pods);
        this.history = new History(floor, Resource.DAEMON_SETS, DaemonPods.HASH);
        this.pods = new DaemonPods(floor, freshness);
    }

    static Controller controller(Floor floor) {
        return floor.controller("daemonset", new DaemonSets(floor))
                .watches(floor.daemonSets)
                .watches(floor.pods, pod -> interested(floor, pod))
                .watches(
                        floor.nodes,
                        _ -> floor.daemonSets.list().stream().map(ApiObject::key).toList());
    }

    private static Collection<ObjectKey> interested(Floor floor, ApiObject pod) {
        if (pod.controller().isPresent()) {
            return Floor.managerKey(pod, Resource.DAEMON_SETS).stream().toList();
        }
        Map<String, String> labels = pod.labels();
        return floor.daemonSets.list(pod.namespace()).stream()
                .filter(set -> selector(set).matches(labels))
                .map(ApiObject::key)
                .toList();
    }

    private static LabelSelector selector(ApiObject set) {
        return new LabelSelector(set.at("/spec/selector"));
    }

    @Override
    public Result reconcile(ObjectKey key) {
        Optional<ApiObject> found = floor.daemonSets.get(key);
        if (found.isEmpty()) {
            pods.forget(key);
            return Result.DONE;
        }
        if (!freshness.caughtUp(key)) {
            return Result.after(LAG_MILLIS); // the event that is missing brings the key back sooner
        }
        ApiObject set = found.get();
        List<ApiObject> own = adoption.claim(set, selector(set), Resource.DAEMON_SETS);
        if (set.deleting()) {
            return Result.DONE;
        }
        List<ApiObject> known = history.of(set);
        String hash = history.hash(history.present(set, known));
        DaemonPass pass = new DaemonPass(floor, pods, set, hash, own);
        Result result = run(set, pass);
        history.prune(set, known, live(own, hash));
        return result;
    }

    /** What was done is written into status even when the rest was refused. */
    private Result run(ApiObject set, DaemonPass pass) {
        try {
            Result result = pass.run();
            StatusWriter.write(floor.client, Resource.DAEMON_SETS, set, pass.status());
            return result;
        } catch (ApiException e) {
            if (e.status().reason().equals("Forbidden")
                    && e.status().message().contains("being terminated")) {
                return Result.DONE; // the namespace goes away, and this set with it
            }
            StatusWriter.write(floor.client, Resource.DAEMON_SETS, set, pass.status());
            floor.recorder.warning(set, "FailedCreate", "Error: " + e.status().message());
            throw e;
        }
    }

    private static Set<String> live(List<ApiObject> pods, String hash) {
        Set<String> live = new HashSet<>(Set.of(hash));
        pods.forEach(pod -> live.add(pod.labels().getOrDefault(DaemonPods.HASH, "")));
        return live;
    }
}
