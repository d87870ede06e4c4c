package dev.kemudi.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SimulationTest {
    @Test
    void theSameSeedDecidesTheSame() {
        List<Long> first = new ArrayList<>();
        List<Long> second = new ArrayList<>();
        Simulation.run(7, 3, s -> first.add(s.random().nextLong()));
        Simulation.run(7, 3, s -> second.add(s.random().nextLong()));
        assertThat(second).isEqualTo(first).doesNotHaveDuplicates();
    }

    @Test
    void aFailureNamesItsSeed() {
        assertThatThrownBy(() -> Simulation.run(1, 10, s -> assertThat(s.seed()).isLessThan(4)))
                .isInstanceOf(AssertionError.class)
                .hasMessageStartingWith("seed 4: ");
    }
}
