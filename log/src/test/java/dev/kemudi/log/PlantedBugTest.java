package dev.kemudi.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The simulation is worth what it finds: each planted bug is found within a few seeds. */
@ExtendWith(Quiet.class)
class PlantedBugTest {
    private static final int SEEDS_MAX = 100;

    /** The first seed that finds it. */
    private static OptionalLong finds(PlantedBug bug, boolean flips) throws Exception {
        for (long seed = 1; seed <= SEEDS_MAX; seed++) {
            if (brokenWith(seed, bug, flips)) {
                return OptionalLong.of(seed);
            }
        }
        return OptionalLong.empty();
    }

    private static boolean brokenWith(long seed, PlantedBug bug, boolean flips) throws Exception {
        try {
            new LogSimulation(seed, bug, flips).go();
            return false;
        } catch (AssertionError e) {
            return true;
        }
    }

    @ParameterizedTest
    @EnumSource(value = PlantedBug.class, mode = EnumSource.Mode.EXCLUDE, names = "NONE")
    void everyPlantedBugIsFoundWithinAFewSeeds(PlantedBug bug) throws Exception {
        OptionalLong seed = finds(bug, false);
        assertThat(seed).as("%s must be found within %d seeds", bug, SEEDS_MAX).isPresent();
        System.out.println(bug + " is found by seed " + seed.getAsLong());
    }

    @Test
    void aFlippedBitIsFoundToBeAppliedWhenNobodyLooksAtChecksums() throws Exception {
        assertThat(finds(PlantedBug.CHECKSUM_IGNORED, true)).isPresent();
    }

    @Test
    void withoutABugFlippedBitsAreNeverApplied() throws Exception {
        for (long seed = 1; seed <= SEEDS_MAX; seed++) {
            new LogSimulation(seed, PlantedBug.NONE, true).go();
        }
    }

    @Test
    void aSeedThatFindsABugFindsItAgain() throws Exception {
        long seed = finds(PlantedBug.NO_SYNC, false).orElseThrow();
        for (int again = 0; again < 5; again++) {
            assertThat(brokenWith(seed, PlantedBug.NO_SYNC, false)).isTrue();
        }
    }
}
