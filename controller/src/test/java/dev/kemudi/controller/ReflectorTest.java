package dev.kemudi.controller;

import static dev.kemudi.controller.Eventually.eventually;
import static dev.kemudi.controller.ScriptedServer.WIDGETS;
import static dev.kemudi.controller.ScriptedServer.gone;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.api.ApiException;
import dev.kemudi.api.ListOptions;
import dev.kemudi.api.Status;
import dev.kemudi.api.WatchEvent;
import dev.kemudi.api.WatchOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Statements 22–29: how the cache is kept true against a server that misbehaves. */
class ReflectorTest {
    private final ScriptedServer server = new ScriptedServer();
    private final FakeTime time = new FakeTime();
    private Informer informer = informer(false);

    private Informer informer(boolean watchList) {
        return Informer.builder(server, WIDGETS)
                .time(time)
                .random(new Random(7))
                .watchList(watchList)
                .build();
    }

    @AfterEach
    void close() {
        informer.close();
    }

    private void start() throws InterruptedException {
        informer.start();
        assertThat(informer.awaitSynced(Duration.ofSeconds(20))).isTrue();
        eventually("a watch is open", () -> server.openStreams() > 0);
    }

    private List<String> listedAt() {
        return server.lists().stream().map(ListOptions::resourceVersion).toList();
    }

    private static Optional<RuntimeException> refused(int code, String reason) {
        return Optional.of(new ApiException(Status.of(code, reason, reason)));
    }

    @Test
    void theFirstListAsksForRevisionZeroAndALaterOneForTheLastSeen() throws InterruptedException {
        start();
        String seen = server.put("a", "1").resourceVersion();
        eventually("seen", () -> informer.revision().equals(seen));
        server.send(new WatchEvent.Failed(Status.expired("too old")));
        eventually("a second list", () -> server.lists().size() == 2);
        assertThat(listedAt()).containsExactly("0", seen);
    }

    @Test
    void aListRefusedAsExpiredIsRetriedForTheNewest() throws InterruptedException {
        start();
        server.listFault(
                o -> o.resourceVersion().isEmpty() ? Optional.empty() : Optional.of(gone()));
        server.send(new WatchEvent.Failed(Status.expired("too old")));
        eventually("a third list", () -> server.lists().size() == 3);
        assertThat(listedAt()).containsExactly("0", "10", "");
    }

    @Test
    void aListRefusedAsTooLargeARevisionIsRetriedForTheNewest() throws InterruptedException {
        start();
        server.listFault(o ->
                o.resourceVersion().isEmpty()
                        ? Optional.empty()
                        : refused(504, "Too large resource version"));
        server.send(new WatchEvent.Failed(Status.expired("too old")));
        eventually("a third list", () -> server.lists().size() == 3);
        assertThat(listedAt()).containsExactly("0", "10", "");
    }

    @Test
    void aWatchThatIsGoneRelistsFromTheLastRevisionFirstWhetherByAnswerOrByEvent()
            throws InterruptedException {
        start();
        server.put("a", "1");
        eventually("seen", () -> informer.size() == 1);
        server.compact();
        server.mute(true);
        server.put("b", "1");
        server.compact();
        server.mute(false);
        server.dropStreams();
        eventually("b is there", () -> informer.size() == 2);
        assertThat(listedAt()).containsExactly("0", "11");
    }

    @Test
    void aBookmarkMovesTheRevisionAndTheNextWatchStartsThere() throws InterruptedException {
        start();
        server.send(new WatchEvent.Bookmark("77", false));
        eventually("seen", () -> informer.revision().equals("77"));
        server.dropStreams();
        eventually("a second watch", () -> server.watches().size() == 2);
        assertThat(server.watches().get(1).resourceVersion()).isEqualTo("77");
        assertThat(server.lists()).hasSize(1);
    }

    @Test
    void aDroppedStreamResumesWithoutAListAndMissesNothing() throws InterruptedException {
        start();
        server.put("a", "1");
        eventually("seen", () -> informer.size() == 1);
        server.mute(true);
        server.put("b", "1");
        server.mute(false);
        server.dropStreams();
        eventually("b is there", () -> informer.size() == 2);
        assertThat(server.lists()).hasSize(1);
    }

    @Test
    void aWatchAsksForARandomTimeoutBetweenFiveAndTenMinutes() throws InterruptedException {
        start();
        for (int i = 2; i < 12; i++) {
            int count = i;
            server.put("a", Integer.toString(i)); // so that no watch counts as empty
            eventually("heard", () -> informer.revision().equals(Long.toString(server.revision())));
            server.dropStreams();
            eventually(
                    "a watch", () -> server.watches().size() == count && server.openStreams() == 1);
        }
        List<Integer> timeouts =
                server.watches().stream().map(WatchOptions::timeoutSeconds).toList();
        assertThat(timeouts).allMatch(t -> t >= 300 && t <= 600);
        assertThat(timeouts).doesNotHaveDuplicates().hasSizeGreaterThan(5);
    }

