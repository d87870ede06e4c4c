package dev.kemudi.conformance.testing;

import static dev.kemudi.conformance.testing.Told.cell;
import static dev.kemudi.conformance.testing.Told.gone;
import static dev.kemudi.conformance.testing.Told.put;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.conformance.testing.History.Cell;
import dev.kemudi.conformance.testing.History.Guard;
import dev.kemudi.conformance.testing.History.LeaseAct;
import dev.kemudi.conformance.testing.History.Outcome;
import dev.kemudi.conformance.testing.History.Request;
import dev.kemudi.conformance.testing.History.Result;
import dev.kemudi.conformance.testing.History.Step;
import dev.kemudi.conformance.testing.History.Target;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A checker is worth what it rejects: each history here is wrong in one way, but for the first. */
class HistoryCheckerTest {
    private static Told right() {
        return new Told()
                .put(1, 2, "k", "a", 2)
                .swap(3, 4, "k", "a", "b", 3)
                .pair(5, 6, "k", "m", "c", 4)
                .get(7, 8, false, 4, "k", cell("c1", 2, 4, 3))
                .event(1.5, "k", cell("a", 2, 2, 1))
                .event(3.5, "k", cell("b", 2, 3, 2))
                .events(5.5, false, put("k", cell("c1", 2, 4, 3)), put("m", cell("c2", 4, 4, 1)));
    }

    private static Told one() {
        return new Told().put(1, 2, "k", "a", 2).event(1.5, "k", cell("a", 2, 2, 1));
    }

    @Test
    void aRightHistoryIsAccepted() {
        assertThat(right().broken()).isEmpty();
    }

    @Test
    void aReadBelowWhatWasToldBeforeIsStale() {
        Told told =
                right().get(9, 10, false, 3, "k", cell("b", 2, 3, 2))
                        .get(9, 10, true, 3, "k", cell("b", 2, 3, 2));
        assertThat(told.broken()).containsExactly("stale read");
    }

    @Test
    void aReadBelowWhatAWatchHadSeenIsStale() {
        Told told =
                one().lostAnswer(2, "k", "b")
                        .event(3, "k", cell("b", 2, 3, 2))
                        .get(4, 5, false, 2, "k", cell("a", 2, 2, 1));
        assertThat(told.broken()).containsExactly("stale read");
    }

    @Test
    void aReadThatShowsAnotherStateThanItsRevisionIsWrong() {
        assertThat(right().get(9, 10, true, 3, "k", cell("a", 2, 2, 1)).broken())
                .containsExactly("read differs from the state");
    }

    @Test
    void aReadOfAPastRevisionShowsThatRevision() {
        Request past = new Request(List.of(), List.of(new Step.Get("k", "")), List.of(), false, 2);
        Result old = new Result.Got(Map.of("k", cell("a", 2, 2, 1)), 1);
        Result wrong = new Result.Got(Map.of("k", cell("b", 2, 3, 2)), 1);
        Told told = right().call(9, 10, past, new Outcome.Done(4, true, List.of(old)));
        assertThat(told.broken()).isEmpty();
        told.call(11, 12, past, new Outcome.Done(4, true, List.of(wrong)));
        assertThat(told.broken()).containsExactly("read differs from the state");
    }

    @Test
    void anAcknowledgedWriteThatNobodySawIsLost() {
        assertThat(one().put(3, 4, "k", "b", 3).broken()).containsExactly("lost write");
    }

    @Test
    void anAcknowledgedWriteThatAnotherReplacedIsLost() {
        Told told =
                one().put(3, 4, "k", "b", 3)
                        .lostAnswer(3, "k", "c")
                        .event(5, "k", cell("c", 2, 3, 2));
        assertThat(told.broken()).containsExactly("half applied");
    }

    @Test
    void aRevisionThatNoWatchSawIsAHole() {
        Told told = one().lostAnswer(3, "k", "c").event(5, "k", cell("c", 2, 4, 3));
        assertThat(told.broken()).contains("lost revision", "version and creation");
    }

    @Test
    void aWriteOfUnknownOutcomeMayHaveHappenedOrNot() {
        Told told =
                one().lostAnswer(3, "k", "b")
                        .lostAnswer(4, "k", "c")
                        .event(9, "k", cell("b", 2, 3, 2));
        assertThat(told.broken()).isEmpty();
    }

    @Test
    void aWriteOfUnknownOutcomeHappensOnceAtMost() {
        Told told =
                one().lostAnswer(3, "k", "b")
                        .event(4, "k", cell("b", 2, 3, 2))
                        .event(5, "k", cell("b", 2, 4, 3));
        assertThat(told.broken()).containsExactly("applied twice");
    }

    @Test
    void anAcknowledgedWriteHappensOnce() {
        assertThat(one().event(5, "k", cell("a", 2, 3, 2)).broken())
                .containsExactly("applied twice");
    }

    @Test
    void aRefusedWriteNeverHappens() {
        Told told =
                one().call(
                                3,
                                4,
                                Request.of(new Step.Put("k", "b", 0)),
                                new Outcome.Refused("no space"))
                        .event(5, "k", cell("b", 2, 3, 2));
        assertThat(told.broken()).containsExactly("refused, yet written");
    }

