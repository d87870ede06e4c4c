package dev.kemudi.logratis;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.leader.FollowerInfo;
import org.apache.ratis.server.leader.LogAppender;
import org.jspecify.annotations.Nullable;

/*
 * Why lines are dialled anew
 * --------------------------
 * Ratis keeps one connection to each member for votes and entries. Once a try was refused, gRPC waits
 * before the next: one second, then more each time, up to two minutes. So a member that came back was
 * not asked for its vote by one that had asked while it was away; and when its own log was the shorter
 * one, nobody led until that wait ended. After a cut it is the kernel that waits, for as long again as
 * the cut lasted, before it sends what was lost.
 *
 * So lines are dropped, and dialled anew with the next message:
 * - to all, when another member begins to lead: what was refused during the election is forgotten;
 * - to all, while nobody leads, once in four of the longest elections: not sooner, because the first votes
 *   of processes that have just started on a crowded machine take long;
 * - by a leader, to a follower that says nothing for so long, and once in twice as long.
 * What is on its way on a dropped line has three more seconds (Ratis' own patience).
 */
/**
 * The connections to other members, and the leader's heartbeats on them. For one thread, which
 * calls {@link #look} often.
 */
final class Lines {
    private static final int SILENT_ELECTIONS = 4;

    private final RaftServer server;
    private final RaftServer.Division division;
    private final Appenders appenders;
    private final Executor blocking;
    private final int heartbeatMillis;
    private final int electionMillis;
    private final int silentMillis;
    private final long silentNanos;
    private final Map<RaftPeerId, Long> dropped = new HashMap<>();
    private @Nullable RaftPeerId leader;
    private long allDropped = System.nanoTime();

    Lines(
            RaftServer server,
            RaftServer.Division division,
            Appenders appenders,
            Config config,
            Executor blocking) {
        this.server = server;
        this.division = division;
        this.appenders = appenders;
        this.blocking = blocking;
        heartbeatMillis = config.heartbeatMillis();
        electionMillis = config.electionMinMillis();
        silentMillis = SILENT_ELECTIONS * config.electionMaxMillis();
        silentNanos = TimeUnit.MILLISECONDS.toNanos(silentMillis);
    }

    void look() {
        RaftPeerId before = leader;
        leader = division.getInfo().getLeaderId();
        long now = System.nanoTime();
        if (division.getInfo().isLeader()) {
            appenders.running().forEach(line -> tend(line, now));
            return;
        }
        boolean elected = leader != null && !leader.equals(before);
        if (elected || leader == null && now - allDropped > silentNanos) {
            allDropped = now;
            division.getRaftConf().getAllPeers().stream()
                    .map(RaftPeer::getId)
                    .filter(peer -> !peer.equals(server.getId()))
                    .forEach(this::drop);
        }
    }

    private void tend(LogAppender line, long now) {
        FollowerInfo follower = line.getFollower();
        long silence = follower.getLastRpcResponseTime().elapsedTimeMs();
        if (silence < silentMillis) {
            dropped.remove(follower.getId());
        } else if (now - dropped.getOrDefault(follower.getId(), now - 3 * silentNanos)
                > 2 * silentNanos) {
            dropped.put(follower.getId(), now);
            drop(follower.getId());
        }
        // To who does not answer Ratis' own heartbeats are enough: more would pile up.
        if (silence >= heartbeatMillis && silence < electionMillis) {
            line.triggerHeartbeat();
        }
    }

    /** Not on this thread: closing a line waits for what is on its way. */
    private void drop(RaftPeerId peer) {
        blocking.execute(() ->
                server.getServerRpc().handleException(peer, new IOException("dialled anew"), true));
    }
}
