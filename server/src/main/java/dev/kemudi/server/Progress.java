package dev.kemudi.server;

import java.io.PrintStream;
import java.time.Duration;

/**
 * One line about what is being waited for: redrawn in place on a terminal, plain lines elsewhere.
 * What takes less than a second is not worth a line. Used by one thread.
 */
final class Progress {
    private static final long QUIET_NANOS = Duration.ofSeconds(1).toNanos();

    private final PrintStream out;
    private final boolean terminal;
    private final long startNanos = System.nanoTime();
    private boolean drawn;

    Progress(PrintStream out, boolean terminal) {
        this.out = out;
        this.terminal = terminal;
    }

    /** Shows nothing. */
    static Progress silent() {
        return new Progress(new PrintStream(PrintStream.nullOutputStream()), false);
    }

    void show(String waitingFor) {
        long elapsed = System.nanoTime() - startNanos;
        if (elapsed < QUIET_NANOS) {
            return;
        }
        String line =
                "waiting %d s: %s".formatted(Duration.ofNanos(elapsed).toSeconds(), waitingFor);
        if (terminal) {
            out.print("\r\033[K" + line);
            out.flush();
            drawn = true;
        } else {
            out.println(line);
        }
    }

    void clear() {
        if (drawn) {
            out.print("\r\033[K");
            out.flush();
            drawn = false;
        }
    }
}
