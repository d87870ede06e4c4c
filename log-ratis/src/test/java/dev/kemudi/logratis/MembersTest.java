package dev.kemudi.logratis;

import static dev.kemudi.logratis.Cluster.write;
import static dev.kemudi.logratis.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kemudi.log.Peer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MembersTest {
    @TempDir Path root;

    @Test
    void aFourthMemberComesAsALearnerIsPromotedAndAnotherLeaves() throws Exception {
        try (Cluster cluster = new Cluster(root, 3)) {
            write(cluster.log(1), "a");
            Peer fourth = Cluster.newPeer(4, true);
            cluster.join(fourth);
            List<Peer> four = new ArrayList<>(cluster.first());
            four.add(fourth);
            cluster.log(cluster.follower()).reconfigure(four).get(20, TimeUnit.SECONDS);
            write(cluster.log(1), "b");
            write(cluster.log(4), "through the learner");
            eventually(
                    "the learner knows that it is one", () -> cluster.log(4).standing().learner());
            assertThat(cluster.ledger(4).texts()).containsExactly("a", "b", "through the learner");
            cluster.log(4).readBarrier().get(20, TimeUnit.SECONDS);

            four.set(3, new Peer(4, fourth.address(), false));
            cluster.log(1).reconfigure(four).get(20, TimeUnit.SECONDS);
            eventually("it has a vote", () -> !cluster.log(4).standing().learner());
            eventually("it knows its peers", () -> cluster.log(4).peers().equals(four));

            long gone = cluster.leader();
            four.removeIf(peer -> peer.id() == gone);
            long stays = four.getFirst().id();
            cluster.log(stays).reconfigure(four).get(20, TimeUnit.SECONDS);
            cluster.forget(gone);
            write(cluster.log(4), "c");
            assertThat(cluster.log(stays).peers()).isEqualTo(four);
            assertThat(cluster.ledger(4).texts()).endsWith("c");
        }
    }

    @Test
    void aClusterGrowsFromOneMemberThatHasData() throws Exception {
        try (Cluster cluster = new Cluster(root, 1)) {
            write(cluster.log(1), "a");
            List<Peer> peers = new ArrayList<>(cluster.first());
            for (long id = 2; id <= 3; id++) {
                Peer next = Cluster.newPeer(id, false);
                cluster.join(next);
                peers.add(next);
                cluster.log(1).reconfigure(peers).get(20, TimeUnit.SECONDS);
            }
            write(cluster.log(3), "b");
            cluster.log(2).readBarrier().get(20, TimeUnit.SECONDS);
            assertThat(cluster.ledger(2).lines()).isEqualTo(cluster.ledger(1).lines());
            cluster.kill(1);
            write(cluster.log(2), "c");
        }
    }

    @Test
    void twoStepsAtOnceAreRefused() throws Exception {
        try (Cluster cluster = new Cluster(root, 1)) {
            write(cluster.log(1), "a");
            List<Peer> peers = new ArrayList<>(cluster.first());
            peers.add(Cluster.newPeer(2, false));
            peers.add(Cluster.newPeer(3, false));
            assertThatThrownBy(() -> cluster.log(1).reconfigure(peers).get())
                    .hasMessageContaining("expected one member to differ, found 2");
        }
    }

    @Test
    void theLeaderAnswersWhatOnlyItKnows() throws Exception {
        try (Cluster cluster = new Cluster(root, 3)) {
            write(cluster.log(1), "a");
            for (long id = 1; id <= 3; id++) {
                byte[] answer =
                        cluster.log(id)
                                .askLeader(Ledger.command("node " + id))
                                .get(20, TimeUnit.SECONDS);
                assertThat(new String(answer, StandardCharsets.UTF_8))
                        .isEqualTo("the leader heard node " + id);
            }
        }
    }
}
