package dev.kemudi.logratis;

import static dev.kemudi.logratis.Cluster.write;
import static dev.kemudi.logratis.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.log.Log;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RatisLogTest {
    @TempDir Path root;

    @Test
    void everyMemberAppliesTheSameCommandsInTheSameOrderAndAnswersItsOwn() throws Exception {
        try (Cluster cluster = new Cluster(root, 3)) {
            long start = System.nanoTime();
            assertThat(write(cluster.log(1), "first")).startsWith("1:");
            System.out.printf(
                    "first answer after %d ms%n", (System.nanoTime() - start) / 1_000_000);
            List<CompletableFuture<String>> answers = new ArrayList<>();
            for (int i = 0; i < 3_000; i++) {
                Log<String> log = cluster.log(1 + i % 3);
                answers.add(log.propose(Ledger.command("c" + i), "trace" + i));
            }
            for (CompletableFuture<String> answer : answers) {
                answer.get(20, TimeUnit.SECONDS);
            }
            for (int node = 1; node <= 3; node++) {
                cluster.log(node).readBarrier().get(20, TimeUnit.SECONDS);
                assertThat(cluster.ledger(node).lines()).hasSize(3_001);
            }
            assertThat(cluster.ledger(2).lines()).isEqualTo(cluster.ledger(1).lines());
            assertThat(cluster.ledger(3).lines()).isEqualTo(cluster.ledger(1).lines());
            assertThat(cluster.ledger(1).largestBatch()).isGreaterThan(10);
            for (int i = 0; i < 3_000; i++) {
                String text = "c" + i;
                Ledger.Line line =
                        cluster.ledger(1).lines().stream()
                                .filter(each -> each.text().equals(text))
                                .findFirst()
                                .orElseThrow();
                assertThat(answers.get(i).join()).endsWith(":" + line.sum());
                assertThat(line.trace()).isEqualTo("trace" + i);
            }
        }
    }

    @Test
    void aFollowerThatRestartsReplaysWhatItMissed() throws Exception {
        try (Cluster cluster = new Cluster(root, 3)) {
            write(cluster.log(1), "a");
            long follower = cluster.follower();
            cluster.kill(follower);
            write(cluster.log(cluster.leader()), "b");
            cluster.start(follower);
            write(cluster.log(follower), "c");
            assertThat(cluster.ledger(follower).texts()).containsExactly("a", "b", "c");
        }
    }

    @Test
    void aLinearizableReadOnAFollowerSeesWhatWasAnsweredBefore() throws Exception {
        try (Cluster cluster = new Cluster(root, 3)) {
            for (int i = 1; i <= 50; i++) {
                write(cluster.log(cluster.leader()), "w" + i);
                long follower = cluster.follower();
                cluster.log(follower).readBarrier().get(20, TimeUnit.SECONDS);
                assertThat(cluster.ledger(follower).size()).isGreaterThanOrEqualTo(i);
            }
        }
    }

    @Test
    void aMemberAloneElectsItselfAndServesAgainAfterARestart() throws Exception {
        try (Cluster cluster = new Cluster(root, 1)) {
            write(cluster.log(1), "a");
            cluster.stop(1);
            cluster.start(1);
            write(cluster.log(1), "b");
            cluster.kill(1);
            cluster.start(1);
            write(cluster.log(1), "c");
            assertThat(cluster.ledger(1).texts()).containsExactly("a", "b", "c");
            eventually(
                    "the machine heard that it leads",
                    () ->
                            !cluster.ledger(1).standings().isEmpty()
                                    && cluster.ledger(1).standings().getLast().leading());
        }
    }
}
