package dev.kemudi.apiserver;

import dev.kemudi.api.ApiException;
import dev.kemudi.api.Resource;
import dev.kemudi.api.Status;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The kinds that are served now: an immutable table, swapped whole. Safe for use by many threads.
 */
final class Registry {
    private record Address(String group, String version, String plural) {}

    private volatile Map<Address, Kind> kinds = Map.of();

    Optional<Kind> find(String group, String version, String plural) {
        return Optional.ofNullable(kinds.get(new Address(group, version, plural)));
    }

    /**
     * @throws ApiException 404 when it is not served
     */
    Kind get(Resource resource) {
        return find(resource.group(), resource.version(), resource.plural())
                .orElseThrow(() ->
                        new ApiException(
                                Status.of(
                                        404,
                                        "NotFound",
                                        "the server could not find the requested resource")));
    }

    /** In the order of registration. */
    Collection<Kind> all() {
        return kinds.values();
    }

    /** Whether somebody serves this plural under any version. */
    Optional<Kind> any(String group, String plural) {
        return all().stream()
                .filter(k ->
                        k.resource().group().equals(group) && k.resource().plural().equals(plural))
                .findFirst();
    }

    synchronized void put(List<Kind> added) {
        kinds = with(new LinkedHashMap<>(kinds), added);
    }

    /** Replaces every version of one plural. */
    synchronized void replace(String group, String plural, List<Kind> served) {
        Map<Address, Kind> next = new LinkedHashMap<>(kinds);
        next.keySet().removeIf(a -> a.group().equals(group) && a.plural().equals(plural));
        kinds = with(next, served);
    }

    private static Map<Address, Kind> with(Map<Address, Kind> next, List<Kind> more) {
        more.forEach(k ->
                next.put(
                        new Address(
                                k.resource().group(),
                                k.resource().version(),
                                k.resource().plural()),
                        k));
        return java.util.Collections.unmodifiableMap(next);
    }
}
