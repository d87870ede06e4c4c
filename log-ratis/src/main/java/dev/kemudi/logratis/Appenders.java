package dev.kemudi.logratis;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.leader.LogAppender;

/**
 * The leader's lines to its followers. Ratis tells followers what is committed with the next
 * entries or the next heartbeat only, which may be 150 ms away; a node that waits for the answers
 * to its own batch is told at once. Safe for many threads.
 */
final class Appenders {
    private final Map<RaftPeerId, LogAppender> byFollower = new ConcurrentHashMap<>();

    void opened(LogAppender appender) {
        byFollower.put(appender.getFollowerId(), appender);
    }

    /** Tells one follower what is committed, unless entries that say so are on their way. */
    void tell(RaftPeerId follower, long committed) {
        LogAppender appender = byFollower.get(follower);
        if (appender != null && appender.isRunning()) {
            tell(appender, committed);
        }
    }

    /** Tells every follower that does not know yet. */
    void tellAll(long committed) {
        byFollower
                .values()
                .forEach(
                        appender -> {
                            if (appender.isRunning()) {
                                tell(appender, committed);
                            }
                        });
    }

    private static void tell(LogAppender appender, long committed) {
        if (appender.getFollower().getCommitIndex() < committed
                && appender.getFollower().getMatchIndex() >= committed) {
            appender.triggerHeartbeat();
        }
    }

    /** Whether a follower that answers lacks entries which the log holds no more. */
    boolean sendsCopy(long firstIndex, long silenceMillisMax) {
        return byFollower.values().stream()
                .anyMatch(
                        appender ->
                                appender.isRunning()
                                        && appender.getFollower().getNextIndex() < firstIndex
                                        && appender.getFollower()
                                                        .getLastRpcResponseTime()
                                                        .elapsedTimeMs()
                                                < silenceMillisMax);
    }
}
