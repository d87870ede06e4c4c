package dev.kemudi.bolt;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** Reads pages of one file. No length found in the file is believed before it is checked. */
final class PageReader {
    private final FileChannel file;
    private final Meta meta;
    private final Limits limits;

    PageReader(FileChannel file, Meta meta, Limits limits) {
        this.file = file;
        this.meta = meta;
        this.limits = limits;
    }

    Limits limits() {
        return limits;
    }

    /** A branch or leaf of a tree. */
    Page tree(long number) throws IOException {
        if (number < 2 || number >= meta.pages()) {
            throw new BoltException(
                    number, "a page from 2 to " + (meta.pages() - 1) + " in a tree", "its number");
        }
        long offset = number * meta.pageSize();
        byte[] first = read(number, offset, meta.pageSize());
        long found = Format.getLong(first, 0);
        if (found != number) {
            throw new BoltException(
                    number, "its own number in its header", Long.toUnsignedString(found));
        }
        int overflow = Format.getInt(first, 12);
        if (overflow < 0 || overflow >= meta.pages() - number) {
            throw new BoltException(
                    number,
                    "at most " + (meta.pages() - number - 1) + " pages of overflow",
                    Integer.toUnsignedString(overflow));
        }
        long bytes = (overflow + 1L) * meta.pageSize();
        byte[] window = first;
        if (overflow > 0) {
            int length = (int) Math.min(bytes, Math.max(limits.windowBytesMax(), first.length));
            window = read(number, offset, length);
        }
        return new Page(this, number, offset, bytes, window).checked();
    }

    byte[] read(long page, long offset, int length) throws IOException {
        byte[] bytes = new byte[length];
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining()) {
            if (file.read(buffer, offset + buffer.position()) < 0) {
                throw new BoltException(
                        page,
                        length + " bytes at " + offset,
                        "the end of the file after " + buffer.position());
            }
        }
        return bytes;
    }
}
