package dev.kemudi.workloads;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiClient;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.LabelSelector;
import dev.kemudi.api.OwnerReference;
import dev.kemudi.api.Resource;
import dev.kemudi.controller.Informer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Which objects a controlling owner manages: adopts matching ones that nobody manages, releases
 * those that left.
 */
final class Adoption {
    private final ApiClient client;
    private final Informer informer;

    Adoption(ApiClient client, Informer informer) {
        this.client = client;
        this.informer = informer;
    }

    /** The objects that {@code owner} manages now, after adopting and releasing. */
    List<ApiObject> claim(ApiObject owner, LabelSelector selector, Resource ownerResource) {
        return claim(owner, selector, ownerResource, _ -> true);
    }

    /**
     * @param eligible what must hold besides the selector
     */
    List<ApiObject> claim(
            ApiObject owner,
            LabelSelector selector,
            Resource ownerResource,
            Predicate<ApiObject> eligible) {
        List<ApiObject> claimed = new ArrayList<>();
        for (ApiObject object : informer.byIndex(Floor.OWNER, owner.uid())) {
            if (object.controller().filter(o -> o.uid().equals(owner.uid())).isEmpty()
                    || !object.namespace().equals(owner.namespace())) {
                continue;
            }
            if (selector.matches(object.labels()) && eligible.test(object)) {
                claimed.add(object);
            } else if (!owner.deleting()) {
                release(owner, object);
            }
        }
        if (owner.deleting() || selector.isEmpty()) {
            return claimed;
        }
        for (ApiObject object : informer.byIndex(Floor.UNMANAGED, owner.namespace())) {
            if (!object.deleting()
                    && selector.matches(object.labels())
                    && eligible.test(object)
                    && stillThere(owner, ownerResource)) {
                adopt(owner, object).ifPresent(claimed::add);
            }
        }
        return claimed;
    }

    /**
     * The cache may not know yet that the owner is going; adopting for a dying owner would kill
     * what it adopts.
     */
    private boolean stillThere(ApiObject owner, Resource resource) {
        return client.find(resource, owner.namespace(), owner.name())
                .filter(o -> o.uid().equals(owner.uid()) && !o.deleting())
                .isPresent();
    }

    private Optional<ApiObject> adopt(ApiObject owner, ApiObject object) {
        ApiObject adopted =
                object.edit(tree -> {
                    ObjectNode metadata = tree.withObjectProperty("metadata");
                    ArrayNode owners =
                            metadata.path("ownerReferences") instanceof ArrayNode array
                                    ? array
                                    : metadata.putArray("ownerReferences");
                    owners.add(OwnerReference.controllerOf(owner).toTree());
                });
        return write(adopted);
    }

    private void release(ApiObject owner, ApiObject object) {
        write(object.edit(tree -> Owners.remove(tree, o -> o.uid().equals(owner.uid()))));
    }

    private Optional<ApiObject> write(ApiObject object) {
        try {
            return Optional.of(client.update(informer.resource(), object));
        } catch (ApiException e) {
            if (e.notFound()) {
                return Optional.empty(); // gone meanwhile: nothing to claim
            }
            throw e;
        }
    }
}
