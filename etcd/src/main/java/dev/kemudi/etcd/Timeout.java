package dev.kemudi.etcd;

import java.util.concurrent.TimeUnit;

/** gRPC's header of how long a client waits: up to eight digits and a letter. */
final class Timeout {
    private static final int DIGITS_MAX = 8;
    private static final int TEN = 10;

    private Timeout() {}

    /** Negative when it is not one. */
    static long nanos(CharSequence text) {
        int digits = text.length() - 1;
        if (digits < 1 || digits > DIGITS_MAX) {
            return -1;
        }
        long count = 0;
        for (int i = 0; i < digits; i++) {
            int digit = text.charAt(i) - '0';
            if (digit < 0 || digit >= TEN) {
                return -1;
            }
            count = count * TEN + digit;
        }
        return switch (text.charAt(digits)) {
            case 'n' -> count;
            case 'u' -> TimeUnit.MICROSECONDS.toNanos(count);
            case 'm' -> TimeUnit.MILLISECONDS.toNanos(count);
            case 'S' -> TimeUnit.SECONDS.toNanos(count);
            case 'M' -> TimeUnit.MINUTES.toNanos(count);
            case 'H' -> TimeUnit.HOURS.toNanos(count);
            default -> -1;
        };
    }
}
