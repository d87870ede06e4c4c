package dev.kemudi.workloads;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.DeleteOptions;
import dev.kemudi.api.ObjectKey;
import dev.kemudi.api.OwnerReference;
import dev.kemudi.api.Resource;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The history of one Deployment's templates: one ReplicaSet per template, numbered by annotations
 * that {@code kubectl rollout history} and {@code undo} read.
 */
final class Revisions {
    static final String REVISION = "deployment.kubernetes.io/revision";
    private static final String HISTORY = "deployment.kubernetes.io/revision-history";
    private static final String HASH = "pod-template-hash";

    /** Annotations of a Deployment that are not its ReplicaSets' business. */
    private static final Set<String> OWN =
            Set.of(
                    "kubectl.kubernetes.io/last-applied-configuration",
                    REVISION,
                    HISTORY,
                    Rollout.DESIRED,
                    Rollout.MOST,
                    "deprecated.deployment.rollback.to");

    private final Floor floor;
    private final Freshness freshness;

    Revisions(Floor floor, Freshness freshness) {
        this.floor = floor;
        this.freshness = freshness;
    }

    static Rollout split(ApiObject deployment, List<ApiObject> replicaSets) {
        String template = templateText(deployment);
        List<ApiObject> sorted = replicaSets.stream().sorted(Rollout.BY_AGE).toList();
        Optional<ApiObject> newest =
                sorted.stream().filter(rs -> templateText(rs).equals(template)).findFirst();
        List<ApiObject> olds =
                sorted.stream().filter(rs -> newest.isEmpty() || rs != newest.get()).toList();
        return new Rollout(deployment, newest, olds);
    }

    private static String templateText(ApiObject owner) {
        return Canonical.text(template(owner));
    }

    /** The template without the label by which controllers tell ReplicaSets apart. */
    private static ObjectNode template(ApiObject owner) {
        ObjectNode template =
                owner.at("/spec/template") instanceof ObjectNode tree
                        ? tree.deepCopy()
                        : JsonNodeFactory.instance.objectNode();
        if (template.path("metadata").path("labels") instanceof ObjectNode labels) {
            labels.remove(HASH);
        }
        if (template.path("metadata") instanceof ObjectNode metadata) {
            metadata.remove("creationTimestamp");
        }
        return template;
    }

    static long revision(ApiObject object) {
        String text = object.annotations().getOrDefault(REVISION, "0");
        return text.matches("\\d{1,18}") ? Long.parseLong(text) : 0;
    }

    /** The number that the newest ReplicaSet must carry: above all others. */
    private static long nextRevision(Rollout rollout) {
        return rollout.olds().stream().mapToLong(Revisions::revision).max().orElse(0) + 1;
    }

    /** Brings annotations of the newest ReplicaSet and the Deployment's revision up to date. */
    ApiObject number(Rollout rollout, ApiObject newest) {
        long wanted = Math.max(nextRevision(rollout), revision(newest));
        ApiObject numbered =
                newest.edit(tree -> {
                    ObjectNode annotations =
                            tree.withObjectProperty("metadata").withObjectProperty("annotations");
                    annotate(rollout, annotations, wanted, revision(newest));
                    tree.withObjectProperty("spec")
                            .put(
                                    "minReadySeconds",
                                    rollout.deployment().integer("/spec/minReadySeconds", 0));
                });
        boolean sameReadiness =
                newest.integer("/spec/minReadySeconds", 0)
                        == numbered.integer("/spec/minReadySeconds", 0);
        ApiObject stored = newest;
        if (!numbered.annotations().equals(newest.annotations()) || !sameReadiness) {
            stored = floor.client.update(Resource.REPLICA_SETS, numbered);
            freshness.wrote(rollout.deployment().key(), stored);
        }
        return stored;
    }

    private static void annotate(
            Rollout rollout, ObjectNode annotations, long wanted, long before) {
        rollout.deployment()
                .annotations()
                .forEach((name, value) -> {
                    if (!OWN.contains(name)) {
                        annotations.put(name, value);
                    }
                });
        if (before != wanted && before != 0) {
            String history = annotations.path(HISTORY).asText("");
            annotations.put(
                    HISTORY, history.isEmpty() ? Long.toString(before) : history + "," + before);
        }
        annotations.put(REVISION, Long.toString(wanted));
        sizes(rollout, annotations);
    }

