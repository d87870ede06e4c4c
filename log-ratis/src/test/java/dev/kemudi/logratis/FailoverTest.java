package dev.kemudi.logratis;

import static dev.kemudi.logratis.Cluster.write;
import static dev.kemudi.logratis.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kemudi.log.LogFailedException;
import dev.kemudi.log.LogRefusedException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FailoverTest {
    @TempDir Path root;

    /** Writes through one member, one after the other, and remembers what was answered how. */
    private static final class Writer implements Runnable {
        private final Supplier<RatisLog<String>> log;
        private final String name;
        private final AtomicBoolean stop;
        private final Set<String> acknowledged = ConcurrentHashMap.newKeySet();
        private final Set<String> refused = ConcurrentHashMap.newKeySet();
        private final AtomicLong longestNanos = new AtomicLong();

        Writer(Supplier<RatisLog<String>> log, String name, AtomicBoolean stop) {
            this.log = log;
            this.name = name;
            this.stop = stop;
        }

        @Override
        public void run() {
            for (int i = 0; !stop.get(); i++) {
                String text = name + "-" + i;
                long start = System.nanoTime();
                try {
                    write(log.get(), text);
                    acknowledged.add(text);
                    longestNanos.accumulateAndGet(System.nanoTime() - start, Math::max);
                } catch (ExecutionException e) {
                    if (e.getCause() instanceof LogRefusedException) {
                        refused.add(text);
                    }
                    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
            }
        }
    }

    @Test
    void whenTheLeaderIsKilledUnderLoadNothingAcknowledgedIsLostAndNothingIsAppliedTwice()
            throws Exception {
        try (Cluster cluster = new Cluster(root, 3)) {
            write(cluster.log(1), "first");
            AtomicBoolean stop = new AtomicBoolean();
            List<Writer> writers = new ArrayList<>();
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < 12; i++) {
                long through = 1 + i % 3;
                Writer writer = new Writer(() -> cluster.log(through), "w" + i, stop);
                writers.add(writer);
                threads.add(Thread.ofVirtual().start(writer));
            }
            try {
                killThrice(cluster);
            } finally {
                stop.set(true);
            }
            for (Thread thread : threads) {
                thread.join();
            }
            check(cluster, writers);
        }
    }

    private static void killThrice(Cluster cluster) throws Exception {
        for (int round = 0; round < 3; round++) {
            int before = cluster.ledger(cluster.follower()).size();
            long leader = cluster.leader();
            long follower = cluster.follower();
            eventually("writes flow", () -> cluster.ledger(follower).size() > before + 50);
            long killed = System.nanoTime();
            cluster.kill(leader);
            write(cluster.log(follower), "after" + round);
            System.out.printf(
                    "fail-over: the next write succeeded %d ms after the kill began%n",
                    (System.nanoTime() - killed) / 1_000_000);
            cluster.start(leader);
        }
    }

    private static void check(Cluster cluster, List<Writer> writers) throws Exception {
        List<Ledger.Line> one = null;
        for (long id = 1; id <= 3; id++) {
            cluster.log(id).readBarrier().get(20, TimeUnit.SECONDS);
        }
        for (Ledger ledger : cluster.ledgers()) {
            List<Ledger.Line> lines = ledger.lines();
            if (one != null) {
                assertThat(lines).isEqualTo(one);
            }
            one = lines;
        }
        List<String> texts = cluster.ledgers().getFirst().texts();
        Set<String> once = new HashSet<>(texts);
        assertThat(once).as("applied once").hasSize(texts.size());
        for (Writer writer : writers) {
            assertThat(once).containsAll(writer.acknowledged);
            assertThat(writer.refused).doesNotContainAnyElementsOf(once);
        }
        System.out.printf(
                "%d acknowledged, %d refused, %d applied%n",
                writers.stream().mapToInt(each -> each.acknowledged.size()).sum(),
                writers.stream().mapToInt(each -> each.refused.size()).sum(),
                texts.size());
    }

    @Test
    void aLeaderThatIsCutOffAcknowledgesNothingAndAnswersNoBarrier() throws Exception {
        try (Cluster cluster = new Cluster(root, 3)) {
            write(cluster.log(1), "before");
            long old = cluster.leader();
            RatisLog<String> deposed = cluster.log(old);
            deposed.readBarrier().get(20, TimeUnit.SECONDS);
            cluster.network().cutOff(old);
            CompletableFuture<Long> atOnce = deposed.readBarrier();
            CompletableFuture<String> lost = deposed.propose(Ledger.command("into the void"), "");
            long other =
                    cluster.first().stream()
                            .mapToLong(p -> p.id())
                            .filter(id -> id != old)
                            .findFirst()
                            .orElseThrow();
            write(cluster.log(other), "meanwhile");
            CompletableFuture<Long> late = deposed.readBarrier();
            assertThatThrownBy(() -> lost.get(20, TimeUnit.SECONDS))
                    .hasCauseInstanceOf(LogFailedException.class);
            assertThatThrownBy(() -> atOnce.get(20, TimeUnit.SECONDS))
                    .hasCauseInstanceOf(LogRefusedException.class);
            assertThatThrownBy(() -> late.get(20, TimeUnit.SECONDS))
                    .hasCauseInstanceOf(LogRefusedException.class);
            assertThat(deposed.standing().leading()).isFalse();
            assertThatThrownBy(() -> write(deposed, "nobody there"))
                    .hasCauseInstanceOf(LogRefusedException.class);
            cluster.network().heal();
            deposed.readBarrier().get(20, TimeUnit.SECONDS);
            assertThat(cluster.ledger(old).texts())
                    .contains("before", "meanwhile")
                    .doesNotContain("nobody there");
        }
    }

    @Test
    void leadershipIsHandedOverWithoutLosingAWrite() throws Exception {
        try (Cluster cluster = new Cluster(root, 3)) {
            write(cluster.log(1), "a");
            AtomicBoolean stop = new AtomicBoolean();
            long through = cluster.follower();
            Writer writer = new Writer(() -> cluster.log(through), "w", stop);
            Thread thread = Thread.ofVirtual().start(writer);
            for (int i = 0; i < 2; i++) {
                long to = cluster.follower();
                cluster.log(to).transferLeadership(to).get(20, TimeUnit.SECONDS);
                eventually("it leads", () -> cluster.log(to).standing().leading());
                write(cluster.log(to), "led by " + to + " in round " + i);
            }
            stop.set(true);
            thread.join();
            check(cluster, List.of(writer));
            System.out.printf(
                    "hand-over: the longest write took %d ms%n",
                    writer.longestNanos.get() / 1_000_000);
        }
    }

    @Test
    void aMachineThatThrowsStopsItsNodeAndTheOthersGoOn() throws Exception {
        try (Cluster cluster = new Cluster(root, 3)) {
            write(cluster.log(1), "a");
            long follower = cluster.follower();
            cluster.ledger(follower).breakWith(new IllegalStateException("a planted bug"));
            write(cluster.log(cluster.leader()), "b");
            eventually(
                    "the broken node refuses",
                    () -> cluster.log(follower).readBarrier().isCompletedExceptionally());
            assertThat(cluster.log(follower).propose(new byte[1], "")).isCompletedExceptionally();
            assertThatThrownBy(() -> cluster.log(follower).readBarrier().get())
                    .isInstanceOf(ExecutionException.class);
            write(cluster.log(cluster.leader()), "c");
            cluster.stop(follower);
            cluster.start(follower);
            write(cluster.log(follower), "d");
            assertThat(cluster.ledger(follower).texts()).containsExactly("a", "b", "c", "d");
        }
    }

    @Test
    void aLeaderThatStopsInOrderNamesItsSuccessor() throws Exception {
        try (Cluster cluster = new Cluster(root, 3)) {
            write(cluster.log(1), "a");
            long leader = cluster.leader();
            long follower = cluster.follower();
            long term = cluster.log(follower).standing().term();
            cluster.stop(leader);
            write(cluster.log(follower), "b");
            assertThat(cluster.log(follower).standing().leader()).isNotEqualTo(leader);
            assertThat(cluster.log(follower).standing().term()).isGreaterThan(term);
        }
    }

    /**
     * The member that came back cannot lead, because it lacks an entry; the other one had been
     * refused by it again and again, and must ask it all the same.
     */
    @Test
    void aMemberThatWasAwayForLongIsAskedForItsVoteAtOnce() throws Exception {
        try (Cluster cluster = new Cluster(root, 3)) {
            long leader = cluster.leader();
            long stays = cluster.follower();
            long away = 6 - leader - stays;
            write(cluster.log(stays), "known to all");
            cluster.kill(away);
            write(cluster.log(stays), "known to two");
            cluster.kill(leader);
            long refused = System.nanoTime();
            eventually(
                    "gRPC would wait for five seconds more",
                    () -> System.nanoTime() - refused > TimeUnit.MILLISECONDS.toNanos(10_500));
            cluster.start(away);
            long back = System.nanoTime();
            eventually("someone leads", () -> cluster.log(stays).standing().leading());
            assertThat(System.nanoTime() - back).isLessThan(TimeUnit.MILLISECONDS.toNanos(3_500));
            write(cluster.log(away), "after");
            assertThat(cluster.ledger(away).texts())
                    .containsExactly("known to all", "known to two", "after");
        }
    }
}
