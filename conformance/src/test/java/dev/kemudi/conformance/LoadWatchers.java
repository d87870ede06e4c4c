package dev.kemudi.conformance;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;

/** Many watchers of one prefix, and a writer who goes on when all have seen. */
final class LoadWatchers {
    private static final String PREFIX = "w/";
    private static final int UNDER_WAY = 16;
    private static final int WARM_MAX = 8;
    private static final double CHEAPER = 0.93;
    private static final double OPEN_SECONDS = 60;
    private static final double NANOS_PER_SECOND = 1e9;

    private final LoadLoop loop;
    private final LoadKinds kinds;
    private final int watchers;
    private final int streams;
    private final LoadMessage message = new LoadMessage();
    private final LoadMessage inner = new LoadMessage();
    private final Deque<Long> begun = new ArrayDeque<>();
    private int created;
    private long puts;
    private long answered;
    private long events;
    private long seenByAll;

    LoadWatchers(LoadLoop loop, LoadKinds kinds, int watchers, int streams) {
        this.loop = loop;
        this.kinds = kinds;
        this.watchers = watchers;
        this.streams = streams;
    }

    long events() {
        return events;
    }

    void open() throws IOException {
        byte[] from = LoadMessage.utf8(PREFIX);
        byte[] to = from.clone();
        to[to.length - 1]++;
        for (int i = 0; i < streams; i++) {
            LoadConnection connection = loop.connections.get(i % loop.connections.size());
            int stream = 0;
            for (int j = i; j < watchers; j += streams) {
                inner.clear().bytes(1, from).bytes(2, to);
                message.clear().message(1, inner);
                if (stream == 0) {
                    stream = connection.call("/etcdserverpb.Watch/Watch", message, false, watch);
                } else {
                    connection.send(stream, message, false);
                }
            }
        }
        loop.until(() -> created == watchers, OPEN_SECONDS);
    }

    private final LoadConnection.Call watch =
            new LoadConnection.Call() {
                @Override
                public void message(byte[] bytes, int from, int size) {
                    if (LoadMessage.number(bytes, from, size, 3) == 1) {
                        created++;
                        return;
                    }
                    events += LoadMessage.count(bytes, from, size, 11);
                    while (events >= (seenByAll + 1) * watchers) {
                        // With one prefix all get the same: as many events as this mean that
                        // everyone has it.
                        seenByAll++;
                        loop.record(System.nanoTime() - begun.remove());
                    }
                }

                @Override
                public void closed(boolean succeeded, String trailers) {
                    throw new IllegalStateException("a watch ended: " + trailers);
                }
            };

    private final LoadConnection.Call put =
            new LoadConnection.Call() {
                @Override
                public void message(byte[] bytes, int from, int size) {
                    answered++;
                }

                @Override
                public void closed(boolean succeeded, String trailers) {
                    if (!succeeded) {
                        throw new IllegalStateException("a put failed: " + trailers);
                    }
                }
            };

    /** Writes for so long, and waits until the last is seen by all. */
    void run(double seconds) throws IOException {
        long end = System.nanoTime() + (long) (seconds * NANOS_PER_SECOND);
        loop.until(
                () -> {
                    boolean going = System.nanoTime() < end;
                    while (going && puts - seenByAll < UNDER_WAY) {
                        LoadKinds.put(
                                message.clear(),
                                LoadKinds.key(PREFIX, puts % EtcdLoad.KEYS),
                                kinds.value());
                        begun.add(System.nanoTime());
                        loop.connections
                                .get((int) (puts % loop.connections.size()))
                                .call("/etcdserverpb.KV/Put", message, true, put);
                        puts++;
                    }
                    return !going && seenByAll == puts && answered == puts;
                },
                seconds + OPEN_SECONDS);
    }

    /** As {@link LoadLoop#warm}. */
    void warm(double seconds) throws IOException {
        double before = Double.MAX_VALUE;
        for (int i = 0, steady = 0; i < WARM_MAX && steady < 2; i++) {
            long seen = events;
            loop.begin();
            run(seconds / 2);
            double now = loop.end().counting(events - seen).microsPerCall();
            steady = now > before * CHEAPER ? steady + 1 : 0;
            before = now;
        }
    }

    /** As many events as puts times watchers: nothing lost, nothing twice. */
    void check() {
        if (events != puts * watchers) {
            throw new IllegalStateException(
                    events + " events for " + puts + " puts and " + watchers + " watchers");
        }
    }
}