    static void sizes(Rollout rollout, ObjectNode annotations) {
        annotations.put(Rollout.DESIRED, Integer.toString(rollout.wanted()));
        annotations.put(Rollout.MOST, Integer.toString(rollout.wanted() + rollout.maxSurge()));
    }

    /**
     * Creates the ReplicaSet of the present template; empty when its name was taken and the hash
     * must change.
     */
    Optional<ApiObject> create(Rollout rollout) {
        ApiObject deployment = rollout.deployment();
        ObjectNode template = template(deployment);
        String hash = Canonical.hash(template, deployment.integer("/status/collisionCount", 0));
        String name = deployment.name() + "-" + hash;
        template.withObjectProperty("metadata").withObjectProperty("labels").put(HASH, hash);
        ApiObject wanted =
                ApiObject.named(Resource.REPLICA_SETS, deployment.namespace(), name)
                        .edit(tree -> {
                            ObjectNode metadata = tree.withObjectProperty("metadata");
                            metadata.set("labels", template.at("/metadata/labels").deepCopy());
                            annotate(
                                    rollout,
                                    metadata.putObject("annotations"),
                                    nextRevision(rollout),
                                    0);
                            metadata.putArray("ownerReferences")
                                    .add(OwnerReference.controllerOf(deployment).toTree());
                            ObjectNode spec = tree.putObject("spec");
                            spec.put("replicas", rollout.firstReplicas());
                            spec.put(
                                    "minReadySeconds",
                                    deployment.integer("/spec/minReadySeconds", 0));
                            spec.set("selector", deployment.at("/spec/selector").deepCopy());
                            spec.withObjectProperty("selector")
                                    .withObjectProperty("matchLabels")
                                    .put(HASH, hash);
                            spec.set("template", template);
                        });
        try {
            ApiObject stored = floor.client.create(Resource.REPLICA_SETS, wanted);
            freshness.wrote(deployment.key(), stored);
            return Optional.of(stored);
        } catch (ApiException e) {
            if (e.alreadyExists()) {
                return ours(deployment, new ObjectKey(deployment.namespace(), name), template);
            }
            throw e;
        }
    }

    /** A ReplicaSet of that name may be our own, not yet seen in the cache. */
    private Optional<ApiObject> ours(ApiObject deployment, ObjectKey key, ObjectNode template) {
        return floor.client
                .find(Resource.REPLICA_SETS, key.namespace(), key.name())
                .filter(rs ->
                        rs.controller().filter(o -> o.uid().equals(deployment.uid())).isPresent())
                .filter(rs -> Canonical.same(rs.at("/spec/template"), template));
    }

    /** Deletes the oldest empty ReplicaSets beyond the history limit. */
    void prune(Rollout rollout) {
        int limit = rollout.deployment().integer("/spec/revisionHistoryLimit", 10);
        List<ApiObject> idle = rollout.olds().stream().filter(rs -> !rs.deleting()).toList();
        int surplus = idle.size() - limit;
        if (surplus <= 0) {
            return;
        }
        idle.stream()
                .sorted(Comparator.comparingLong(Revisions::revision))
                .limit(surplus)
                .filter(rs ->
                        rs.integer("/status/replicas", 0) == 0
                                && Rollout.replicas(rs) == 0
                                && rs.at("/status/observedGeneration").asLong() >= rs.generation())
                .forEach(this::delete);
    }

    private void delete(ApiObject replicaSet) {
        try {
            floor.client.delete(
                    Resource.REPLICA_SETS,
                    replicaSet.namespace(),
                    replicaSet.name(),
                    DeleteOptions.ofUid(replicaSet.uid()));
        } catch (ApiException e) {
            if (!e.notFound()) {
                throw e;
            }
        }
    }

    /** What the Deployment's own annotation must say; empty when it says so. */
    static Optional<String> outdatedRevision(ApiObject deployment, ApiObject newest) {
        Map<String, String> annotations = deployment.annotations();
        String revision = newest.annotations().getOrDefault(REVISION, "");
        return revision.equals(annotations.get(REVISION))
                ? Optional.empty()
                : Optional.of(revision);
    }
}
