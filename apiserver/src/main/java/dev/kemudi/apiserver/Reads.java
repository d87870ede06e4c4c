package dev.kemudi.apiserver;

import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ListOptions;
import dev.kemudi.api.Status;
import dev.kemudi.api.WatchOptions;
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
        Page page = page(snapshot.objects(), filter, snapshot.revision(), limit);
        boolean everything =
                Selectors.everything(options.labelSelector())
                        && Selectors.everything(options.fieldSelector());
        return everything
                ? page
                : new Page(page.items(), page.revision(), page.continueToken(), -1);
    }

    /**
     * As {@link #list}, as of exactly {@code options.resourceVersion()}, while the store retains
     * it.
     */
    Page listAt(Kind kind, String namespace, ListOptions options) {
        WatchFilter filter =
                kind.filter(namespace, options.labelSelector(), options.fieldSelector());
        int limit =
                options.limit() > 0
                        ? Math.min(options.limit(), limits.listItemsMax())
                        : limits.listItemsMax();
        long wanted = revision(options.resourceVersion());
        kind.cache().awaitRevision(wanted);
        return nextPage(kind, filter, new ContinueToken(wanted, ""), limit);
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

    /**
     * Reads no further than to the first object of the page after it; how many follow is not told.
     */
    private Page nextPage(Kind kind, WatchFilter filter, ContinueToken token, int limit) {
        List<ApiObject> items = new ArrayList<>();
        String[] last = {""};
        boolean[] more = {false};
        storage.scan(
                kind,
                filter,
                token.after(),
                token.revision(),
                (key, object) -> {
                    if (!filter.test(key, object)) {
                        return true;
                    }
                    if (items.size() == limit) {
                        more[0] = true;
                        return false;
                    }
                    items.add(object);
                    last[0] = key;
                    return true;
                });
        String next = more[0] ? new ContinueToken(token.revision(), last[0]).encoded() : "";
        return new Page(items, token.revision(), next, more[0] ? -1 : 0);
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
