package dev.kemudi.testkit;

import dev.kemudi.kernel.SimulatedTime;
import dev.kemudi.log.SimulatedDisk;
import java.util.SplittableRandom;

/**
 * Everything that chance decides in a test of {@code log} or {@code store}, from one seed: random
 * numbers, a clock that only moves when told, and a disk that forgets, tears and fills up. A
 * failure names the seed, and the seed replays it. The parts are as thread-safe as they say
 * themselves; the random source belongs to one thread.
 */
public final class Simulation {
    /** The simulated clock starts here: 2026-01-01T00:00:00Z. */
    public static final long START_EPOCH_MILLIS = 1_767_225_600_000L;

    private final long seed;
    private final SplittableRandom random;
    private final SimulatedTime time = new SimulatedTime(START_EPOCH_MILLIS);
    private final SimulatedDisk disk;

    private Simulation(long seed) {
        this.seed = seed;
        this.random = new SplittableRandom(seed);
        this.disk = new SimulatedDisk(random.nextLong());
    }

    /** A body of test that may fail. */
    @FunctionalInterface
    public interface Body {
        void run(Simulation simulation) throws Exception;
    }

    /**
     * Runs {@code body} once for each seed from {@code firstSeed} on.
     *
     * @throws AssertionError naming the seed that failed
     */
    public static void run(long firstSeed, int rounds, Body body) {
        for (long seed = firstSeed; seed < firstSeed + rounds; seed++) {
            try {
                body.run(new Simulation(seed));
            } catch (Exception | AssertionError e) {
                throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
            }
        }
    }

    public long seed() {
        return seed;
    }

    public SplittableRandom random() {
        return random;
    }

    public SimulatedTime time() {
        return time;
    }

    public SimulatedDisk disk() {
        return disk;
    }
}
