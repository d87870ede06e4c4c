package dev.kemudi.apiserver;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Bytes from a connection to whoever reads them; the connection waits when {@code bytesMax} are
 * unread.
 */
final class BytePipe extends InputStream {
    private final int bytesMax;
    private final ArrayDeque<byte[]> chunks = new ArrayDeque<>();
    private int unread;
    private int at;
    private boolean finished;
    private boolean abandoned;

    BytePipe(int bytesMax) {
        this.bytesMax = bytesMax;
    }

    synchronized void put(byte[] chunk) throws InterruptedException {
        while (unread > 0 && unread + chunk.length > bytesMax && !abandoned) {
            wait();
        }
        if (chunk.length > 0 && !abandoned && !finished) {
            chunks.add(chunk);
            unread += chunk.length;
            notifyAll();
        }
    }

    /** No more will come. */
    synchronized void finish() {
        finished = true;
        notifyAll();
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public synchronized int read(byte[] to, int from, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        while (chunks.isEmpty()) {
            if (finished || abandoned) {
                return -1;
            }
            try {
                wait();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new java.io.InterruptedIOException("interrupted while waiting for input");
            }
        }
        byte @Nullable [] first = chunks.peek();
        if (first == null) {
            return -1;
        }
        int count = Math.min(length, first.length - at);
        System.arraycopy(first, at, to, from, count);
        at += count;
        unread -= count;
        if (at == first.length) {
            chunks.remove();
            at = 0;
        }
        notifyAll();
        return count;
    }

    @Override
    public synchronized int available() {
        return unread;
    }

    /** The reader wants no more: what still comes is dropped. */
    @Override
    public synchronized void close() {
        abandoned = true;
        chunks.clear();
        unread = 0;
        notifyAll();
    }
}
