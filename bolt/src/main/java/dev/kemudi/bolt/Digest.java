package dev.kemudi.bolt;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * The SHA-256 that etcd puts behind a snapshot, where a database's size is a multiple of 512 and
 * the digest's 32 bytes show by the remainder.
 */
final class Digest {
    static final int BYTES = 32;
    private static final int SECTOR_BYTES = 512;
    private static final int BUFFER_BYTES = 1 << 18;

    private Digest() {}

    static boolean isPresent(long fileBytes) {
        return fileBytes % SECTOR_BYTES == BYTES;
    }

    static byte[] of(FileChannel file, long bytes) throws IOException {
        MessageDigest digest;
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
        ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
        long at = 0;
        while (at < bytes) {
            buffer.clear().limit((int) Math.min(buffer.capacity(), bytes - at));
            int read = file.read(buffer, at);
            if (read < 0) {
                throw new BoltException("the file", bytes + " bytes", "the end after " + at);
            }
            digest.update(buffer.flip());
            at += read;
        }
        return digest.digest();
    }

    static void verify(FileChannel file) throws IOException {
        long bytes = file.size() - BYTES;
        if (!isPresent(file.size())) {
            throw new BoltException(
                    "the snapshot",
                    "a SHA-256 at its end: a size that is 32 more than a multiple of 512",
                    file.size() + " bytes");
        }
        ByteBuffer found = ByteBuffer.allocate(BYTES);
        while (found.hasRemaining()) {
            if (file.read(found, bytes + found.position()) < 0) {
                throw new BoltException("the snapshot", "its SHA-256", "the end of the file");
            }
        }
        byte[] expected = of(file, bytes);
        if (!MessageDigest.isEqual(expected, found.array())) {
            throw new BoltException(
                    "the snapshot",
                    "the SHA-256 "
                            + HexFormat.of().formatHex(expected)
                            + " of what comes before it",
                    HexFormat.of().formatHex(found.array()));
        }
    }
}
