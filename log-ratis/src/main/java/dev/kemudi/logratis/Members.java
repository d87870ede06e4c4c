package dev.kemudi.logratis;

import dev.kemudi.log.Peer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.ratis.proto.RaftProtos.RaftConfigurationProto;
import org.apache.ratis.proto.RaftProtos.RaftPeerProto;
import org.apache.ratis.proto.RaftProtos.RaftPeerRole;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.protocol.SetConfigurationRequest;
import org.apache.ratis.server.RaftConfiguration;

/** Members as Ratis and as we name them. */
final class Members {
    private Members() {}

    static List<Peer> of(RaftConfiguration configuration) {
        List<Peer> peers = new ArrayList<>();
        configuration
                .getCurrentPeers(RaftPeerRole.FOLLOWER)
                .forEach(peer -> peers.add(peer(peer, false)));
        configuration
                .getCurrentPeers(RaftPeerRole.LISTENER)
                .forEach(peer -> peers.add(peer(peer, true)));
        return sorted(peers);
    }

    static List<Peer> of(RaftConfigurationProto configuration) {
        List<Peer> peers = new ArrayList<>();
        add(configuration.getPeersList(), false, peers);
        add(configuration.getListenersList(), true, peers);
        return sorted(peers);
    }

    private static void add(List<RaftPeerProto> from, boolean learner, List<Peer> to) {
        for (RaftPeerProto each : from) {
            to.add(
                    new Peer(
                            Settings.member(RaftPeerId.valueOf(each.getId())),
                            each.getAddress(),
                            learner));
        }
    }

    private static Peer peer(RaftPeer peer, boolean learner) {
        return new Peer(Settings.member(peer.getId()), peer.getAddress(), learner);
    }

    private static List<Peer> sorted(List<Peer> peers) {
        peers.sort(Comparator.comparing(Peer::id, Long::compareUnsigned));
        return List.copyOf(peers);
    }

    /** The step from one configuration to another, if it is one step. */
    static SetConfigurationRequest.Arguments step(List<Peer> from, List<Peer> to) {
        Map<Long, Peer> changed = new HashMap<>();
        for (Peer peer : to) {
            if (changed.put(peer.id(), peer) != null) {
                throw new IllegalArgumentException(
                        "peers: member %x is there twice".formatted(peer.id()));
            }
        }
        int differences = 0;
        for (Peer peer : from) {
            Peer now = changed.remove(peer.id());
            differences += peer.equals(now) ? 0 : 1;
        }
        differences += changed.size();
        if (differences > 1) {
            throw new IllegalArgumentException(
                    "peers: expected one member to differ, found %d: change one after the other"
                            .formatted(differences));
        }
        if (to.stream().allMatch(Peer::learner)) {
            throw new IllegalArgumentException("peers: expected a member with a vote, found none");
        }
        return SetConfigurationRequest.Arguments.newBuilder()
                .setServersInCurrentConf(raft(from, false))
                .setListenersInCurrentConf(raft(from, true))
                .setServersInNewConf(raft(to, false))
                .setListenersInNewConf(raft(to, true))
                .setMode(SetConfigurationRequest.Mode.COMPARE_AND_SET)
                .build();
    }

    private static List<RaftPeer> raft(Collection<Peer> peers, boolean learners) {
        return peers.stream()
                .filter(peer -> peer.learner() == learners)
                .map(Settings::raft)
                .toList();
    }
}
