package dev.kemudi.conformance.testing;

import static dev.kemudi.conformance.testing.Told.cell;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.conformance.testing.RegisterSearch.Kind;
import dev.kemudi.conformance.testing.RegisterSearch.Operation;
import dev.kemudi.conformance.testing.RegisterSearch.Verdict;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RegisterSearchTest {
    private static Operation write(long from, long to, String value) {
        return new Operation(from, to, Kind.WRITE, "", value, true);
    }

    private static Operation read(long from, long to, String value) {
        return new Operation(from, to, Kind.READ, "", value, true);
    }

    private static Operation swap(long from, long to, String expected, String value) {
        return new Operation(from, to, Kind.SWAP, expected, value, true);
    }

    private static Operation lost(long from, String value) {
        return new Operation(from, History.NEVER, Kind.WRITE, "", value, false);
    }

    private static Verdict search(Operation... operations) {
        return new RegisterSearch(100_000).search(List.of(operations));
    }

    @Test
    void anOrderThatExplainsAllIsFound() {
        assertThat(search(write(1, 5, "a"), write(2, 6, "b"), read(7, 8, "a")))
                .isEqualTo(Verdict.LINEARIZABLE);
        assertThat(search(write(1, 2, "a"), swap(3, 4, "a", "b"), read(5, 6, "b")))
                .isEqualTo(Verdict.LINEARIZABLE);
        assertThat(search(write(1, 2, "a"), lost(3, "b"), read(9, 10, "b")))
                .isEqualTo(Verdict.LINEARIZABLE);
        assertThat(search(write(1, 2, "a"), lost(3, "b"), read(9, 10, "a")))
                .isEqualTo(Verdict.LINEARIZABLE);
    }

    @Test
    void aStaleReadIsFound() {
        assertThat(search(write(1, 2, "a"), write(3, 4, "b"), read(5, 6, "a")))
                .isEqualTo(Verdict.NOT_LINEARIZABLE);
    }

    @Test
    void aLostWriteIsFound() {
        assertThat(search(write(1, 2, "a"), read(3, 4, ""))).isEqualTo(Verdict.NOT_LINEARIZABLE);
    }

    @Test
    void readsThatGoBackAreFound() {
        assertThat(search(write(1, 9, "a"), read(2, 3, "a"), read(4, 5, "")))
                .isEqualTo(Verdict.NOT_LINEARIZABLE);
    }

    @Test
    void twoSwapsOfTheSameValueAreFound() {
        assertThat(search(write(1, 2, "a"), swap(3, 6, "a", "b"), swap(4, 7, "a", "c")))
                .isEqualTo(Verdict.NOT_LINEARIZABLE);
    }

    @Test
    void aSearchThatGrowsTooLargeIsUndecided() {
        List<Operation> many = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            many.add(write(1, 100, "v" + i));
        }
        many.add(read(200, 201, "never"));
        assertThat(new RegisterSearch(1_000).search(many)).isEqualTo(Verdict.UNDECIDED);
    }

    @Test
    void itFindsWhatARegisterThatForgetsDoes() {
        int found = 0;
        for (int seed = 0; seed < 50; seed++) {
            boolean right = search(random(seed, false)).equals(Verdict.LINEARIZABLE);
            assertThat(right).as("seed %d", seed).isTrue();
            found += search(random(seed, true)).equals(Verdict.NOT_LINEARIZABLE) ? 1 : 0;
        }
        assertThat(found).isGreaterThan(40);
    }

    /** Operations that take effect at one instant between call and return, unless it forgets. */
    private static Operation[] random(long seed, boolean forgets) {
        Random random = new Random(seed);
        List<Operation> all = new ArrayList<>();
        String value = "";
        for (int i = 0; i < 300; i++) {
            long effect = i * 10L;
            long from = effect - random.nextInt(30);
            long to = effect + 1 + random.nextInt(30);
            if (random.nextBoolean()) {
                all.add(write(from, to, "v" + i));
                value = forgets && random.nextInt(4) == 0 ? value : "v" + i;
            } else {
                all.add(read(from, to, value));
            }
        }
        return all.toArray(Operation[]::new);
    }

    @Test
    void aHistoryIsTakenApartByKey() {
        Told told =
                new Told()
                        .pair(1, 2, "k", "m", "a", 2)
                        .swap(3, 4, "k", "a1", "b", 3)
                        .get(5, 6, false, 3, "k", cell("b", 2, 3, 2))
                        .get(5, 6, true, 2, "k", cell("a1", 2, 2, 1))
                        .get(5, 6, false, 3, "m", cell("wrong", 2, 2, 1));
        List<Operation> k = RegisterSearch.of(told.history(), told.log(), "k");
        List<Operation> m = RegisterSearch.of(told.history(), told.log(), "m");
        assertThat(k).hasSize(3);
        assertThat(new RegisterSearch(1_000).search(k)).isEqualTo(Verdict.LINEARIZABLE);
        assertThat(new RegisterSearch(1_000).search(m)).isEqualTo(Verdict.NOT_LINEARIZABLE);
    }
}
