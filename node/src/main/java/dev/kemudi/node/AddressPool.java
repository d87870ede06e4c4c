package dev.kemudi.node;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Addresses for pods out of a loopback range, each given to one pod at a time and not again soon.
 * Two nodes on one machine begin at different places of the range. Safe for use by many threads.
 */
final class AddressPool {
    /** Addresses tried before giving up: a machine that refuses so many refuses all. */
    private static final int TRIES_MAX = 64;

    private final long base;
    private final long size;
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<String, String> podByAddress = new HashMap<>();
    private long next;

    /**
     * @param prefix such as {@code 127.64.0.0/10}
     * @param podsDirectory decides where in the range this node begins
     */
    AddressPool(String prefix, Path podsDirectory) {
        int slash = prefix.indexOf('/');
        int bits = slash < 0 ? -1 : Integer.parseInt(prefix.substring(slash + 1));
        if (bits < 8 || bits > 24) {
            throw new IllegalArgumentException(
                    "expected an address prefix such as 127.64.0.0/10 (8 to 24 bits), found: "
                            + prefix);
        }
        this.base = number(prefix.substring(0, slash)) & -(1L << (32 - bits));
        this.size = 1L << (32 - bits);
        this.next =
                Math.floorMod(podsDirectory.hashCode() * 0x9E3779B97F4A7C15L >>> 20, size) & ~0xffL;
    }

    /** An address for the pod; the previous one when nobody else has it. */
    String take(String podUid, String previous) throws IOException {
        lock.lock();
        try {
            if (!previous.isEmpty() && podByAddress.getOrDefault(previous, podUid).equals(podUid)) {
                podByAddress.put(previous, podUid);
                return previous;
            }
            IOException last = new IOException("no try was made");
            for (int tries = 0; tries < TRIES_MAX; tries++) {
                String address = text(base + nextOffset());
                if (podByAddress.containsKey(address)) {
                    continue;
                }
                try {
                    bind(address);
                    podByAddress.put(address, podUid);
                    return address;
                } catch (IOException e) {
                    last = e;
                }
            }
            throw new IOException(
                    "no address of %s/.. can be bound for a pod, the last answer was: %s"
                            .formatted(text(base), last.getMessage()),
                    last);
        } finally {
            lock.unlock();
        }
    }

    void give(String podUid) {
        lock.lock();
        try {
            podByAddress.values().removeIf(podUid::equals);
        } finally {
            lock.unlock();
        }
    }

    /** The next address that is neither a network's first nor last, nor 127.0.0.1. */
    private long nextOffset() {
        do {
            next = (next + 1) % size;
        } while ((next & 0xff) == 0 || (next & 0xff) == 0xff || base + next == 0x7f000001L);
        return next;
    }

    private static void bind(String address) throws IOException {
        try (ServerSocket socket = new ServerSocket()) {
            socket.bind(new InetSocketAddress(InetAddress.getByName(address), 0));
        }
    }

    private static long number(String address) {
        long number = 0;
        String[] parts = address.split("\\.");
        if (parts.length != 4) {
            throw new IllegalArgumentException("expected an IPv4 address, found: " + address);
        }
        for (String part : parts) {
            number = number << 8 | Integer.parseInt(part);
        }
        return number;
    }

    private static String text(long number) {
        return "%d.%d.%d.%d"
                .formatted(
                        number >> 24 & 0xff,
                        number >> 16 & 0xff,
                        number >> 8 & 0xff,
                        number & 0xff);
    }
}
