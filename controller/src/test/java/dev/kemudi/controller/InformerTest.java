package dev.kemudi.controller;

import static dev.kemudi.controller.Eventually.eventually;
import static dev.kemudi.controller.ScriptedServer.WIDGETS;
import static dev.kemudi.controller.ScriptedServer.widget;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ObjectKey;
import dev.kemudi.api.ObjectList;
import dev.kemudi.api.Status;
import dev.kemudi.api.WatchEvent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Statements 3–8 and 12–21: what an informer promises its readers and handlers. */
class InformerTest {
    private static final Duration LONG = Duration.ofSeconds(20);

    private final ScriptedServer server = new ScriptedServer();
    private final FakeTime time = new FakeTime();
    private final Informer informer =
            Informer.builder(server, WIDGETS)
                    .index("value", o -> List.of(o.text("/spec/value")))
                    .time(time)
                    .build();
    private final Heard heard = new Heard();

    /** What holds a handler up; let go at the end, because closing waits for handlers. */
    private final CountDownLatch release = new CountDownLatch(1);

    @AfterEach
    void close() {
        release.countDown();
        informer.close();
    }

    private void startSynced() throws InterruptedException {
        informer.start();
        assertThat(informer.awaitSynced(LONG)).isTrue();
        eventually("a watch is open", () -> server.openStreams() > 0);
    }

    private void awaitServer() throws InterruptedException {
        assertThat(informer.awaitRevision(Long.toString(server.revision()), LONG)).isTrue();
    }

    private void awaitHeard(int lines) {
        eventually(lines + " lines in " + heard.lines(), () -> heard.lines().size() >= lines);
    }

    private void relist() {
        server.compact();
        server.dropStreams();
    }

    @Test
    void deletingWhatNobodyKnowsIsNothing() throws InterruptedException {
        informer.addHandler(heard);
        startSynced();
        server.send(new WatchEvent.Deleted(widget("ghost", "u", "1", 11)));
        server.put("a", "1");
        awaitHeard(1);
        assertThat(heard.lines()).containsExactly("+a=1");
    }

    @Test
    void eventsToldAgainDoNotBringBackWhatWasDeleted() throws InterruptedException {
        informer.addHandler(heard);
        startSynced();
        server.put("a", "1");
        server.put("a", "2");
        server.remove("a");
        awaitHeard(3);
        server.repeatLast();
        server.put("b", "1");
        awaitServer();
        awaitHeard(4);
        assertThat(heard.lines()).containsExactly("+a=1", "~a=1>2", "-a=2", "+b=1");
    }

    @Test
    void aListTellsDeletionsThatWereMissedOnceAndWithTheLastKnownState()
            throws InterruptedException {
        informer.addHandler(heard);
        server.put("a", "1");
        server.put("b", "1");
        startSynced();
        server.mute(true);
        server.remove("a");
        server.put("b", "2");
        server.put("c", "1");
        server.mute(false);
        relist();
        awaitHeard(5);
        assertThat(heard.lines().subList(0, 2))
                .containsExactlyInAnyOrder("+a=1 initial", "+b=1 initial");
        assertThat(heard.lines().subList(2, 5))
                .containsExactlyInAnyOrder("~b=1>2", "+c=1", "-a=1 unknown");
        relist();
        server.put("d", "1");
        awaitHeard(6);
        assertThat(heard.lines()).hasSize(6);
    }

    @Test
    void theInformerHasSyncedWhenItsFirstListIsInTheCacheAndAnEmptyOneSyncsAtOnce()
            throws InterruptedException {
        assertThat(informer.hasSynced()).isFalse();
        startSynced();
        assertThat(informer.hasSynced()).isTrue();
        assertThat(informer.list()).isEmpty();
    }

    @Test
    void aResyncTellsWhatTheCacheHoldsToThoseWhoAskedAndNobodyElse() throws InterruptedException {
        Informer realTime = Informer.builder(server, WIDGETS).build();
        try (realTime) {
            Heard other = new Heard();
            realTime.addHandler(other);
            realTime.addHandler(heard, Duration.ofMillis(20));
            server.put("a", "1");
            realTime.start();
            eventually("a resync", () -> heard.lines().contains("~a=1>1"));
            assertThat(other.lines()).containsExactly("+a=1 initial");
        }
    }

