package dev.kemudi.logratis;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.ratis.conf.Parameters;
import org.apache.ratis.grpc.GrpcConfigKeys;
import org.apache.ratis.grpc.server.GrpcServices;
import org.apache.ratis.proto.RaftProtos.AppendEntriesRequestProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotRequestProto;
import org.apache.ratis.proto.RaftProtos.RaftRpcRequestProto;
import org.apache.ratis.proto.RaftProtos.RequestVoteRequestProto;
import org.apache.ratis.thirdparty.io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import org.apache.ratis.thirdparty.io.grpc.Metadata;
import org.apache.ratis.thirdparty.io.grpc.ServerCall;
import org.apache.ratis.thirdparty.io.grpc.ServerCallHandler;
import org.apache.ratis.thirdparty.io.grpc.ServerInterceptor;
import org.apache.ratis.thirdparty.io.grpc.netty.NettyServerBuilder;

/** Loses messages between members, as a network that is cut does: nobody is told. */
final class Network {
    private final Set<Long> cutOff = ConcurrentHashMap.newKeySet();

    /** Nothing reaches this member, and nothing of it reaches others. */
    void cutOff(long member) {
        cutOff.add(member);
    }

    void heal() {
        cutOff.clear();
    }

    /** Puts the faults before a member's ears. */
    void before(long member, Parameters parameters) {
        GrpcConfigKeys.Server.setServicesCustomizer(
                parameters,
                new GrpcServices.Customizer() {
                    @Override
                    public NettyServerBuilder customize(
                            NettyServerBuilder builder,
                            java.util.EnumSet<GrpcServices.Type> types) {
                        return builder.intercept(new Ears(member));
                    }
                });
    }

    private final class Ears implements ServerInterceptor {
        private final long member;

        Ears(long member) {
            this.member = member;
        }

        @Override
        public <A, B> ServerCall.Listener<A> interceptCall(
                ServerCall<A, B> call, Metadata headers, ServerCallHandler<A, B> next) {
            return new SimpleForwardingServerCallListener<>(next.startCall(call, headers)) {
                @Override
                public void onMessage(A message) {
                    if (cutOff.contains(member) || cutOff.contains(sender(message))) {
                        call.request(1);
                    } else {
                        super.onMessage(message);
                    }
                }
            };
        }
    }

    private static long sender(Object message) {
        return switch (message) {
            case AppendEntriesRequestProto append -> member(append.getServerRequest());
            case RequestVoteRequestProto vote -> member(vote.getServerRequest());
            case InstallSnapshotRequestProto copy -> member(copy.getServerRequest());
            default -> 0;
        };
    }

    private static long member(RaftRpcRequestProto request) {
        return Settings.member(
                org.apache.ratis.protocol.RaftPeerId.valueOf(request.getRequestorId()));
    }
}
