package dev.kemudi.apiserver;

import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ListOptions;
import dev.kemudi.api.Status;
import dev.kemudi.api.WatchOptions;
import dev.kemudi.store.KeyValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Get, list and watch, the same for every way in. */
final class Reads {
    private final Storage storage;
    private final Limits limits;

    /**
     * One page of objects as stored; {@link Kind#view} them.
     *
     * @param remaining how many follow this page, -1 when that is not known
     */
    record Page(List<ApiObject> items, long revision, String continueToken, long remaining) {}

    Reads(Storage storage, Limits limits) {
        this.storage = storage;
        this.limits = limits;
    }

    ApiObject get(Kind kind, String namespace, String name) {
        return storage.read(kind, namespace, name)
                .map(kind::view)
                .orElseThrow(() -> new ApiException(Status.notFound(kind.resource(), name)));
    }

    Page list(Kind kind, String namespace, ListOptions options) {
        WatchFilter filter =
                kind.filter(namespace, options.labelSelector(), options.fieldSelector());
        int limit =
                options.limit() > 0
                        ? Math.min(options.limit(), limits.listItemsMax())
                        : limits.listItemsMax();
        if (!options.continueToken().isEmpty()) {
            return nextPage(kind, filter, ContinueToken.parse(options.continueToken()), limit);
        }
        freshness(kind, options.resourceVersion());
        WatchCache.Snapshot snapshot = kind.cache().snapshot(filter.prefix());
        return page(snapshot.objects(), filter, snapshot.revision(), limit);
    }

    private void freshness(Kind kind, String resourceVersion) {
        long wanted = revision(resourceVersion);
        if (resourceVersion.isEmpty()) {
            kind.cache().awaitFresh();
        } else if (wanted > 0) {
            kind.cache().awaitRevision(wanted);
        } else {
            kind.cache().load();
        }
    }

    private Page page(
            Map<String, ApiObject> objects, WatchFilter filter, long revision, int limit) {
        List<ApiObject> items = new ArrayList<>();
        String last = "";
        int seen = 0;
        for (Map.Entry<String, ApiObject> entry : objects.entrySet()) {
            if (items.size() == limit) {
                boolean more =
                        objects.entrySet().stream()
                                .skip(seen)
                                .anyMatch(e -> filter.test(e.getKey(), e.getValue()));
                return more
                        ? new Page(
                                items,
                                revision,
                                new ContinueToken(revision, last).encoded(),
                                objects.size() - seen)
                        : new Page(items, revision, "", 0);
            }
            seen++;
            if (filter.test(entry.getKey(), entry.getValue())) {
                items.add(entry.getValue());
                last = entry.getKey();
            }
        }
        return new Page(items, revision, "", 0);
    }

    private Page nextPage(Kind kind, WatchFilter filter, ContinueToken token, int limit) {
        Map<String, ApiObject> rest = new java.util.LinkedHashMap<>();
        int prefix = kind.keyPrefix().length();
        for (KeyValue kv : storage.page(kind, filter, token.after(), token.revision())) {
            String key =
                    new String(kv.key().array(), java.nio.charset.StandardCharsets.UTF_8)
                            .substring(prefix);
            rest.put(
                    key,
                    kind.cache()
                            .cached(key, kv.modRevision())
                            .orElseGet(() -> WatchCache.parse(kv)));
        }
        return page(rest, filter, token.revision(), limit);
    }

    WatchFeed watch(Kind kind, String namespace, WatchOptions options) {
        WatchFilter filter =
                kind.filter(namespace, options.labelSelector(), options.fieldSelector());
        long after = revision(options.resourceVersion());
        if (options.sendInitialEvents() || after <= 0) {
            if (options.resourceVersion().isEmpty()) {
                kind.cache().awaitFresh();
            } else if (after > 0) {
                kind.cache().awaitRevision(after);
            }
            return kind.cache().watch(filter, -1);
        }
        kind.cache().awaitRevision(after);
        return kind.cache().watch(filter, after);
    }

    static long revision(String resourceVersion) {
        if (resourceVersion.isEmpty()) {
            return 0;
        }
        try {
            long revision = Long.parseLong(resourceVersion);
            if (revision >= 0) {
                return revision;
            }
        } catch (NumberFormatException e) {
            // said below, in Kubernetes' words
        }
        throw new ApiException(
                Status.badRequest(
                        "resourceVersion: Invalid value: \""
                                + resourceVersion
                                + "\": must be a whole number"));
    }
}