    @Test
    void whatNobodyWroteIsNotThere() {
        assertThat(one().event(5, "k", cell("x", 2, 3, 2)).broken())
                .containsExactly("written by nobody");
        assertThat(one().events(5, false, gone("k", 3)).broken())
                .containsExactly("deleted by nobody");
    }

    @Test
    void aWriteCalledAfterAnotherReturnedHasAHigherRevision() {
        Told told =
                new Told()
                        .put(1, 2, "k", "a", 3)
                        .put(3, 4, "k", "b", 2)
                        .event(5, "k", cell("b", 2, 2, 1))
                        .event(5, "k", cell("a", 2, 3, 2));
        assertThat(told.broken()).containsExactly("revision went back");
    }

    @Test
    void aWriteOfUnknownOutcomeDoesNotHappenBeforeItsCall() {
        Told told =
                new Told()
                        .put(1, 2, "k", "a", 3)
                        .lostAnswer(3, "k", "b")
                        .event(5, "k", cell("b", 2, 2, 1))
                        .event(5, "k", cell("a", 2, 3, 2));
        assertThat(told.broken()).containsExactly("revision went back");
    }

    @Test
    void twoWritesDoNotShareARevision() {
        assertThat(one().put(1, 2, "k", "b", 2).broken())
                .contains("one revision, two writes", "half applied");
    }

    @Test
    void aTransactionIsWholeOrNotThere() {
        Told told = one().pair(3, 4, "k", "m", "b", 3).event(4, "k", cell("b1", 2, 3, 2));
        assertThat(told.broken()).containsExactly("half applied");
    }

    @Test
    void aTransactionOfUnknownOutcomeIsWholeOrNotThere() {
        Request pair = Request.of(new Step.Put("k", "b1", 0), new Step.Put("m", "b2", 0));
        Told told = one().unknown(3, pair).event(4, "k", cell("b1", 2, 3, 2));
        assertThat(told.broken()).containsExactly("half applied");
    }

    @Test
    void aSwapWhoseGuardDidNotHoldWritesNothing() {
        Told told = one().swap(3, 4, "k", "x", "b", 3).event(4, "k", cell("b", 2, 3, 2));
        assertThat(told.broken()).containsExactly("wrong branch");
        Told unknown = one().unknown(3, Told.swap("k", "x", "b")).event(4, "k", cell("b", 2, 3, 2));
        assertThat(unknown.broken()).containsExactly("half applied");
    }

    @Test
    void aDeleteOfUnknownOutcomeExplainsOneDelete() {
        Told told =
                one().unknown(3, Request.of(new Step.Delete("k"))).events(4, false, gone("k", 3));
        assertThat(told.broken()).isEmpty();
        told.lostAnswer(4, "k", "b")
                .event(5, "k", cell("b", 4, 4, 1))
                .events(6, false, gone("k", 5));
        assertThat(told.broken()).containsExactly("deleted by nobody");
    }

    private static Request create(String key, String value) {
        return new Request(
                List.of(new Guard(key, Target.CREATE, "0")),
                List.of(new Step.Put(key, value, 0)),
                List.of(new Step.Delete(key)),
                false,
                0);
    }

    @Test
    void aDeleteMayBeTheOtherBranchOfATransactionOfUnknownOutcome() {
        Told told = one().unknown(3, create("k", "b")).events(4, false, gone("k", 3));
        assertThat(told.broken()).isEmpty();
    }

    @Test
    void aTransactionThatIsSeenToHaveWrittenDeletedNothing() {
        Told told =
                one().unknown(3, create("k", "b"))
                        .events(4, false, gone("k", 3))
                        .event(5, "k", cell("b", 4, 4, 1));
        assertThat(told.broken()).containsExactly("deleted by nobody");
    }

    private static Told leased() {
        Cell held = new Cell("a", 2, 2, 1, 77);
        return new Told()
                .lease(LeaseAct.GRANT, 77, 5, 0, 1)
                .call(1, 2, Request.of(new Step.Put("k", "a", 77)), Told.wrote(2))
                .event(1.5, "k", held)
                .lease(LeaseAct.KEEP, 77, 5, 3, 4);
    }

    @Test
    void aLeaseMayEndWhenItsTimeHasPassed() {
        assertThat(leased().events(8.5, false, gone("k", 3)).broken()).isEmpty();
    }

    @Test
    void aLeaseDoesNotEndBeforeItsTime() {
        assertThat(leased().events(7.5, false, gone("k", 3)).broken())
                .containsExactly("lease ended early");
        Told revoked = leased().lease(LeaseAct.REVOKE, 77, 0, 5, 6);
        assertThat(revoked.events(5.5, false, gone("k", 3)).broken()).isEmpty();
    }

    @Test
    void aLeaseTakesAllItsKeysAtOnce() {
        Told told =
                leased().call(4, 5, Request.of(new Step.Put("m", "b", 77)), Told.wrote(3))
                        .event(4.5, "m", new Cell("b", 3, 3, 1, 77))
                        .events(9, false, gone("k", 4));
        assertThat(told.broken()).containsExactly("a lease ended half");
    }
}
