package dev.kemudi.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Log and state machine through simulated crashes, and what that is worth: each planted bug is
 * found. The long form is {@code -Dkemudi.store.seeds=20000}; one seed is {@code
 * -Dkemudi.store.seed=7 -Dkemudi.store.seeds=1}.
 */
@Timeout(value = 3, unit = TimeUnit.HOURS) // of the long form
class StoreSimulationTest {
    private static final long FIRST = Long.getLong("kemudi.store.seed", 1);
    private static final long SEEDS = Long.getLong("kemudi.store.seeds", 60);
    private static final int SEEDS_MAX = 60;

    /** Stores that lose their disk say so, and would bury the tests' own output. */
    private static final Logger LOGS = Logger.getLogger("dev.kemudi");

    @BeforeAll
    static void quiet() {
        LOGS.setLevel(Level.OFF);
    }

    @AfterAll
    static void loud() {
        LOGS.setLevel(null);
    }

    @Test
    void noCrashLosesOrInventsAnything() throws IOException {
        long survived = 0;
        for (long seed = FIRST; seed < FIRST + SEEDS; seed++) {
            StoreSimulation simulation = new StoreSimulation(seed, StoreBug.NONE, false);
            simulation.go();
            survived += simulation.survived();
        }
        System.out.println(SEEDS + " seeds: " + survived + " transactions found after crashes");
        assertThat(survived).as("there was something to lose").isGreaterThan(40 * SEEDS);
    }

    @Test
    void aFlippedBitOfTheLogIsNeverTakenForTheTruth() throws IOException {
        for (long seed = FIRST; seed < FIRST + SEEDS; seed++) {
            new StoreSimulation(seed, StoreBug.NONE, true).go();
        }
    }

    /** What is found broken. */
    private static Optional<String> finding(long seed, StoreBug bug) throws IOException {
        try {
            new StoreSimulation(seed, bug, false).go();
            return Optional.empty();
        } catch (AssertionError e) {
            return Optional.of(
                    String.valueOf(e.getMessage()).strip().lines().findFirst().orElseThrow());
        }
    }

    private static OptionalLong finds(StoreBug bug) throws IOException {
        for (long seed = 1; seed <= SEEDS_MAX; seed++) {
            Optional<String> found = finding(seed, bug);
            if (found.isPresent()) {
                System.out.println(bug + " is found: " + found.get());
                return OptionalLong.of(seed);
            }
        }
        return OptionalLong.empty();
    }

    @ParameterizedTest
    @EnumSource(value = StoreBug.class, mode = EnumSource.Mode.EXCLUDE, names = "NONE")
    void everyPlantedBugIsFoundWithinAFewSeeds(StoreBug bug) throws IOException {
        assertThat(finds(bug)).as("%s, within %d seeds", bug, SEEDS_MAX).isPresent();
    }

    @ParameterizedTest
    @EnumSource(
            value = StoreBug.class,
            names = {"LOG_SYNC_LOST", "STATE_MARK_BEHIND"})
    void aSeedThatFindsABugFindsItAgain(StoreBug bug) throws IOException {
        long seed = finds(bug).orElseThrow();
        for (int again = 0; again < 3; again++) {
            assertThat(finding(seed, bug)).isPresent();
        }
    }
}
