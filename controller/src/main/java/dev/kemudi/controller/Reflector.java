package dev.kemudi.controller;

import dev.kemudi.api.ApiClient;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ListOptions;
import dev.kemudi.api.ObjectKey;
import dev.kemudi.api.ObjectList;
import dev.kemudi.api.Resource;
import dev.kemudi.api.Status;
import dev.kemudi.api.WatchEvent;
import dev.kemudi.api.WatchOptions;
import dev.kemudi.api.WatchStream;
import dev.kemudi.kernel.TimeSource;
import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/*
 * How the cache is kept true
 * --------------------------
 * List, then watch from the list's revision; when the watch ends, watch again from the last revision heard;
 * when the server no longer knows that revision (410), list again. The first list asks for revision "0"
 * (whatever the server has at hand), later ones for "not older than what I have seen", and only when the
 * server cannot give that, for the newest. So the cache never goes back in time unless the server itself did.
 *
 * What holds always: events reach the queue in the server's order, none older than what was told before; a
 * bookmark moves the revision without an event; the revision of an initial event is never recorded, for those
 * come in no order; a failure is followed by a growing, jittered pause; no failure ends the loop, only close
 * does.
 *
 * Source: client-go tools/cache reflector, its behaviour, not its text.
 */
final class Reflector implements Runnable {
    private static final System.Logger LOG = System.getLogger(Reflector.class.getName());
    private static final long SHORT_WATCH_NANOS = 1_000_000_000L;
    private static final int WATCH_SECONDS = 300;
    private static final int TOO_MANY_REQUESTS = 429;
    private static final int GATEWAY_TIMEOUT = 504;
    private static final int GONE = 410;

    /** What a Reflector reflects. */
    record Source(
            ApiClient client,
            Resource resource,
            String namespace,
            String labelSelector,
            String fieldSelector,
            UnaryOperator<ApiObject> transform,
            boolean watchList) {}

    /** How a watch ended, and so what comes next. */
    private enum Next {
        WATCH,
        WATCH_AFTER_PAUSE,
        LIST,
        LIST_AFTER_PAUSE
    }

    private final Source source;
    private final EventQueue queue;
    private final TimeSource time;
    private final RandomGenerator random;
    private final Backoff backoff;
    private final int pageObjects;
    private final CounterDataPoint lists;
    private final CounterDataPoint failures;
    private final Object streamLock = new Object();
    private @Nullable WatchStream stream;
    private volatile boolean closed;
    private boolean watchList;

    /** Empty: never listed. */
    private String revision = "";

    /** The server could not serve the last list at {@link #revision}. */
    private boolean revisionUnavailable;

    Reflector(
            Source source,
            EventQueue queue,
            TimeSource time,
            RandomGenerator random,
            int pageObjects,
            ControllerMetrics metrics) {
        this.source = source;
        this.queue = queue;
        this.time = time;
        this.random = random;
        this.backoff = Backoff.reflector(random);
        this.pageObjects = pageObjects;
        this.watchList = source.watchList;
        String label = source.resource.qualifiedName();
        this.lists = metrics.lists.labelValues(label);
        this.failures = metrics.failures.labelValues(label);
    }

