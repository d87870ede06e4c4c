package dev.kemudi.gateway;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.Arrays;

/**
 * A growing array in which a loop composes what it is about to write; reused, so composing
 * allocates nothing.
 */
final class Out {
    private static final byte[] HEX = Bytes.ascii("0123456789abcdef");
    private static final byte[] CRLF = {'\r', '\n'};

    private byte[] bytes = new byte[4096];
    private int size;

    Out clear() {
        size = 0;
        return this;
    }

    int size() {
        return size;
    }

    private void room(int more) {
        if (bytes.length - size < more) {
            bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, size + more));
        }
    }

    Out put(byte[] source) {
        return put(source, 0, source.length);
    }

    Out put(byte[] source, int start, int end) {
        room(end - start);
        System.arraycopy(source, start, bytes, size, end - start);
        size += end - start;
        return this;
    }

    Out put(char c) {
        room(1);
        bytes[size++] = (byte) c;
        return this;
    }

    Out crlf() {
        return put(CRLF);
    }

    @SuppressWarnings(
            "deprecation") // getBytes(int, int, byte[], int) is the Latin-1 copy wanted here
    Out put(String latin) {
        int length = latin.length();
        room(length);
        latin.getBytes(0, length, bytes, size);
        size += length;
        return this;
    }

    Out header(byte[] name, String value) {
        return put(name).put(value).crlf();
    }

    /** Sixteen hexadecimal digits. */
    Out hex(long value) {
        room(16);
        for (int shift = 60; shift >= 0; shift -= 4) {
            bytes[size++] = HEX[(int) (value >>> shift) & 15];
        }
        return this;
    }

    /** As few hexadecimal digits as needed: a chunk size. */
    Out shortHex(int value) {
        room(8);
        boolean started = false;
        for (int shift = 28; shift >= 0; shift -= 4) {
            int digit = (value >>> shift) & 15;
            if (digit != 0 || started || shift == 0) {
                started = true;
                bytes[size++] = HEX[digit];
            }
        }
        return this;
    }

    /** A chunk of {@code body} with its framing; does not consume {@code body}'s reference. */
    Out chunk(ByteBuf body) {
        return shortHex(body.readableBytes()).crlf().put(body).crlf();
    }

    Out put(ByteBuf body) {
        int more = body.readableBytes();
        room(more);
        body.getBytes(body.readerIndex(), bytes, size, more);
        size += more;
        return this;
    }

    ByteBuf toBuffer(ByteBufAllocator allocator) {
        return allocator.directBuffer(size, size).writeBytes(bytes, 0, size);
    }
}
