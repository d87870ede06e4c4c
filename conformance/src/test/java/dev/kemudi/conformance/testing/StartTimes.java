package dev.kemudi.conformance.testing;

import dev.kemudi.server.Options;
import dev.kemudi.server.Platform;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;

/**
 * How long the platform takes to start within a JVM, first and later, as a test does it: in memory,
 * on free ports, with keys that are made once. Argument: a folder for what it keeps. Prints rows of
 * Markdown.
 */
final class StartTimes {
    private static final int LATER = 10;

    private StartTimes() {}

    public static void main(String[] arguments) throws Exception {
        double[] millis = new double[LATER + 1];
        Path keys = Path.of(arguments[0], "keys");
        for (int i = 0; i <= LATER; i++) {
            Path directory = Files.createTempDirectory(Path.of(arguments[0]), "start");
            long at = System.nanoTime();
            Platform platform =
                    Platform.start(Options.onFreePorts(directory).inMemory(true).withKeys(keys));
            millis[i] = (System.nanoTime() - at) / 1e6;
            platform.close();
        }
        double[] later = Arrays.copyOfRange(millis, 1, millis.length);
        Arrays.sort(later);
        System.out.printf(
                Locale.ROOT,
                "| first start in a JVM | %.0f ms | ≤ 2 s | %s |%n",
                millis[0],
                millis[0] <= 2_000 ? "yes" : "**no**");
        System.out.printf(
                Locale.ROOT,
                "| later starts, median of %d | %.0f ms (longest %.0f) | ≤ 300 ms | %s |%n",
                LATER,
                later[LATER / 2],
                later[LATER - 1],
                later[LATER / 2] <= 300 ? "yes" : "**no**");
        System.exit(0);
    }
}
