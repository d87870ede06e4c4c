package dev.kemudi.gateway;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import org.jspecify.annotations.Nullable;

/** Joins what was left unread with what came. */
final class Buffers {
    private Buffers() {}

    /**
     * Takes over both references. Copies only when something was left: heads that come in one piece
     * never are.
     */
    static ByteBuf join(ByteBufAllocator allocator, @Nullable ByteBuf before, ByteBuf more) {
        if (before == null) {
            return more;
        }
        if (!before.isReadable()) {
            before.release();
            return more;
        }
        if (before.refCnt() == 1
                && !before.isReadOnly()
                && before.writableBytes() >= more.readableBytes()) {
            before.writeBytes(more);
            more.release();
            return before;
        }
        int size = before.readableBytes() + more.readableBytes();
        ByteBuf joined = allocator.directBuffer(Math.max(size, Integer.highestOneBit(size) << 1));
        joined.writeBytes(before).writeBytes(more);
        before.release();
        more.release();
        return joined;
    }
}
