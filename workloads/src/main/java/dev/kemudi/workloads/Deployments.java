package dev.kemudi.workloads;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.LabelSelector;
import dev.kemudi.api.ObjectKey;
import dev.kemudi.api.Resource;
import dev.kemudi.controller.Controller;
import dev.kemudi.controller.Reconciler;
import dev.kemudi.controller.Result;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/*
 * How a rollout moves
 * -------------------
 * One ReplicaSet per template. Each pass looks at all of them, takes every step that maxSurge and
 * maxUnavailable allow right now (grow the newest, shrink the others), writes status, and is called again
 * when a ReplicaSet's counters change. No pass waits. A pass starts only when the cache shows what the pass
 * before wrote; counters of ReplicaSets may still lag behind their pods, which only delays a step, for they
 * are counted as unavailable until then.
 *
 * Source: Kubernetes' documented Deployment behaviour and kubectl's expectations of conditions and
 * annotations.
 */

/** Rolls Deployments from one template to the next. */
final class Deployments implements Reconciler {
    private static final long LAG_MILLIS = 1_000;

    private final Floor floor;
    private final Freshness freshness;
    private final Adoption adoption;
    private final Revisions revisions;

    private Deployments(Floor floor) {
        this.floor = floor;
        this.freshness = new Freshness(floor.replicaSets);
        this.adoption = new Adoption(floor.client, floor.replicaSets);
        this.revisions = new Revisions(floor, freshness);
    }

    static Controller controller(Floor floor) {
        return floor.controller("deployment", new Deployments(floor))
                .watches(floor.deployments)
                .watches(floor.replicaSets, replicaSet -> interested(floor, replicaSet))
                .watches(floor.pods, pod -> recreating(floor, pod));
    }

    private static Collection<ObjectKey> interested(Floor floor, ApiObject replicaSet) {
        if (replicaSet.controller().isPresent()) {
            return Floor.managerKey(replicaSet, Resource.DEPLOYMENTS).stream().toList();
        }
        Map<String, String> labels = replicaSet.labels();
        return floor.deployments.list(replicaSet.namespace()).stream()
                .filter(d -> selector(d).matches(labels))
                .map(ApiObject::key)
                .toList();
    }

    /** Only Recreate waits for the last old pod itself to be gone. */
    private static Collection<ObjectKey> recreating(Floor floor, ApiObject pod) {
        return Floor.managerKey(pod, Resource.REPLICA_SETS)
                .flatMap(floor.replicaSets::get)
                .flatMap(rs -> Floor.managerKey(rs, Resource.DEPLOYMENTS))
                .flatMap(floor.deployments::get)
                .filter(d -> d.text("/spec/strategy/type").equals("Recreate"))
                .map(ApiObject::key)
                .stream()
                .toList();
    }

    private static LabelSelector selector(ApiObject deployment) {
        return new LabelSelector(deployment.at("/spec/selector"));
    }

    @Override
    public Result reconcile(ObjectKey key) {
        Optional<ApiObject> found = floor.deployments.get(key);
        if (found.isEmpty()) {
            freshness.forget(key);
            return Result.DONE;
        }
        if (!freshness.caughtUp(key)) {
            return Result.after(LAG_MILLIS);
        }
        ApiObject deployment = found.get();
        List<ApiObject> owned =
                adoption.claim(deployment, selector(deployment), Resource.DEPLOYMENTS);
        Rollout rollout = Revisions.split(deployment, owned);
        if (deployment.deleting()) {
            return write(status(rollout));
        }
        if (deployment.bool("/spec/paused")) {
            rollout.resize().forEach(move -> scale(rollout, move));
            return write(status(rollout).paused(true));
        }
        if (rollout.resized() && !rollout.recreates()) {
            rollout.resize().forEach(move -> scale(rollout, move));
            return write(status(rollout).paused(false));
        }
        return rollout.recreates() ? recreate(rollout) : roll(rollout);
    }

    // ---- the two strategies
    // ----------------------------------------------------------------------------------------

    private Result roll(Rollout rollout) {
        Optional<ApiObject> newest = rollout.newest();
        if (newest.isEmpty()) {
            return createNewest(rollout);
        }
        ApiObject numbered = revisions.number(rollout, newest.get());
        Rollout current = new Rollout(rollout.deployment(), Optional.of(numbered), rollout.olds());
        int allowed = current.newestReplicas(numbered);
        if (allowed != Rollout.replicas(numbered)) {
            scale(current, new Rollout.Move(numbered, allowed));
        } else {
            current.shrinkOlds().forEach(move -> scale(current, move));
        }
        return finish(current, numbered);
    }

