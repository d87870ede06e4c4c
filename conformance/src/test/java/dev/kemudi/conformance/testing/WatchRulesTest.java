package dev.kemudi.conformance.testing;

import static dev.kemudi.conformance.testing.Told.ALL;
import static dev.kemudi.conformance.testing.Told.at;
import static dev.kemudi.conformance.testing.Told.cell;
import static dev.kemudi.conformance.testing.Told.gone;
import static dev.kemudi.conformance.testing.Told.put;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.conformance.testing.History.Change;
import dev.kemudi.conformance.testing.History.Delivery;
import dev.kemudi.conformance.testing.History.WatchSpec;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Each watch here breaks one of etcd's promises, but for the first. */
class WatchRulesTest {
    private static final Change K2 = put("k", cell("a", 2, 2, 1));
    private static final Change K3 = put("k", cell("b", 2, 3, 2));
    private static final Change M3 = put("m", cell("c", 3, 3, 1));
    private static final Change GONE4 = gone("k", 4);
    private static final Told TRUTH =
            new Told().events(1, false, K2).events(2, false, K3, M3).events(3, false, GONE4);

    private static Delivery answer(Change... changes) {
        return new Delivery(at(1), 4, false, false, List.of(changes));
    }

    private static Delivery fragment(Change... changes) {
        return new Delivery(at(1), 4, true, false, List.of(changes));
    }

    private static Delivery progress(long revision) {
        return new Delivery(at(1), revision, false, true, List.of());
    }

    private static List<String> broken(WatchSpec spec, Delivery... deliveries) {
        return TRUTH.brokenBy(spec, List.of(deliveries));
    }

    @Test
    void aRightWatchIsAccepted() {
        assertThat(broken(ALL, answer(K2), answer(K3, M3), answer(GONE4))).isEmpty();
        assertThat(broken(ALL, answer(K2, K3, M3), progress(3), answer(GONE4))).isEmpty();
        assertThat(broken(ALL, answer(K2), fragment(K3), answer(M3))).isEmpty();
    }

    @Test
    void aGapIsFound() {
        assertThat(broken(ALL, answer(K2), answer(GONE4)))
                .containsExactly("watch gap", "watch gap");
        assertThat(broken(ALL, answer(K2), answer(K3), answer(GONE4))).containsExactly("watch gap");
    }

    @Test
    void aResumedWatchMissesNothingAtItsStart() {
        WatchSpec from3 = new WatchSpec("a", "z", 3, false, false, false);
        assertThat(broken(from3, answer(K3, M3), answer(GONE4))).isEmpty();
        assertThat(broken(from3, answer(GONE4))).containsExactly("watch gap", "watch gap");
    }

    @Test
    void aDuplicateIsFound() {
        assertThat(broken(ALL, answer(K2, K2))).contains("watch duplicate");
        assertThat(broken(ALL, answer(K2), answer(K3, M3), answer(K3, M3)))
                .contains("watch duplicate");
    }

    @Test
    void goingBackIsFound() {
        assertThat(broken(ALL, answer(K3, M3), answer(K2))).containsExactly("watch out of order");
    }

    @Test
    void aRevisionSplitOverAnswersIsFound() {
        assertThat(broken(ALL, answer(K2), answer(K3), answer(M3)))
                .containsExactly("watch split a revision");
    }

    @Test
    void anEventBeforeTheStartIsFound() {
        WatchSpec from3 = new WatchSpec("a", "z", 3, false, false, false);
        assertThat(broken(from3, answer(K2), answer(K3, M3))).containsExactly("watch start");
    }

    @Test
    void aKeyOutsideTheRangeIsFound() {
        WatchSpec one = new WatchSpec("k", "", 2, false, false, false);
        assertThat(broken(one, answer(K2), answer(K3, M3))).containsExactly("watch range");
    }

    @Test
    void progressPromisesThatNothingBelowComes() {
        assertThat(broken(ALL, answer(K2), progress(3), answer(K3, M3))).contains("watch bookmark");
        assertThat(broken(ALL, answer(K2), progress(3))).containsExactly("watch gap", "watch gap");
    }

    @Test
    void whatAFilterTakesOutDoesNotCome() {
        WatchSpec noDelete = new WatchSpec("a", "z", 2, false, false, true);
        assertThat(broken(noDelete, answer(K2), answer(K3, M3))).isEmpty();
        assertThat(broken(noDelete, answer(K2), answer(K3, M3), answer(GONE4)))
                .containsExactly("watch filter");
        WatchSpec noPut = new WatchSpec("a", "z", 2, false, true, false);
        assertThat(broken(noPut, answer(GONE4))).isEmpty();
        assertThat(broken(noPut, answer(K2), answer(GONE4))).containsExactly("watch filter");
    }

    @Test
    void thePreviousValueIsTheOneBefore() {
        WatchSpec previous = new WatchSpec("k", "", 3, true, false, false);
        Change right = new Change(false, "k", K3.cell(), Optional.of(K2.cell()));
        Change wrong = new Change(false, "k", K3.cell(), Optional.of(K3.cell()));
        assertThat(broken(previous, answer(right))).isEmpty();
        assertThat(broken(previous, answer(K3))).containsExactly("watch previous value");
        assertThat(broken(previous, answer(wrong))).containsExactly("watch previous value");
        assertThat(broken(ALL, answer(K2), answer(right, M3)))
                .containsExactly("watch previous value");
    }

    @Test
    void aFirstVersionIsACreationAndNoOtherIs() {
        Change wrong = put("k", cell("b", 3, 3, 2));
        assertThat(broken(ALL, answer(K2), answer(wrong, M3)))
                .containsExactly("watch creation mark");
    }

    @Test
    void twoWatchesThatDisagreeAreFound() {
        Told told =
                new Told().events(1, false, K2).events(2, false, put("k", cell("other", 2, 2, 1)));
        assertThat(told.log().violations()).extracting(v -> v.rule()).contains("watches disagree");
    }
}
