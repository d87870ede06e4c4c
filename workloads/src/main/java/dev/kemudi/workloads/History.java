package dev.kemudi.workloads;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.DeleteOptions;
import dev.kemudi.api.LabelSelector;
import dev.kemudi.api.OwnerReference;
import dev.kemudi.api.Resource;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The pod templates that a StatefulSet or a DaemonSet has had, as ControllerRevisions: what {@code
 * kubectl rollout history} lists and {@code undo} applies as a patch.
 */
final class History {
    private static final String PATCH = "$patch";
    private static final String NUMBER = "revision";

    private final Floor floor;
    private final Resource ownerKind;
    private final String hashLabel;
    private final Adoption adoption;

    /**
     * @param hashLabel under which a revision carries the hash of its template
     */
    History(Floor floor, Resource ownerKind, String hashLabel) {
        this.floor = floor;
        this.ownerKind = ownerKind;
        this.hashLabel = hashLabel;
        this.adoption = new Adoption(floor.client, floor.controllerRevisions);
    }

    /** All revisions of {@code owner}, the newest last. */
    List<ApiObject> of(ApiObject owner) {
        LabelSelector selector = new LabelSelector(owner.at("/spec/selector"));
        return adoption.claim(owner, selector, ownerKind).stream()
                .sorted(Comparator.comparingLong(History::number).thenComparing(ApiObject::name))
                .toList();
    }

    static long number(ApiObject revision) {
        return revision.at("/" + NUMBER).asLong();
    }

    String hash(ApiObject revision) {
        return revision.labels().getOrDefault(hashLabel, "");
    }

    /** The pod template that a revision stands for. */
    static JsonNode template(ApiObject revision) {
        JsonNode template = revision.at("/data/spec/template").deepCopy();
        if (template instanceof ObjectNode tree) {
            tree.remove(PATCH);
        }
        return template;
    }

    /** {@code owner} as it was with the template of {@code revision}. */
    static ApiObject at(ApiObject owner, ApiObject revision) {
        return owner.edit(
                tree -> tree.withObjectProperty("spec").set("template", template(revision)));
    }

    /**
     * The revision of the present template: made when it is new, made the newest again when the
     * owner was rolled back to it.
     */
    ApiObject present(ApiObject owner, List<ApiObject> known) {
        JsonNode template = owner.at("/spec/template");
        long next = known.isEmpty() ? 1 : number(known.getLast()) + 1;
        Optional<ApiObject> same =
                known.reversed().stream()
                        .filter(r -> Canonical.same(template(r), template))
                        .findFirst();
        if (same.isEmpty()) {
            return create(owner, next);
        }
        return same.get() == known.getLast()
                ? same.get()
                : floor.client.update(
                        Resource.CONTROLLER_REVISIONS, same.get().edit(r -> r.put(NUMBER, next)));
    }

    /** The name is the template's hash; another salt when somebody else has that name. */
    private ApiObject create(ApiObject owner, long number) {
        for (int salt = owner.integer("/status/collisionCount", 0); ; salt++) {
            ApiObject wanted = revision(owner, number, salt);
            try {
                return floor.client.create(Resource.CONTROLLER_REVISIONS, wanted);
            } catch (ApiException e) {
                if (!e.alreadyExists()) {
                    throw e;
                }
                Optional<ApiObject> ours =
                        floor.client
                                .find(
                                        Resource.CONTROLLER_REVISIONS,
                                        owner.namespace(),
                                        wanted.name())
                                .filter(r -> Canonical.same(r.at("/data"), wanted.at("/data")))
                                .filter(r -> r.ownerReferences().equals(wanted.ownerReferences()));
                if (ours.isPresent()) {
                    return ours.get(); // made by the pass before, not yet in the cache
                }
            }
        }
    }

    private ApiObject revision(ApiObject owner, long number, int salt) {
        ObjectNode template =
                owner.at("/spec/template") instanceof ObjectNode tree
                        ? tree.deepCopy()
                        : JsonNodeFactory.instance.objectNode();
        String hash = Canonical.hash(template, salt);
        template.put(PATCH, "replace");
        return ApiObject.named(
                        Resource.CONTROLLER_REVISIONS, owner.namespace(), owner.name() + "-" + hash)
                .edit(tree -> {
                    ObjectNode metadata = tree.withObjectProperty("metadata");
                    ObjectNode labels = metadata.putObject("labels");
                    owner.textMap("/spec/template/metadata/labels").forEach(labels::put);
                    labels.put(hashLabel, hash);
                    ObjectNode annotations = metadata.putObject("annotations");
                    owner.annotations().forEach(annotations::put);
                    metadata.putArray("ownerReferences")
                            .add(OwnerReference.controllerOf(owner).toTree());
                    tree.putObject("data").putObject("spec").set("template", template);
                    tree.put(NUMBER, number);
                });
    }

    /**
     * Deletes the oldest revisions beyond the owner's limit.
     *
     * @param live names or hashes of revisions that pods still have
     */
    void prune(ApiObject owner, List<ApiObject> known, Set<String> live) {
        List<ApiObject> idle =
                known.stream()
                        .filter(r -> !live.contains(r.name()) && !live.contains(hash(r)))
                        .toList();
        int surplus = idle.size() - owner.integer("/spec/revisionHistoryLimit", 10);
        idle.stream().limit(Math.max(0, surplus)).forEach(this::delete);
    }

    private void delete(ApiObject revision) {
        try {
            floor.client.delete(
                    Resource.CONTROLLER_REVISIONS,
                    revision.namespace(),
                    revision.name(),
                    DeleteOptions.ofUid(revision.uid()));
        } catch (ApiException e) {
            if (!e.notFound()) {
                throw e;
            }
        }
    }
}
