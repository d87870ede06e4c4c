package dev.kemudi.controller;

import dev.kemudi.api.ApiClient;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.DeleteOptions;
import dev.kemudi.api.ListOptions;
import dev.kemudi.api.ObjectKey;
import dev.kemudi.api.ObjectList;
import dev.kemudi.api.Patch;
import dev.kemudi.api.Resource;
import dev.kemudi.api.Status;
import dev.kemudi.api.WatchEvent;
import dev.kemudi.api.WatchOptions;
import dev.kemudi.api.WatchStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Function;

/**
 * A peer that serves one kind and misbehaves on demand: drops streams, answers 410, goes back in
 * time, repeats events, sends bookmarks only. Every request is noted.
 */
final class ScriptedServer implements ApiClient {
    static final Resource WIDGETS = new Resource("test.dev", "v1", "widgets", "Widget", true);

    final List<ListOptions> lists = new ArrayList<>();
    final List<WatchOptions> watches = new ArrayList<>();
    private final Map<ObjectKey, ApiObject> objects = new TreeMap<>();
    private final List<WatchEvent> history = new ArrayList<>();
    private final List<Stream> streams = new ArrayList<>();
    private long revision = 10;
    private long compacted = 0;
    private Function<ListOptions, Optional<RuntimeException>> listFault = o -> Optional.empty();
    private Function<WatchOptions, Optional<RuntimeException>> watchFault = o -> Optional.empty();
    private Optional<ObjectList> staleList = Optional.empty();
    private boolean mute;

    final class Stream implements WatchStream {
        private final LinkedBlockingQueue<Optional<WatchEvent>> events =
                new LinkedBlockingQueue<>();

        @Override
        public Optional<WatchEvent> next() throws InterruptedException {
            Optional<WatchEvent> next = events.take();
            if (next.isEmpty()) {
                events.add(next); // an ended stream stays ended
            }
            return next;
        }

        @Override
        public void close() {
            events.add(Optional.empty());
        }
    }

    // ---- what the world does
    // ---------------------------------------------------------------------------------------

    synchronized ApiObject put(String name, String value) {
        ObjectKey key = new ObjectKey("ns", name);
        ApiObject before = objects.get(key);
        String uid = before == null ? "uid-" + name + "-" + revision : before.uid();
        ApiObject object = widget(name, uid, value, ++revision);
        objects.put(key, object);
        tell(before == null ? new WatchEvent.Added(object) : new WatchEvent.Modified(object));
        return object;
    }

    synchronized void remove(String name) {
        ApiObject last = Objects.requireNonNull(objects.remove(new ObjectKey("ns", name)), name);
        long at = ++revision;
        tell(
                new WatchEvent.Deleted(
                        last.edit(t ->
                                t.withObjectProperty("metadata").put("resourceVersion", "" + at))));
    }

    synchronized void removeIfThere(String name) {
        if (objects.containsKey(new ObjectKey("ns", name))) {
            remove(name);
        }
    }

    /** Tells the last few events again, as a server does that lost track. */
    synchronized void repeatLast() {
        history.subList(Math.max(0, history.size() - 5), history.size()).forEach(this::send);
    }

    static ApiObject widget(String name, String uid, String value, long at) {
        return ApiObject.named(WIDGETS, "ns", name)
                .edit(tree -> {
                    tree.withObjectProperty("metadata")
                            .put("uid", uid)
                            .put("resourceVersion", Long.toString(at));
                    tree.putObject("spec").put("value", value);
                });
    }

    private void tell(WatchEvent event) {
        history.add(event);
        if (!mute) {
            send(event);
        }
    }

    // ---- how it misbehaves
    // -----------------------------------------------------------------------------------------

    synchronized void send(WatchEvent event) {
        streams.forEach(s -> s.events.add(Optional.of(event)));
    }

    synchronized void dropStreams() {
        streams.forEach(Stream::close);
        streams.clear();
    }

    /** Changes happen, but no open stream hears of them. */
    synchronized void mute(boolean mute) {
        this.mute = mute;
    }

    synchronized void compact() {
        compacted = revision;
    }

    synchronized void listFault(Function<ListOptions, Optional<RuntimeException>> fault) {
        listFault = fault;
    }

    synchronized void watchFault(Function<WatchOptions, Optional<RuntimeException>> fault) {
        watchFault = fault;
    }

    synchronized void answerNextListWith(ObjectList stale) {
        staleList = Optional.of(stale);
    }

    synchronized long revision() {
        return revision;
    }

    synchronized int openStreams() {
        return streams.size();
    }

    synchronized List<ListOptions> lists() {
        return List.copyOf(lists);
    }

    synchronized List<WatchOptions> watches() {
        return List.copyOf(watches);
    }

    static RuntimeException gone() {
        return new ApiException(Status.expired("too old resource version"));
    }

    // ---- ApiClient
    // -------------------------------------------------------------------------------------------------

    @Override
    public synchronized ObjectList list(Resource resource, String namespace, ListOptions options) {
        lists.add(options);
        listFault
                .apply(options)
                .ifPresent(e -> {
                    throw e;
                });
        if (staleList.isPresent()) {
            ObjectList stale = staleList.get();
            staleList = Optional.empty();
            return stale;
        }
        return new ObjectList(List.copyOf(objects.values()), Long.toString(revision), "");
    }

    @Override
    public synchronized WatchStream watch(
            Resource resource, String namespace, WatchOptions options) {
        watches.add(options);
        watchFault
                .apply(options)
                .ifPresent(e -> {
                    throw e;
                });
        Stream stream = new Stream();
        if (options.sendInitialEvents()) {
            objects.values().forEach(o -> stream.events.add(Optional.of(new WatchEvent.Added(o))));
            stream.events.add(Optional.of(new WatchEvent.Bookmark(Long.toString(revision), true)));
        } else {
            long from = Long.parseLong(options.resourceVersion());
            if (from < compacted) {
                throw gone();
            }
            history.stream()
                    .filter(e -> at(e) > from)
                    .forEach(e -> stream.events.add(Optional.of(e)));
        }
        streams.add(stream);
        return stream;
    }

    private static long at(WatchEvent event) {
        return switch (event) {
            case WatchEvent.Added(ApiObject o) -> Long.parseLong(o.resourceVersion());
            case WatchEvent.Modified(ApiObject o) -> Long.parseLong(o.resourceVersion());
            case WatchEvent.Deleted(ApiObject o) -> Long.parseLong(o.resourceVersion());
            case WatchEvent.Bookmark b -> 0;
            case WatchEvent.Failed f -> 0;
        };
    }

    @Override
    public ApiObject get(Resource resource, String namespace, String name) {
        throw new UnsupportedOperationException("informers list and watch only");
    }

    @Override
    public ApiObject create(Resource resource, ApiObject object) {
        throw new UnsupportedOperationException("informers list and watch only");
    }

    @Override
    public ApiObject create(
            Resource resource, String namespace, String name, String subresource, ApiObject body) {
        throw new ApiException(Status.notFound(resource, name));
    }

    @Override
    public ApiObject update(Resource resource, ApiObject object) {
        throw new UnsupportedOperationException("informers list and watch only");
    }

    @Override
    public ApiObject updateStatus(Resource resource, ApiObject object) {
        throw new UnsupportedOperationException("informers list and watch only");
    }

    @Override
    public ApiObject patch(Resource resource, String namespace, String name, Patch patch) {
        throw new UnsupportedOperationException("informers list and watch only");
    }

    @Override
    public Optional<ApiObject> delete(
            Resource resource, String namespace, String name, DeleteOptions options) {
        throw new UnsupportedOperationException("informers list and watch only");
    }
}
