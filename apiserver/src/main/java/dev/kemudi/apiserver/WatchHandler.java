package dev.kemudi.apiserver;

import dev.kemudi.api.ApiException;
import dev.kemudi.api.Status;
import dev.kemudi.api.WatchOptions;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Watches over HTTP: one JSON event a line, or protobuf frames, for as long as the client wants,
 * may or keeps up.
 */
final class WatchHandler {
    private final Core core;
    private final Render render;
    private final Semaphore permits;
    private final Set<WatchFeed> feeds = ConcurrentHashMap.newKeySet();

    WatchHandler(Core core, Render render) {
        this.core = core;
        this.render = render;
        permits = new Semaphore(core.limits().watchesMax());
    }

    int open() {
        return core.limits().watchesMax() - permits.availablePermits();
    }

    /** Ends those that are open now; what is queued is still sent. */
    void end() {
        feeds.forEach(WatchFeed::close);
    }

    int handle(Exchange exchange, RequestPath path, Kind kind)
            throws IOException, InterruptedException {
        Encoding encoding = Negotiation.encoding(exchange, kind.resource());
        boolean text = exchange.header("Sec-WebSocket-Key").isPresent();
        if (encoding.yaml() || encoding.protobuf() && text) {
            throw new ApiException(
                    Status.of(
                            406,
                            "NotAcceptable",
                            "watches are served as application/json and, of built-in kinds, as"
                                    + " application/vnd.kubernetes.protobuf;stream=watch"));
        }
        WatchOptions options = options(exchange.params(), path);
        if (!permits.tryAcquire()) {
            throw new ApiException(
                    Storage.retryAfter(
                            Status.of(
                                    429,
                                    "TooManyRequests",
                                    "too many watches are open ("
                                            + core.limits().watchesMax()
                                            + "), try again later")));
        }
        try {
            WatchFeed feed = core.reads().watch(kind, path.namespace(), options);
            feeds.add(feed);
            try (OutputStream out = exchange.streamAtOnce(200, encoding.watchType())) {
                feed.readBy(Thread.currentThread());
                new Session(kind, encoding, feed, options, out).run();
            } finally {
                feeds.remove(feed);
                feed.close();
            }
        } finally {
            permits.release();
        }
        return 200;
    }

    private WatchOptions options(Params params, RequestPath path) {
        String fields = params.text("fieldSelector");
        if (!path.name().isEmpty()) {
            fields = "metadata.name=" + path.name();
        }
        long seconds = params.number("timeoutSeconds", 0);
        if (seconds <= 0) {
            int usual = core.limits().watchSecondsDefault();
            seconds = ThreadLocalRandom.current().nextInt(usual, usual * 2);
        }
        return new WatchOptions(
                params.text("labelSelector"),
                fields,
                params.text("resourceVersion"),
                params.flag("allowWatchBookmarks"),
                (int) Math.min(seconds, Integer.MAX_VALUE),
                params.flag("sendInitialEvents"));
    }

    /** One open watch. */
    private final class Session {
        private final Kind kind;
        private final Encoding encoding;
        private final WatchFeed feed;
        private final WatchOptions options;
        private final OutputStream out;
        private final long endNanos;

        Session(
                Kind kind,
                Encoding encoding,
                WatchFeed feed,
                WatchOptions options,
                OutputStream out) {
            this.kind = kind;
            this.encoding = encoding;
            this.feed = feed;
            this.options = options;
            this.out = out;
            endNanos = System.nanoTime() + options.timeoutSeconds() * 1_000_000_000L;
        }

        void run() throws IOException, InterruptedException {
            boolean initialTold = !options.sendInitialEvents();
            while (!feed.ended()) {
                if (!initialTold && feed.initialDone()) {
                    initialTold = true;
                    out.write(render.bookmark(kind, encoding, feed.initialRevision(), true));
                    out.flush();
                }
                long left = (endNanos - System.nanoTime()) / 1_000_000;
                Notice notice = feed.poll(Math.clamp(left, 0, core.limits().bookmarkMillis()));
                if (notice != null) {
                    if (!tell(notice)) {
                        return;
                    }
                } else if (left <= 0) {
                    bookmark();
                    return;
                } else if (!feed.ended()) {
                    bookmark();
                }
            }
        }

        /** Whether the watch goes on: an object that cannot be converted ends it. */
        private boolean tell(Notice notice) throws IOException {
            byte[] line;
            boolean told = true;
            try {
                line = notice.encoded(encoding, n -> render.event(kind, n, encoding));
            } catch (ApiException e) {
                line = Render.error(e.status());
                told = false;
            }
            out.write(line);
            if (!told || feed.idle()) {
                out.flush();
            }
            return told;
        }

        private void bookmark() throws IOException {
            if (!options.bookmarks()) {
                return;
            }
            try {
                kind.cache().awaitFresh();
            } catch (ApiException e) {
                return; // the cache is behind; the next round tries again
            }
            long revision = feed.safeRevision();
            if (revision > 0) {
                out.write(render.bookmark(kind, encoding, revision, false));
                out.flush();
            }
        }
    }
}
