package dev.kemudi.store;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/** A listener that keeps what it is told, and breaks when a rule of watching is broken. */
final class Collected implements Watcher.Listener {
    private final List<Watcher.Event> events = new ArrayList<>();
    private final List<Long> progress = new ArrayList<>();
    private long through;
    private long ended = -1;

    @Override
    public synchronized void events(List<Watcher.Event> more, long revision) {
        long first = more.getFirst().kv().modRevision();
        long last = events.isEmpty() ? 0 : events.getLast().kv().modRevision();
        if (first <= last || first <= through) {
            throw new AssertionError(
                    "revision " + first + " comes again or in pieces after " + last);
        }
        long previous = 0;
        for (Watcher.Event event : more) {
            if (event.kv().modRevision() < previous || event.kv().modRevision() > revision) {
                throw new AssertionError("out of order: " + more + " through " + revision);
            }
            previous = event.kv().modRevision();
        }
        events.addAll(more);
        through = revision;
    }

    @Override
    public synchronized void progress(long revision) {
        if (revision < through) {
            throw new AssertionError("progress goes back from " + through + " to " + revision);
        }
        progress.add(revision);
        through = Math.max(through, revision);
    }

    @Override
    public synchronized void ended(long compactRevision) {
        ended = compactRevision;
    }

    synchronized List<Watcher.Event> events() {
        return List.copyOf(events);
    }

    synchronized List<Long> progress() {
        return List.copyOf(progress);
    }

    synchronized OptionalLong ended() {
        return ended < 0 ? OptionalLong.empty() : OptionalLong.of(ended);
    }

    /** Short: {@code +key=value@revision} or {@code -key@revision}. */
    synchronized List<String> seen() {
        return events.stream()
                .map(event ->
                        event.type() == Watcher.Type.PUT
                                ? "+"
                                        + event.kv().key()
                                        + "="
                                        + event.kv().value()
                                        + "@"
                                        + event.kv().modRevision()
                                : "-" + event.kv().key() + "@" + event.kv().modRevision())
                .toList();
    }
}