    @Test
    void anAdditionIsInitialOnlyWhenItCameWithTheFirstList() throws InterruptedException {
        informer.addHandler(heard);
        server.put("a", "1");
        startSynced();
        server.put("b", "1");
        awaitHeard(2);
        assertThat(heard.lines()).containsExactly("+a=1 initial", "+b=1");
    }

    @Test
    void theTransformRunsOncePerObject() throws InterruptedException {
        AtomicInteger runs = new AtomicInteger();
        try (Informer transformed =
                Informer.builder(server, WIDGETS)
                        .time(time)
                        .transform(o -> {
                            runs.incrementAndGet();
                            return o.edit(t -> t.remove("spec"));
                        })
                        .build()) {
            server.put("a", "1");
            transformed.addHandler(heard);
            transformed.start();
            awaitHeard(1);
            server.put("b", "2");
            awaitHeard(2);
            assertThat(heard.lines()).containsExactly("+a= initial", "+b=");
            assertThat(runs).hasValue(2);
        }
    }

    @Test
    void theObjectThatWasDecodedIsTheObjectThatArrives() throws InterruptedException {
        List<ApiObject> got = Collections.synchronizedList(new ArrayList<>());
        informer.addHandler(
                new EventHandler() {
                    @Override
                    public void onAdd(ApiObject object, boolean initial) {
                        got.add(object);
                    }
                });
        startSynced();
        ApiObject sent = server.put("a", "1");
        eventually("it arrives", () -> !got.isEmpty());
        assertThat(got.getFirst()).isSameAs(sent);
        assertThat(informer.get("ns", "a").orElseThrow()).isSameAs(sent);
    }

    @Test
    void theCacheNeverGoesBackWhenEventsAreRepeatedOrLate() throws InterruptedException {
        informer.addHandler(heard);
        startSynced();
        ApiObject first = server.put("a", "1");
        server.put("a", "2");
        server.send(new WatchEvent.Modified(first));
        server.send(new WatchEvent.Deleted(first));
        server.put("a", "3");
        awaitHeard(3);
        assertThat(heard.lines()).containsExactly("+a=1", "~a=1>2", "~a=2>3");
    }

    @Test
    void theCacheAndItsIndexesShowAStateBeforeTheHandlerHearsOfIt() throws InterruptedException {
        List<String> seen = Collections.synchronizedList(new ArrayList<>());
        informer.addHandler(
                new EventHandler() {
                    @Override
                    public void onAdd(ApiObject object, boolean initial) {
                        seen.add(
                                ""
                                        + informer.get(object.key()).isPresent()
                                        + informer.byIndex("value", "1").size());
                    }

                    @Override
                    public void onUpdate(ApiObject old, ApiObject now) {
                        seen.add(
                                ""
                                        + informer.byIndex("value", "1").size()
                                        + informer.byIndex("value", "2").size());
                    }

                    @Override
                    public void onDelete(ApiObject last, boolean stateUnknown) {
                        seen.add(
                                ""
                                        + informer.get(last.key()).isPresent()
                                        + informer.list("ns").size());
                    }
                });
        startSynced();
        server.put("a", "1");
        eventually("one", () -> seen.size() == 1);
        server.put("a", "2");
        eventually("two", () -> seen.size() == 2);
        server.remove("a");
        eventually("three", () -> seen.size() == 3);
        assertThat(seen).containsExactly("true1", "01", "false0");
    }

