package dev.kemudi.logratis;

import org.apache.ratis.conf.Parameters;
import org.apache.ratis.grpc.GrpcFactory;
import org.apache.ratis.grpc.server.GrpcLogAppender;
import org.apache.ratis.proto.RaftProtos.AppendEntriesRequestProto;
import org.apache.ratis.rpc.RpcFactory;
import org.apache.ratis.rpc.RpcType;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.leader.FollowerInfo;
import org.apache.ratis.server.leader.LeaderState;
import org.apache.ratis.server.leader.LogAppender;
import org.apache.ratis.server.raftlog.RaftLogIOException;
import org.apache.ratis.statemachine.SnapshotInfo;
import org.jspecify.annotations.Nullable;

/**
 * Ratis over gRPC, with the leader's lines to its followers within our reach. Public because Ratis
 * makes it by its name.
 */
public final class PromptGrpc implements RpcType {
    private static final String APPENDERS = "kemudi.appenders";

    static void hand(Parameters parameters, Appenders appenders) {
        parameters.put(APPENDERS, appenders, Appenders.class);
    }

    @Override
    public String name() {
        return PromptGrpc.class.getName();
    }

    @Override
    public RpcFactory newFactory(Parameters parameters) {
        return new Factory(parameters, parameters.get(APPENDERS, Appenders.class));
    }

    private static final class Factory extends GrpcFactory {
        private final Appenders appenders;

        Factory(Parameters parameters, Appenders appenders) {
            super(parameters);
            this.appenders = appenders;
        }

        @Override
        public LogAppender newLogAppender(
                RaftServer.Division server, LeaderState state, FollowerInfo follower) {
            LogAppender appender = new Line(server, appenders.overhear(state), follower);
            appenders.opened(appender);
            return appender;
        }
    }

    /**
     * To one follower. A copy of the state is begun only while the follower answers: one that is
     * sent to nobody keeps Ratis waiting for many seconds, and a follower that came back with it.
     */
    private static final class Line extends GrpcLogAppender {
        Line(RaftServer.Division server, LeaderState state, FollowerInfo follower) {
            super(server, state, follower);
        }

        private boolean needsACopy() {
            return getFollower().getNextIndex() < getRaftLog().getStartIndex();
        }

        private boolean isSilent() {
            return getFollower().getLastRpcResponseTime().elapsedTimeMs()
                    > getServer().properties().maxRpcTimeoutMs();
        }

        @Override
        public boolean hasAppendEntries() {
            return super.hasAppendEntries() && !(needsACopy() && isSilent());
        }

        /**
         * Ratis asks for entries whenever a follower does not know what is committed. One that is
         * forgotten already would end this line, and for who is joining there is no other.
         */
        @Override
        public AppendEntriesRequestProto newAppendEntriesRequest(long callId, boolean heartbeat)
                throws RaftLogIOException {
            return super.newAppendEntriesRequest(callId, heartbeat || needsACopy());
        }

        @Override
        public @Nullable SnapshotInfo shouldInstallSnapshot() {
            return isSilent() ? null : super.shouldInstallSnapshot();
        }
    }
}