    private Result recreate(Rollout rollout) {
        boolean shrunk = false;
        for (ApiObject old : rollout.olds()) {
            if (Rollout.replicas(old) > 0) {
                scale(rollout, new Rollout.Move(old, 0));
                shrunk = true;
            }
        }
        if (shrunk || anyOldPod(rollout)) {
            return write(status(rollout).paused(false).progress());
        }
        if (rollout.newest().isEmpty()) {
            return createNewest(rollout);
        }
        ApiObject numbered = revisions.number(rollout, rollout.newest().get());
        Rollout current = new Rollout(rollout.deployment(), Optional.of(numbered), rollout.olds());
        if (Rollout.replicas(numbered) != rollout.wanted()) {
            scale(current, new Rollout.Move(numbered, rollout.wanted()));
        }
        return finish(current, numbered);
    }

    private boolean anyOldPod(Rollout rollout) {
        return rollout.olds().stream()
                .flatMap(rs -> floor.pods.byIndex(Floor.OWNER, rs.uid()).stream())
                .anyMatch(pod -> !Pods.finished(pod));
    }

    private Result createNewest(Rollout rollout) {
        Optional<ApiObject> created = revisions.create(rollout);
        if (created.isEmpty()) {
            return write(status(rollout).collided());
        }
        ApiObject newest = created.get();
        if (Rollout.replicas(newest) > 0) {
            announce(rollout, newest, 0, Rollout.replicas(newest));
        }
        Rollout current =
                new Rollout(number(rollout.deployment(), newest), created, rollout.olds());
        return write(status(current).newest(newest, true).paused(false));
    }

    private Result finish(Rollout rollout, ApiObject newest) {
        Rollout current =
                new Rollout(number(rollout.deployment(), newest), rollout.newest(), rollout.olds());
        DeploymentStatus status = status(current).newest(newest, false).paused(false).progress();
        if (status.complete()) {
            revisions.prune(current);
        }
        return write(status);
    }

    // ---- writing
    // ---------------------------------------------------------------------------------------------------

    /** The Deployment carries the newest revision's number; as stored. */
    private ApiObject number(ApiObject deployment, ApiObject newest) {
        return Revisions.outdatedRevision(deployment, newest)
                .map(revision ->
                        floor.client.update(
                                Resource.DEPLOYMENTS,
                                deployment.edit(tree ->
                                        tree.withObjectProperty("metadata")
                                                .withObjectProperty("annotations")
                                                .put(Revisions.REVISION, revision))))
                .orElse(deployment);
    }

    private void scale(Rollout rollout, Rollout.Move move) {
        int from = Rollout.replicas(move.replicaSet());
        ApiObject changed =
                move.replicaSet()
                        .edit(tree -> {
                            tree.withObjectProperty("spec").put("replicas", move.replicas());
                            ObjectNode annotations =
                                    tree.withObjectProperty("metadata")
                                            .withObjectProperty("annotations");
                            Revisions.sizes(rollout, annotations);
                        });
        if (changed.equals(move.replicaSet())) {
            return;
        }
        freshness.wrote(
                rollout.deployment().key(), floor.client.update(Resource.REPLICA_SETS, changed));
        if (from != move.replicas()) {
            announce(rollout, move.replicaSet(), from, move.replicas());
        }
    }

    private void announce(Rollout rollout, ApiObject replicaSet, int from, int to) {
        String direction = to > from ? "up" : "down";
        floor.recorder.normal(
                rollout.deployment(),
                "ScalingReplicaSet",
                "Scaled %s replica set %s from %d to %d"
                        .formatted(direction, replicaSet.name(), from, to));
    }

    private DeploymentStatus status(Rollout rollout) {
        return new DeploymentStatus(rollout, floor.time.now(), floor.timestamp());
    }

    private Result write(DeploymentStatus status) {
        StatusWriter.write(floor.client, Resource.DEPLOYMENTS, status.deployment(), status.tree());
        return status.millisToDeadline()
                .map(millis -> Result.after(Math.max(millis, 0) + 1_000))
                .orElse(Result.DONE);
    }
}
