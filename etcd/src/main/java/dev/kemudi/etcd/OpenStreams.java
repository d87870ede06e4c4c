package dev.kemudi.etcd;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The streams that must be told when the server stops: a client that sees UNAVAILABLE comes back
 * and resumes, one that sees its stream cancelled gives up.
 */
final class OpenStreams {
    private final Set<Stream> streams = ConcurrentHashMap.newKeySet();

    /** One stream's server side. */
    interface Stream {
        void stop();
    }

    void add(Stream stream) {
        streams.add(stream);
    }

    void remove(Stream stream) {
        streams.remove(stream);
    }

    void stopAll() {
        streams.forEach(Stream::stop);
        streams.clear();
    }
}