    @Test
    void aWatchThatEndsAtOnceAndToldNothingIsAnErrorWithGrowingPauses()
            throws InterruptedException {
        start();
        for (int i = 2; i < 7; i++) {
            int count = i;
            server.dropStreams();
            eventually(
                    "a watch", () -> server.watches().size() == count && server.openStreams() == 1);
        }
        List<Long> slept = time.slept();
        assertThat(slept).hasSize(5);
        long step = 800;
        for (long pause : slept) {
            assertThat(pause).isBetween(step, 2 * step);
            step *= 2;
        }
    }

    @Test
    void pausesAreBoundedAndStartAnewAfterTwoQuietMinutes() {
        Backoff backoff = Backoff.reflector(new Random(1));
        long now = 1;
        for (int i = 0; i < 20; i++) {
            assertThat(backoff.nextMillis(now)).isLessThanOrEqualTo(60_000);
            now += 1_000_000_000L;
        }
        assertThat(backoff.nextMillis(now)).isGreaterThanOrEqualTo(30_000);
        now += 121_000_000_000L;
        assertThat(backoff.nextMillis(now)).isLessThanOrEqualTo(1_600);
    }

    @Test
    void tooManyRequestsOnAWatchPausesAndKeepsTheRevision() throws InterruptedException {
        start();
        AtomicInteger refusals = new AtomicInteger(2);
        server.watchFault(o ->
                refusals.getAndDecrement() > 0
                        ? refused(429, "TooManyRequests")
                        : Optional.empty());
        server.dropStreams();
        eventually(
                "a watch again", () -> server.watches().size() == 4 && server.openStreams() == 1);
        assertThat(server.lists()).hasSize(1);
        assertThat(time.slept()).hasSizeGreaterThanOrEqualTo(2);
    }

    @Test
    void aRefusedConnectionRetriesTheWatchWithoutAList() throws InterruptedException {
        start();
        AtomicInteger refusals = new AtomicInteger(3);
        server.watchFault(o ->
                refusals.getAndDecrement() > 0
                        ? Optional.of(
                                new UncheckedIOException(new IOException("connection refused")))
                        : Optional.empty());
        server.dropStreams();
        eventually(
                "a watch again", () -> server.watches().size() == 5 && server.openStreams() == 1);
        assertThat(server.lists()).hasSize(1);
    }

    @Test
    void aServerThatIsAwayAtTheStartIsTriedUntilItAnswers() throws InterruptedException {
        AtomicInteger refusals = new AtomicInteger(3);
        server.listFault(o ->
                refusals.getAndDecrement() > 0
                        ? Optional.of(
                                new UncheckedIOException(new IOException("connection refused")))
                        : Optional.empty());
        start();
        assertThat(server.lists()).hasSize(4);
    }

    @Test
    void aWatchListFillsTheCacheAtItsMarkedBookmarkAndNeverLists() throws InterruptedException {
        server.put("a", "1");
        informer = informer(true);
        start();
        assertThat(informer.size()).isEqualTo(1);
        assertThat(informer.revision()).isEqualTo("11");
        assertThat(server.lists()).isEmpty();
        assertThat(server.watches().getFirst().sendInitialEvents()).isTrue();
    }

    @Test
    void initialEventsOfAStreamThatBreaksBeforeItsBookmarkAreForgotten()
            throws InterruptedException {
        informer = informer(true);
        AtomicInteger first = new AtomicInteger(1);
        server.watchFault(o ->
                first.getAndDecrement() > 0
                        ? Optional.of(new UncheckedIOException(new IOException("cut")))
                        : Optional.empty());
        server.put("a", "1");
        start();
        assertThat(server.watches().get(1).resourceVersion()).isEqualTo("0");
        assertThat(informer.size()).isEqualTo(1);
    }

    @Test
    void aServerThatRefusesAWatchListIsListedInstead() throws InterruptedException {
        server.put("a", "1");
        server.watchFault(o -> o.sendInitialEvents() ? refused(422, "Invalid") : Optional.empty());
        informer = informer(true);
        start();
        assertThat(listedAt()).containsExactly("0");
        assertThat(informer.size()).isEqualTo(1);
    }

    @Test
    void revisionsAreOpaqueAndComparedOnlyWhenBothAreNumbers() {
        assertThat(ResourceVersions.older("9", "10")).isTrue();
        assertThat(ResourceVersions.older("10", "9")).isFalse();
        assertThat(ResourceVersions.older("abc", "abd")).isFalse();
        assertThat(ResourceVersions.older("9", "abc")).isFalse();
        assertThat(ResourceVersions.reached("abc", "abc")).isTrue();
        assertThat(ResourceVersions.reached("abd", "abc")).isFalse();
        assertThat(ResourceVersions.reached("10", "9")).isTrue();
    }
}
