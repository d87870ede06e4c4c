package dev.kemudi.logratis;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.protocol.exceptions.LeaderNotReadyException;
import org.apache.ratis.server.RaftConfiguration;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.leader.LogAppender;

/*
 * How a leader knows that it still leads
 * --------------------------------------
 * It notes what is committed, then sends heartbeats, and waits until a majority has answered one
 * that was made after the note, in the same term. Then nobody else can have committed more before
 * the note (Raft, section 6.4).
 *
 * Ratis has this too, but passes over the question when nothing was committed since it was last
 * answered, and lets a later question join an earlier one (ReadIndexHeartbeats in 3.3.0). A leader
 * that was paused or cut off, and does not know of its successor yet, then vouches for what is old.
 * So we ask ourselves.
 */
/** The questions of a leader to its followers. Safe for many threads. */
final class ReadIndex {
    private static final int ROUNDS_MAX = 1_024;
    private static final long ROUND_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final Appenders appenders;
    private final List<Round> rounds = new ArrayList<>();

    ReadIndex(Appenders appenders) {
        this.appenders = appenders;
        appenders.onReply(this::replied);
    }

    private record Round(
            long term,
            long index,
            Set<RaftPeerId> current,
            Set<RaftPeerId> previous,
            Map<LogAppender, Long> firstCall,
            Set<RaftPeerId> confirmed,
            long begun,
            CompletableFuture<Long> answer) {
        boolean isConfirmed() {
            return majority(current) && (previous.isEmpty() || majority(previous));
        }

        private boolean majority(Set<RaftPeerId> of) {
            return 2 * of.stream().filter(confirmed::contains).count() > of.size();
        }
    }

    /** What was committed when it was asked; fails when this node does not lead. */
    CompletableFuture<Long> ask(RaftServer.Division division) {
        long term = division.getInfo().getCurrentTerm();
        if (!division.getInfo().isLeaderReady()) {
            return CompletableFuture.failedFuture(
                    new LeaderNotReadyException(division.getMemberId()));
        }
        RaftConfiguration configuration = division.getRaftConf();
        Round round =
                new Round(
                        term,
                        division.getRaftLog().getLastCommittedIndex(),
                        ids(configuration.getCurrentPeers()),
                        ids(configuration.getPreviousPeers()),
                        new HashMap<>(),
                        new HashSet<>(Set.of(division.getId())),
                        System.nanoTime(),
                        new CompletableFuture<>());
        if (round.isConfirmed()) {
            return CompletableFuture.completedFuture(round.index());
        }
        List<LogAppender> asked = new ArrayList<>();
        synchronized (this) {
            rounds.removeIf(old -> round.begun() - old.begun() > ROUND_NANOS);
            if (rounds.size() >= ROUNDS_MAX) {
                return CompletableFuture.failedFuture(
                        new LeaderNotReadyException(division.getMemberId()));
            }
            for (LogAppender appender : appenders.running()) {
                round.firstCall().put(appender, appender.getCallId());
                asked.add(appender);
            }
            rounds.add(round);
        }
        asked.forEach(LogAppender::triggerHeartbeat);
        return round.answer();
    }

    private static Set<RaftPeerId> ids(Collection<RaftPeer> peers) {
        Set<RaftPeerId> ids = new HashSet<>();
        peers.forEach(peer -> ids.add(peer.getId()));
        return ids;
    }

    private void replied(LogAppender appender, AppendEntriesReplyProto reply) {
        if (!reply.getServerReply().getSuccess()) {
            return;
        }
        List<Round> done = new ArrayList<>();
        synchronized (this) {
            for (Iterator<Round> each = rounds.iterator(); each.hasNext(); ) {
                Round round = each.next();
                Long first = round.firstCall().get(appender);
                if (first == null
                        || reply.getTerm() != round.term()
                        || reply.getServerReply().getCallId() < first) {
                    continue;
                }
                round.confirmed().add(appender.getFollowerId());
                if (round.isConfirmed()) {
                    each.remove();
                    done.add(round);
                }
            }
        }
        done.forEach(round -> round.answer().complete(round.index()));
    }
}
