package dev.kemudi.apiserver;

import dev.kemudi.api.ApiClient;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.DeleteOptions;
import dev.kemudi.api.ListOptions;
import dev.kemudi.api.ObjectList;
import dev.kemudi.api.Patch;
import dev.kemudi.api.Resource;
import dev.kemudi.api.Status;
import dev.kemudi.api.WatchEvent;
import dev.kemudi.api.WatchOptions;
import dev.kemudi.api.WatchStream;
import java.util.Optional;

/** The API without HTTP: the same rules, and objects that are the server's own trees. */
final class InProcessClient implements ApiClient {
    private final Core core;
    private final String manager;
    private final TokenRequests tokens;

    InProcessClient(Core core, String manager, TokenRequests tokens) {
        this.core = core;
        this.manager = manager;
        this.tokens = tokens;
    }

    @Override
    public ApiObject get(Resource resource, String namespace, String name) {
        return core.reads().get(core.registry().get(resource), namespace, name);
    }

    @Override
    public ObjectList list(Resource resource, String namespace, ListOptions options) {
        Kind kind = core.registry().get(resource);
        Reads.Page page = core.reads().list(kind, namespace, options);
        return new ObjectList(
                kind.views(page.items()), Long.toString(page.revision()), page.continueToken());
    }

    @Override
    public WatchStream watch(Resource resource, String namespace, WatchOptions options) {
        Kind kind = core.registry().get(resource);
        return new Stream(core, kind, core.reads().watch(kind, namespace, options), options);
    }

    @Override
    public ApiObject create(Resource resource, ApiObject object) {
        Kind kind = core.registry().get(resource);
        return core.writes()
                .create(
                        kind,
                        object.namespace(),
                        object.tree().deepCopy(),
                        WriteOptions.of(manager));
    }

    @Override
    public ApiObject create(
            Resource resource, String namespace, String name, String subresource, ApiObject body) {
        if (!resource.equals(Resource.SERVICE_ACCOUNTS) || !subresource.equals("token")) {
            throw new ApiException(
                    Status.of(404, "NotFound", "the server could not find the requested resource"));
        }
        return ApiObject.of(tokens.answer(namespace, name, body.tree().deepCopy()));
    }

    @Override
    public ApiObject update(Resource resource, ApiObject object) {
        return update(resource, object, "");
    }

    @Override
    public ApiObject updateStatus(Resource resource, ApiObject object) {
        return update(resource, object, "status");
    }

    private ApiObject update(Resource resource, ApiObject object, String subresource) {
        Kind kind = core.registry().get(resource);
        return core.writes()
                .update(
                        kind,
                        object.namespace(),
                        object.name(),
                        subresource,
                        object.tree().deepCopy(),
                        WriteOptions.of(manager));
    }

    @Override
    public ApiObject patch(Resource resource, String namespace, String name, Patch patch) {
        Kind kind = core.registry().get(resource);
        String fieldManager = patch.fieldManager().isEmpty() ? manager : patch.fieldManager();
        WriteOptions options = WriteOptions.of(fieldManager).forced(patch.force());
        return core.patches()
                .patch(
                        kind,
                        namespace,
                        name,
                        patch.subresource(),
                        patch.type(),
                        patch.body(),
                        options)
                .object();
    }

    @Override
    public Optional<ApiObject> delete(
            Resource resource, String namespace, String name, DeleteOptions options) {
        Kind kind = core.registry().get(resource);
        Deletes.Request request =
                new Deletes.Request(
                        Optional.of(options.propagation()),
                        options.gracePeriodSeconds(),
                        options.uid(),
                        options.resourceVersion(),
                        false,
                        WriteOptions.of(manager));
        Deletes.Outcome outcome = core.deletes().delete(kind, namespace, name, request);
        return outcome.gone() ? Optional.empty() : Optional.of(outcome.object());
    }

    /** A watch without bytes. */
    private static final class Stream implements WatchStream {
        private final Core core;
        private final Kind kind;
        private final WatchFeed feed;
        private final WatchOptions options;
        private final long endNanos;
        private boolean initialTold;

        Stream(Core core, Kind kind, WatchFeed feed, WatchOptions options) {
            this.core = core;
            this.kind = kind;
            this.feed = feed;
            this.options = options;
            endNanos =
                    options.timeoutSeconds() > 0
                            ? System.nanoTime() + options.timeoutSeconds() * 1_000_000_000L
                            : Long.MAX_VALUE;
            initialTold = !options.sendInitialEvents();
        }

        @Override
        public Optional<WatchEvent> next() throws InterruptedException {
            while (true) {
                if (!initialTold && feed.initialDone()) {
                    initialTold = true;
                    return Optional.of(
                            new WatchEvent.Bookmark(Long.toString(feed.initialRevision()), true));
                }
                long wait = core.limits().bookmarkMillis();
                if (endNanos != Long.MAX_VALUE) {
                    wait = Math.min(wait, (endNanos - System.nanoTime()) / 1_000_000);
                }
                Notice notice = feed.poll(Math.max(0, wait));
                if (notice != null) {
                    return Optional.of(told(notice));
                }
                if (feed.cut()) {
                    return Optional.of(
                            new WatchEvent.Failed(
                                    Status.expired(
                                            "this watch fell too far behind and was ended: list again")));
                }
                if (feed.ended() || System.nanoTime() >= endNanos) {
                    feed.close();
                    return Optional.empty();
                }
                Optional<WatchEvent> bookmark = bookmark();
                if (bookmark.isPresent()) {
                    return bookmark;
                }
            }
        }

        /** An object that cannot be converted ends the watch. */
        private WatchEvent told(Notice notice) {
            try {
                return viewed(notice);
            } catch (ApiException e) {
                feed.close();
                return new WatchEvent.Failed(e.status());
            }
        }

        private WatchEvent viewed(Notice notice) {
            ApiObject object = kind.view(notice.object());
            return object == notice.object()
                    ? notice.toWatchEvent()
                    : new Notice(notice.type(), object, 0).toWatchEvent();
        }

        private Optional<WatchEvent> bookmark() {
            if (!options.bookmarks()) {
                return Optional.empty();
            }
            try {
                kind.cache().awaitFresh();
            } catch (ApiException e) {
                return Optional.empty(); // the cache is behind; the next round tries again
            }
            long safe = feed.safeRevision();
            return safe < 0
                    ? Optional.empty()
                    : Optional.of(new WatchEvent.Bookmark(Long.toString(safe), false));
        }

        @Override
        public void close() {
            feed.close();
        }
    }
}
