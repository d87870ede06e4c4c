package dev.kemudi.logratis;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto;
import org.apache.ratis.proto.RaftProtos.AppendEntriesRequestProto;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.leader.FollowerInfo;
import org.apache.ratis.server.leader.LeaderState;
import org.apache.ratis.server.leader.LogAppender;
import org.apache.ratis.server.protocol.TermIndex;

/**
 * The leader's lines to its followers, and what comes back on them. Ratis tells followers what is
 * committed with the next entries or the next heartbeat only, which may be 150 ms away; a node that
 * waits for the answers to its own batch is told at once. Safe for many threads.
 */
final class Appenders {
    private final Map<RaftPeerId, LogAppender> byFollower = new ConcurrentHashMap<>();
    private volatile BiConsumer<LogAppender, AppendEntriesReplyProto> onReply = (line, reply) -> {};

    void opened(LogAppender appender) {
        byFollower.put(appender.getFollowerId(), appender);
    }

    void onReply(BiConsumer<LogAppender, AppendEntriesReplyProto> listener) {
        onReply = listener;
    }

    List<LogAppender> running() {
        return byFollower.values().stream().filter(LogAppender::isRunning).toList();
    }

    /** Tells one follower what is committed, unless it is known to know. */
    void tell(RaftPeerId follower, long committed) {
        LogAppender appender = byFollower.get(follower);
        if (appender != null && appender.isRunning()) {
            tell(appender, committed);
        }
    }

    /** Tells every follower that does not know yet. */
    void tellAll(long committed) {
        running().forEach(appender -> tell(appender, committed));
    }

    private static void tell(LogAppender appender, long committed) {
        FollowerInfo follower = appender.getFollower();
        if (follower.getCommitIndex() < committed && follower.getMatchIndex() >= committed) {
            appender.triggerHeartbeat();
        }
    }

    /** Whether a follower that answers lacks entries which the log holds no more. */
    boolean sendsCopy(long firstIndex, long silenceMillisMax) {
        return running().stream()
                .map(LogAppender::getFollower)
                .anyMatch(follower ->
                        follower.getNextIndex() < firstIndex
                                && follower.getLastRpcResponseTime().elapsedTimeMs()
                                        < silenceMillisMax);
    }

    /** What the leader hears from its followers, heard here first. */
    LeaderState overhear(LeaderState leader) {
        return new Overheard(leader);
    }

    private final class Overheard implements LeaderState {
        private final LeaderState leader;

        Overheard(LeaderState leader) {
            this.leader = leader;
        }

        @Override
        public void onAppendEntriesReply(LogAppender appender, AppendEntriesReplyProto reply) {
            onReply.accept(appender, reply);
            leader.onAppendEntriesReply(appender, reply);
        }

        @Override
        public void restart(LogAppender appender) {
            leader.restart(appender);
        }

        @Override
        public AppendEntriesRequestProto newAppendEntriesRequestProto(
                FollowerInfo follower,
                List<LogEntryProto> entries,
                TermIndex previous,
                long callId) {
            return leader.newAppendEntriesRequestProto(follower, entries, previous, callId);
        }

        @Override
        public void checkHealth(FollowerInfo follower) {
            leader.checkHealth(follower);
        }

        @Override
        public boolean onFollowerTerm(FollowerInfo follower, long term) {
            return leader.onFollowerTerm(follower, term);
        }

        @Override
        public void onFollowerCommitIndex(FollowerInfo follower, long index) {
            leader.onFollowerCommitIndex(follower, index);
        }

        @Override
        public void onFollowerSuccessAppendEntries(FollowerInfo follower) {
            leader.onFollowerSuccessAppendEntries(follower);
        }

        @Override
        public boolean isFollowerBootstrapping(FollowerInfo follower) {
            return leader.isFollowerBootstrapping(follower);
        }
    }
}
