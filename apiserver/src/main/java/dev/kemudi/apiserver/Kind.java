package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.admission.ObjectConversion;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Resource;
import dev.kemudi.api.ResourceDefinition;
import dev.kemudi.api.StoredForm;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * One served version of a resource.
 *
 * @param storageVersion the {@code apiVersion} objects are stored under; versions differ only in
 *     their names, unless the strategy has a form of its own
 * @param custom whether a CustomResourceDefinition made it
 * @param conversion between the versions, when they differ in more than their names
 */
record Kind(
        ResourceDefinition definition,
        Rules rules,
        WatchCache cache,
        String listKind,
        String storageVersion,
        boolean custom,
        Optional<ObjectConversion> conversion) {

    Resource resource() {
        return definition.resource();
    }

    /** What the objects lie as in the store. */
    Resource stored() {
        return definition.strategy().storedForm().map(StoredForm::resource).orElse(resource());
    }

    String keyPrefix() {
        return keyPrefix(stored());
    }

    static String keyPrefix(Resource resource) {
        String group = resource.group().isEmpty() ? "core" : resource.group();
        return "/registry/" + group + "/" + resource.plural() + "/";
    }

    /** The key relative to the collection. */
    String relativeKey(String namespace, String name) {
        return resource().namespaced() ? namespace + "/" + name : name;
    }

    String key(String namespace, String name) {
        return keyPrefix() + relativeKey(namespace, name);
    }

    /** {@code object} under this version's name: the shared tree itself when it is stored so. */
    ApiObject view(ApiObject object) {
        if (conversion.isPresent()) {
            return views(List.of(object)).getFirst();
        }
        String wanted = resource().apiVersion();
        // an object that was stored before the storage version changed still bears the old one
        boolean stored = !custom && storageVersion.equals(wanted);
        if (stored || object.apiVersion().equals(wanted)) {
            return object;
        }
        ObjectNode tree = object.tree().objectNode();
        tree.setAll(object.tree());
        ObjectNode shown =
                definition
                        .strategy()
                        .storedForm()
                        .map(form -> form.fromStored().apply(tree))
                        .orElse(tree);
        shown.put("apiVersion", wanted);
        return ApiObject.of(shown);
    }

    /** {@code tree}, which is of this version and the caller's own, as it is stored. */
    ObjectNode stored(ObjectNode tree) {
        if (conversion.isPresent()) {
            return conversion
                    .get()
                    .convert(List.of(ApiObject.of(tree)), storageVersion)
                    .getFirst()
                    .tree();
        }
        ObjectNode stored =
                definition
                        .strategy()
                        .storedForm()
                        .map(form -> form.toStored().apply(tree))
                        .orElse(tree);
        return stored.put("apiVersion", storageVersion);
    }

    /** As {@link #view}, of many at once: a webhook is called once for all of them. */
    List<ApiObject> views(List<ApiObject> objects) {
        if (conversion.isEmpty()) {
            return objects.stream().map(this::view).toList();
        }
        return conversion.get().convert(objects, resource().apiVersion()).stream()
                .map(this::fitted)
                .toList();
    }

    /** What a webhook made, now or when it was stored, as this version's schema has it. */
    private ApiObject fitted(ApiObject object) {
        ObjectNode tree = rules.pruned(object.tree());
        rules.applyDefaults(tree);
        return ApiObject.of(tree);
    }

    WatchFilter filter(String namespace, String labelSelector, String fieldSelector) {
        Predicate<ApiObject> labels = Selectors.labels(labelSelector);
        Set<String> selectable =
                Selectors.everything(fieldSelector)
                        ? Set.of()
                        : definition
                                .strategy()
                                .selectableFields(ApiObject.named(resource(), "", ""))
                                .keySet();
        Predicate<ApiObject> fields =
                Selectors.fields(fieldSelector, selectable, definition.strategy());
        String prefix = resource().namespaced() && !namespace.isEmpty() ? namespace + "/" : "";
        boolean all = Selectors.everything(labelSelector) && Selectors.everything(fieldSelector);
        return new WatchFilter(prefix, all ? object -> true : labels.and(fields));
    }
}
