package dev.kemudi.bolt;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Numbers within etcd's keys, which sort as bytes. */
final class BigEndian {
    private static final VarHandle LONG =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private BigEndian() {}

    static long get(byte[] bytes, int at) {
        return (long) LONG.get(bytes, at);
    }

    static void put(byte[] bytes, int at, long value) {
        LONG.set(bytes, at, value);
    }

    static byte[] of(long value) {
        byte[] bytes = new byte[Long.BYTES];
        put(bytes, 0, value);
        return bytes;
    }
}
