package dev.kemudi.node;

import dev.kemudi.api.PodStreams.ExecStreams;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What a container prints while a client is attached to it. The container never waits for the
 * client: one that reads too slowly is cut off, and its log has what it missed.
 */
final class Attachment {
    private final int bytesMax;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final ArrayDeque<Chunk> chunks = new ArrayDeque<>();
    private int waiting;
    private boolean ended;
    private boolean behind;

    private record Chunk(boolean error, byte[] bytes) {}

    Attachment(int bytesMax) {
        this.bytesMax = bytesMax;
    }

    /** Called by the one thread that reads the container's output. */
    void offer(boolean error, byte[] bytes, int length) {
        lock.lock();
        try {
            if (ended) {
                return;
            }
            if (waiting + length > bytesMax) {
                behind = true;
                ended = true;
            } else {
                chunks.add(new Chunk(error, Arrays.copyOf(bytes, length)));
                waiting += length;
            }
            changed.signal();
        } finally {
            lock.unlock();
        }
    }

    /** The container has ended. */
    void end() {
        lock.lock();
        try {
            ended = true;
            changed.signal();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Copies to the client until the container has ended.
     *
     * @throws IOException when the client does not keep up
     */
    void copyTo(ExecStreams client) throws IOException, InterruptedException {
        while (true) {
            Chunk chunk;
            lock.lockInterruptibly();
            try {
                while (chunks.isEmpty() && !ended) {
                    changed.await();
                }
                if (chunks.isEmpty()) {
                    if (behind) {
                        throw new IOException(
                                "the container prints faster than this client reads; its log has the"
                                        + " rest");
                    }
                    return;
                }
                chunk = chunks.remove();
                waiting -= chunk.bytes().length;
            } finally {
                lock.unlock();
            }
            OutputStream to = chunk.error() ? client.stderr() : client.stdout();
            to.write(chunk.bytes());
            to.flush();
        }
    }
}
