package dev.kemudi.bolt;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** Writes pages one after the other through one buffer; a page's number is its turn. */
final class PageSink {
    private static final byte[] ZEROS = new byte[4_096];

    private final FileChannel file;
    private final int pageSize;
    private final ByteBuffer buffer;
    private long nextPage;

    /** Begins behind the first {@code skipped} pages. */
    PageSink(FileChannel file, int pageSize, int bufferBytes, int skipped) throws IOException {
        this.file = file;
        this.pageSize = pageSize;
        this.buffer = ByteBuffer.allocateDirect(Math.max(bufferBytes, 2 * pageSize));
        for (int i = 0; i < skipped; i++) {
            pad(pageSize);
        }
        this.nextPage = skipped;
    }

    int pageSize() {
        return pageSize;
    }

    /** The number that the next page will have; all below are written. */
    long nextPage() {
        return nextPage;
    }

    /** Writes one page, with overflow as needed, whose content is some parts in a row. */
    long write(int kind, int count, byte[] table, int tableBytes, byte[] content, int contentBytes)
            throws IOException {
        long bytes = (long) Format.PAGE_HEADER_BYTES + tableBytes + contentBytes;
        long pages = Math.max(1, (bytes + pageSize - 1) / pageSize);
        byte[] header = new byte[Format.PAGE_HEADER_BYTES];
        long number = nextPage;
        Format.putHeader(header, 0, number, kind, count, Math.toIntExact(pages - 1));
        put(header, header.length);
        put(table, tableBytes);
        put(content, contentBytes);
        pad((int) (pages * pageSize - bytes));
        nextPage += pages;
        return number;
    }

    private void put(byte[] bytes, int length) throws IOException {
        int from = 0;
        while (from < length) {
            if (!buffer.hasRemaining()) {
                flush();
            }
            int part = Math.min(buffer.remaining(), length - from);
            buffer.put(bytes, from, part);
            from += part;
        }
    }

    private void pad(int length) throws IOException {
        for (int left = length; left > 0; left -= ZEROS.length) {
            put(ZEROS, Math.min(left, ZEROS.length));
        }
    }

    void flush() throws IOException {
        buffer.flip();
        while (buffer.hasRemaining()) {
            file.write(buffer);
        }
        buffer.clear();
    }
}
