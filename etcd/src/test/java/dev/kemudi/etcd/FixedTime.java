package dev.kemudi.etcd;

import dev.kemudi.kernel.TimeSource;

/** A clock that stands where the test puts it. */
record FixedTime(long[] millis) implements TimeSource {
    @Override
    public long nanoTime() {
        return millis[0] * 1_000_000;
    }

    @Override
    public long epochMillis() {
        return millis[0];
    }

    @Override
    public void sleep(long howLong) {
        millis[0] += howLong;
    }
}
