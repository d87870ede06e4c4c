package dev.kemudi.logratis;

import static dev.kemudi.logratis.Cluster.write;
import static dev.kemudi.logratis.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kemudi.kernel.TimeSource;
import dev.kemudi.log.LogEntry;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CopiesTest {
    private static final Limits SMALL =
            new Limits(
                    1 << 20,
                    1 << 20,
                    4_096,
                    16_384,
                    64L << 20,
                    65_536,
                    1_024,
                    64 << 10,
                    2,
                    100L << 10,
                    16 << 10,
                    5_000,
                    5_000,
                    30_000,
                    512);

    @TempDir Path root;

    private static void fill(Cluster cluster, int bytes) throws Exception {
        String text = "x".repeat(4_000);
        for (int i = 0; i < bytes / 4_000; i++) {
            write(cluster.log(cluster.leader()), text + i);
        }
    }

    @Test
    void theLogIsForgottenBehindCopiesAndAWipedFollowerIsSentOne() throws Exception {
        try (Cluster cluster = new Cluster(root, 3, SMALL, config -> config)) {
            write(cluster.log(1), "first");
            long gone = cluster.follower();
            cluster.kill(gone);
            fill(cluster, 1_200_000);
            long leader = cluster.leader();
            RatisLog<String> log = cluster.log(leader);
            eventually("the log is cut by itself", () -> log.firstIndex() > 1);
            // Entries since the copy before the last one stay: that must be a new one each time,
            // for without an entry in between a second copy is the first one again.
            eventually(
                    "of entries before two copies nothing stays",
                    () -> {
                        log.propose(Ledger.command("between copies"), "").join();
                        log.truncate(log.appliedIndex());
                        return log.bytesOnDisk() < 800_000;
                    });
            cluster.wipe(gone);
            cluster.start(gone);
            cluster.log(gone).readBarrier().get(20, TimeUnit.SECONDS);
            assertThat(cluster.ledger(gone).installs()).isPositive();
            assertThat(cluster.ledger(gone).lines()).isEqualTo(cluster.ledger(leader).lines());
            write(cluster.log(gone), "through the one that was sent a copy");
            cluster.kill(gone);
            cluster.start(gone);
            write(cluster.log(gone), "again");
            assertThat(cluster.ledger(gone).texts()).endsWith("again");
        }
    }

    @Test
    void aFollowerThatWasAwayForLongCatchesUpWhileOthersWrite() throws Exception {
        try (Cluster cluster = new Cluster(root, 3, SMALL, config -> config)) {
            write(cluster.log(1), "first");
            long away = cluster.follower();
            cluster.stop(away);
            fill(cluster, 400_000);
            cluster.start(away);
            fill(cluster, 200_000);
            cluster.log(away).readBarrier().get(20, TimeUnit.SECONDS);
            long leader = cluster.leader();
            cluster.log(leader).readBarrier().get(20, TimeUnit.SECONDS);
            assertThat(cluster.ledger(away).lines()).isEqualTo(cluster.ledger(leader).lines());
        }
    }

    @Test
    void dataThatAMachineBringsAlongBecomesTheFirstCopy() throws Exception {
        Ledger ledger = new Ledger();
        ledger.apply(List.of(new LogEntry(7, 1, 1_000, "", Ledger.command("from before"))));
        ledger.flush();
        Cluster cluster = new Cluster(root, 0);
        Config alone = Config.of(1, "test", List.of(Cluster.newPeer(1, false)));
        try (RatisLog<String> log =
                RatisLog.open(
                        alone,
                        SMALL,
                        cluster.directory(1),
                        ledger,
                        TimeSource.system(),
                        new PrometheusRegistry())) {
            assertThat(write(log, "next")).startsWith("2:");
            assertThat(ledger.lines().getLast().index()).isGreaterThan(7);
        }
    }

    @Test
    void dataBeneathANewLogWithPeersIsRefusedBecauseTheyWouldDiffer() {
        Ledger ledger = new Ledger();
        ledger.apply(List.of(new LogEntry(7, 1, 1_000, "", Ledger.command("from before"))));
        ledger.flush();
        Config three =
                Config.of(
                        1,
                        "test",
                        List.of(
                                Cluster.newPeer(1, false),
                                Cluster.newPeer(2, false),
                                Cluster.newPeer(3, false)));
        assertThatThrownBy(() ->
                        RatisLog.open(
                                three,
                                SMALL,
                                root,
                                ledger,
                                TimeSource.system(),
                                new PrometheusRegistry()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("start this member alone");
    }
}
