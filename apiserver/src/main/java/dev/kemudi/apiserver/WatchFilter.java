package dev.kemudi.apiserver;

import dev.kemudi.api.ApiObject;
import java.util.function.Predicate;

/**
 * Which objects a list or watch is about.
 *
 * @param prefix of the key relative to the collection: {@code namespace/}, or empty for all
 * @param selector labels and fields
 */
record WatchFilter(String prefix, Predicate<ApiObject> selector) {
    boolean test(String key, ApiObject object) {
        return key.startsWith(prefix) && selector.test(object);
    }
}