    @Override
    public void run() {
        try {
            Next next = Next.LIST;
            while (!closed) {
                next = step(next);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Next step(Next next) throws InterruptedException {
        try {
            return switch (next) {
                case LIST -> watchList ? streamList() : list();
                case WATCH -> watch(false);
                case LIST_AFTER_PAUSE -> pause(Next.LIST);
                case WATCH_AFTER_PAUSE -> pause(Next.WATCH);
            };
        } catch (RuntimeException e) {
            failed("the loop", e);
            return Next.LIST_AFTER_PAUSE;
        }
    }

    private Next pause(Next next) throws InterruptedException {
        time.sleep(backoff.nextMillis(time.nanoTime()));
        return next;
    }

    // ---- list
    // ------------------------------------------------------------------------------------------------------

    private Next list() throws InterruptedException {
        try {
            String wanted = wantedRevision();
            ObjectList list = pages(wanted);
            if (ResourceVersions.older(list.resourceVersion(), wanted)) {
                revisionUnavailable = true;
                failed(
                        "list",
                        "asked for revision "
                                + wanted
                                + " or later, got "
                                + list.resourceVersion());
                return Next.LIST_AFTER_PAUSE;
            }
            replaceAll(list.items(), list.resourceVersion());
            return Next.WATCH;
        } catch (ApiException e) {
            if (unavailable(e.status()) && !wantedRevision().isEmpty()) {
                revisionUnavailable = true;
                return Next.LIST;
            }
            failed("list", e);
            return Next.LIST_AFTER_PAUSE;
        } catch (UncheckedIOException e) {
            failed("list", e);
            return Next.LIST_AFTER_PAUSE;
        }
    }

    private String wantedRevision() {
        if (revisionUnavailable) {
            return "";
        }
        return revision.isEmpty() ? "0" : revision;
    }

    /**
     * A list at a given revision comes from the server's memory in one piece; the newest one comes
     * in pages.
     */
    private ObjectList pages(String wanted) {
        lists.inc();
        int limit = wanted.isEmpty() ? pageObjects : 0;
        ListOptions options =
                new ListOptions(source.labelSelector, source.fieldSelector, limit, "", wanted);
        ObjectList page = source.client.list(source.resource, source.namespace, options);
        if (page.continueToken().isEmpty()) {
            return page;
        }
        List<ApiObject> items = new ArrayList<>(page.items());
        String first = page.resourceVersion();
        while (!page.continueToken().isEmpty()) {
            page =
                    source.client.list(
                            source.resource,
                            source.namespace,
                            options.at("").page(limit, page.continueToken()));
            items.addAll(page.items());
        }
        return new ObjectList(items, first, "");
    }

    private void replaceAll(List<ApiObject> objects, String at) throws InterruptedException {
        List<ApiObject> kept = objects.stream().map(source.transform).toList();
        queue.put(new Delta.ReplacedAll(kept, at));
        revision = at;
        revisionUnavailable = false;
    }

    private static boolean unavailable(Status status) {
        return status.code() == GONE
                || status.code() == GATEWAY_TIMEOUT
                || status.message().contains("Too large resource version");
    }

    // ---- watch
    // -----------------------------------------------------------------------------------------------------

    /**
     * WatchList: the present state comes as events, a marked bookmark ends it. A server that
     * refuses is listed.
     */
    private Next streamList() throws InterruptedException {
        Next next = watch(true);
        return next == Next.LIST_AFTER_PAUSE && !watchList ? Next.LIST : next;
    }

    private Next watch(boolean initial) throws InterruptedException {
        int timeoutSeconds = WATCH_SECONDS + random.nextInt(WATCH_SECONDS);
        String from = initial ? wantedRevision() : revision;
        WatchOptions options =
                new WatchOptions(
                        source.labelSelector,
                        source.fieldSelector,
                        from,
                        true,
                        timeoutSeconds,
                        initial);
        long began = time.nanoTime();
        try (WatchStream watch = source.client.watch(source.resource, source.namespace, options)) {
            if (!adopt(watch)) {
                return Next.WATCH;
            }
            return read(watch, initial, began);
        } catch (ApiException e) {
            return refused(e.status(), initial);
        } catch (UncheckedIOException e) {
            failed("watch", e);
            return initial ? Next.LIST_AFTER_PAUSE : Next.WATCH_AFTER_PAUSE;
        } finally {
            disown();
        }
    }

    private Next read(WatchStream watch, boolean initial, long began) throws InterruptedException {
        Map<ObjectKey, ApiObject> collected = new LinkedHashMap<>();
        boolean collecting = initial;
        int heard = 0;
        while (!closed && watch.next() instanceof Optional<WatchEvent> next && next.isPresent()) {
            heard++;
            switch (next.get()) {
                case WatchEvent.Added(ApiObject object) -> upsert(object, collecting, collected);
                case WatchEvent.Modified(ApiObject object) -> upsert(object, collecting, collected);
                case WatchEvent.Deleted(ApiObject object) -> {
                    if (collecting) {
                        collected.remove(object.key());
                    } else if (news(object)) {
                        queue.put(new Delta.Delete(source.transform.apply(object)));
                        revision = object.resourceVersion();
                    }
                }
                case WatchEvent.Bookmark(String at, boolean initialEventsEnd) -> {
                    if (collecting && initialEventsEnd) {
                        collecting = false;
                        replaceAll(List.copyOf(collected.values()), at);
                        collected.clear();
                    } else if (!collecting) {
                        queue.put(new Delta.Bookmark(at));
                        revision = at;
                    }
                }
                case WatchEvent.Failed(Status status) -> {
                    return refused(status, collecting);
                }
            }
        }
        if (heard == 0 && time.nanoTime() - began < SHORT_WATCH_NANOS && !closed) {
            failed("watch", "it ended at once and told nothing");
            return collecting ? Next.LIST_AFTER_PAUSE : Next.WATCH_AFTER_PAUSE;
        }
        return collecting ? Next.LIST_AFTER_PAUSE : Next.WATCH;
    }

    private void upsert(ApiObject object, boolean collecting, Map<ObjectKey, ApiObject> collected)
            throws InterruptedException {
        if (collecting) {
            collected.put(object.key(), object);
            return;
        }
        if (news(object)) {
            queue.put(new Delta.Upsert(source.transform.apply(object)));
            revision = object.resourceVersion();
        }
    }

    /** An event told again would bring back what was deleted since, and move the revision back. */
    private boolean news(ApiObject object) {
        return !ResourceVersions.older(object.resourceVersion(), revision);
    }

    private Next refused(Status status, boolean collecting) {
        if (status.code() == GONE) {
            if (collecting) {
                revisionUnavailable = true;
            }
            return Next.LIST;
        }
        failed("watch", status.message());
        if (collecting && (status.code() == 400 || status.code() == 422)) {
            watchList = false;
            return Next.LIST_AFTER_PAUSE;
        }
        return status.code() == TOO_MANY_REQUESTS && !collecting
                ? Next.WATCH_AFTER_PAUSE
                : Next.LIST_AFTER_PAUSE;
    }

    private boolean adopt(WatchStream watch) {
        synchronized (streamLock) {
            stream = watch;
            return !closed;
        }
    }

    private void disown() {
        synchronized (streamLock) {
            stream = null;
        }
    }

    // ---- end
    // -------------------------------------------------------------------------------------------------------

    private void failed(String what, Object why) {
        if (closed) {
            return;
        }
        failures.inc();
        LOG.log(
                System.Logger.Level.WARNING,
                "{0} of {1} failed, will try again: {2}",
                what,
                source.resource.qualifiedName(),
                why);
    }

    /** Ends the loop; its thread should be interrupted as well, for it may be pausing. */
    void close() {
        closed = true;
        synchronized (streamLock) {
            if (stream != null) {
                stream.close();
            }
        }
    }
}