    @Test
    void aSlowHandlerHearsSeriallyAndInOrderAndBlocksNobody() throws InterruptedException {
        CountDownLatch entered = new CountDownLatch(1);
        AtomicInteger inside = new AtomicInteger();
        AtomicBoolean overlapped = new AtomicBoolean();
        List<String> slow = Collections.synchronizedList(new ArrayList<>());
        Registration slowOne =
                informer.addHandler(
                        new EventHandler() {
                            @Override
                            public void onAdd(ApiObject object, boolean initial) {
                                overlapped.compareAndSet(false, inside.incrementAndGet() > 1);
                                entered.countDown();
                                await(release);
                                slow.add(object.name());
                                inside.decrementAndGet();
                            }
                        });
        informer.addHandler(heard);
        startSynced();
        List<String> names = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            names.add("w" + i);
            server.put("w" + i, "1");
            if (i == 0) {
                await(entered); // or it might take all fifty at once
            }
        }
        awaitHeard(50);
        assertThat(slow).isEmpty();
        assertThat(slowOne.pending()).isPositive();
        release.countDown();
        eventually("the slow one caught up", () -> slow.size() == 50);
        assertThat(slow).isEqualTo(names);
        assertThat(overlapped).isFalse();
    }

    @Test
    void aHandlerThatFallsFarBehindHoldsOneEventPerObjectAndEndsWithTheTruth()
            throws InterruptedException {
        List<String> slow = Collections.synchronizedList(new ArrayList<>());
        Registration registration =
                informer.addHandler(
                        new EventHandler() {
                            @Override
                            public void onAdd(ApiObject object, boolean initial) {
                                await(release);
                                slow.add(object.text("/spec/value"));
                            }

                            @Override
                            public void onUpdate(ApiObject old, ApiObject now) {
                                slow.add(now.text("/spec/value"));
                            }
                        });
        startSynced();
        for (int i = 0; i <= 5_000; i++) {
            server.put("a", Integer.toString(i));
        }
        awaitServer();
        assertThat(registration.foldings()).isEqualTo(1);
        assertThat(registration.pending())
                .isLessThanOrEqualTo(Limits.defaults().handlerPendingEvents());
        release.countDown();
        eventually("the newest state", () -> slow.contains("5000"));
        assertThat(slow).hasSizeLessThan(5_000);
    }

    @Test
    void aLateHandlerGetsTheCacheAsInitialAdditionsAndThenEveryLaterEventWithoutGap()
            throws InterruptedException {
        server.put("a", "1");
        server.put("b", "1");
        startSynced();
        Registration registration = informer.addHandler(heard);
        eventually("initial list heard", registration::hasSynced);
        server.put("a", "2");
        awaitHeard(3);
        assertThat(heard.lines().subList(0, 2))
                .containsExactlyInAnyOrder("+a=1 initial", "+b=1 initial");
        assertThat(heard.lines().get(2)).isEqualTo("~a=1>2");
    }

    @Test
    void handlersThatJoinAtAnyMomentSeeEveryObjectOnceAndEndAlike() throws InterruptedException {
        startSynced();
        Thread writer =
                Thread.ofVirtual()
                        .start(() -> {
                            for (int i = 0; i < 2_000; i++) {
                                server.put("k" + i % 20, Integer.toString(i));
                                Thread.yield();
                            }
                        });
        List<Heard> all = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            Heard late = new Heard();
            all.add(late);
            informer.addHandler(late);
            Thread.yield();
        }
        writer.join();
        awaitServer();
        for (Heard late : all) {
            eventually(
                    "all heard the last",
                    () -> late.lines().stream().anyMatch(l -> l.contains("1999")));
            assertThat(late.lines().stream().filter(l -> l.startsWith("+"))).hasSize(20);
        }
    }

    @Test
    void aListWithTheSameRevisionIsASyncAndWithAChangedOneReachesAllHandlers()
            throws InterruptedException {
        informer.addHandler(heard);
        server.put("a", "1");
        server.put("b", "1");
        startSynced();
        server.mute(true);
        server.put("b", "2");
        server.mute(false);
        relist();
        awaitHeard(3);
        server.put("c", "1");
        awaitHeard(4);
        assertThat(heard.lines().subList(2, 4)).containsExactly("~b=1>2", "+c=1");
    }

    @Test
    void anObjectDeletedAndMadeAnewMayComeAsOneUpdateWithAnotherUid() throws InterruptedException {
        List<String> uids = Collections.synchronizedList(new ArrayList<>());
        informer.addHandler(
                new EventHandler() {
                    @Override
                    public void onUpdate(ApiObject old, ApiObject now) {
                        uids.add(old.uid());
                        uids.add(now.uid());
                    }
                });
        server.put("a", "1");
        startSynced();
        server.mute(true);
        server.remove("a");
        server.put("a", "2");
        server.mute(false);
        relist();
        eventually("one update", () -> uids.size() == 2);
        assertThat(uids.get(0)).isNotEqualTo(uids.get(1));
    }

    @Test
    void aRegistrationHasSyncedOnlyWhenItsHandlerHasHeardItsInitialList()
            throws InterruptedException {
        server.put("a", "1");
        Registration registration =
                informer.addHandler(
                        new EventHandler() {
                            @Override
                            public void onAdd(ApiObject object, boolean initial) {
                                await(release);
                            }
                        });
        startSynced();
        assertThat(registration.hasSynced()).isFalse();
        release.countDown();
        eventually("synced", registration::hasSynced);
    }

    @Test
    void removingAHandlerBlocksUntilItsCallHasEndedAndNoneComesAfter() throws InterruptedException {
        CountDownLatch entered = new CountDownLatch(1);
        AtomicInteger calls = new AtomicInteger();
        AtomicBoolean inside = new AtomicBoolean();
        Registration registration =
                informer.addHandler(
                        new EventHandler() {
                            @Override
                            public void onAdd(ApiObject object, boolean initial) {
                                calls.incrementAndGet();
                                inside.set(true);
                                entered.countDown();
                                await(release);
                                inside.set(false);
                            }
                        });
        startSynced();
        server.put("a", "1");
        server.put("b", "1");
        entered.await();
        AtomicBoolean insideAtEnd = new AtomicBoolean(true);
        Thread remover =
                Thread.ofVirtual()
                        .start(() -> {
                            registration.close();
                            insideAtEnd.set(inside.get());
                        });
        eventually("removal waits", () -> remover.getState() == Thread.State.WAITING);
        release.countDown();
        remover.join();
        assertThat(insideAtEnd).isFalse();
        server.put("c", "1");
        awaitServer();
        assertThat(calls).hasValue(1);
    }

    @Test
    void aHandlerMayRemoveItself() throws InterruptedException {
        List<Registration> own = Collections.synchronizedList(new ArrayList<>());
        AtomicInteger calls = new AtomicInteger();
        own.add(
                informer.addHandler(
                        new EventHandler() {
                            @Override
                            public void onAdd(ApiObject object, boolean initial) {
                                calls.incrementAndGet();
                                own.getFirst().close();
                            }
                        }));
        informer.addHandler(heard);
        startSynced();
        server.put("a", "1");
        server.put("b", "1");
        awaitHeard(2);
        assertThat(calls).hasValue(1);
    }

    @Test
    void anExceptionInAHandlerDoesNotEndTheInformer() throws InterruptedException {
        informer.addHandler(
                new EventHandler() {
                    @Override
                    public void onAdd(ApiObject object, boolean initial) {
                        heard.onAdd(object, initial);
                        throw new IllegalStateException("a handler's own bug");
                    }
                });
        startSynced();
        server.put("a", "1");
        server.put("b", "1");
        awaitHeard(2);
        assertThat(informer.size()).isEqualTo(2);
    }

    @Test
    void anExceptionInAnIndexDoesNotEndTheInformer() throws InterruptedException {
        try (Informer indexed =
                Informer.builder(server, WIDGETS)
                        .index(
                                "bad",
                                o -> {
                                    throw new IllegalStateException("an index's own bug");
                                })
                        .build()) {
            indexed.addHandler(heard);
            indexed.start();
            server.put("a", "1");
            awaitHeard(1);
            assertThat(indexed.byIndex("bad", "x")).isEmpty();
        }
    }

    @Test
    void anUnknownIndexIsRefusedByName() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> informer.byIndex("colour", "red"))
                .withMessageContaining("colour");
    }

    @Test
    void theCacheTellsTheRevisionItHasReachedEvenWhenOnlyBookmarksCome()
            throws InterruptedException {
        startSynced();
        server.send(new WatchEvent.Bookmark("99", false));
        assertThat(informer.awaitRevision("99", LONG)).isTrue();
        assertThat(informer.awaitRevision("100", Duration.ZERO)).isFalse();
    }

    @Test
    void aListOlderThanWhatWasSeenIsNotBelieved() throws InterruptedException {
        server.put("a", "1");
        ObjectList stale = server.list(WIDGETS, "", dev.kemudi.api.ListOptions.ALL);
        server.put("a", "2");
        informer.addHandler(heard);
        startSynced();
        server.answerNextListWith(stale);
        server.send(new WatchEvent.Failed(Status.expired("too old")));
        eventually("two lists after the first", () -> server.lists().size() >= 4);
        server.put("b", "1");
        awaitHeard(2);
        assertThat(heard.lines()).containsExactly("+a=2 initial", "+b=1");
        assertThat(informer.get(new ObjectKey("ns", "a")).orElseThrow().text("/spec/value"))
                .isEqualTo("2");
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
