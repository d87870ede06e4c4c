package dev.kemudi.logratis;

import dev.kemudi.log.Peer;
import java.util.List;
import java.util.Optional;

/**
 * Who this node is and whom it works with.
 *
 * @param self this node's member id; not 0
 * @param clusterId what all members share and no other cluster has; nodes with another one are not
 *     heard
 * @param peers the members at the cluster's first start, this one among them. A node that was
 *     started before goes by what its log says. A joining node names itself and whom it knows
 * @param listen host:port where this node listens for its peers; by default the address under which
 *     {@code peers} has it
 * @param joining whether the cluster exists already: the node then starts empty and waits until a
 *     member adds it
 * @param seeded whether every first member was given the same state, as by restoring one copy on
 *     each; without it a new log beneath a machine that holds data is refused, unless there is no
 *     other member
 * @param tls how peers prove who they are; without it anyone who reaches {@code listen} may act as
 *     a peer
 * @param electionMinMillis how long a leader may be silent before others stand for election; a
 *     random time between this and {@code electionMaxMillis}
 * @param electionMaxMillis the longest silence; a leader that hears no majority for so long stops
 *     leading
 * @param heartbeatMillis how long a leader lets a line rest; half of {@code electionMinMillis} at
 *     most
 */
public record Config(
        long self,
        String clusterId,
        List<Peer> peers,
        String listen,
        boolean joining,
        boolean seeded,
        Optional<Tls> tls,
        int electionMinMillis,
        int electionMaxMillis,
        int heartbeatMillis) {
    private static final int HEARTBEAT_MILLIS_MIN = 10;

    public Config {
        peers = List.copyOf(peers);
        if (self == 0) {
            throw new IllegalArgumentException("self: expected a member id, found 0");
        }
        if (clusterId.isEmpty()) {
            throw new IllegalArgumentException("clusterId: expected a name, found none");
        }
        if (electionMinMillis < 50 || electionMaxMillis < electionMinMillis) {
            throw new IllegalArgumentException(
                    "electionMinMillis, electionMaxMillis: expected 50 <= min <= max, found %d and %d"
                            .formatted(electionMinMillis, electionMaxMillis));
        }
        if (heartbeatMillis < HEARTBEAT_MILLIS_MIN) {
            throw new IllegalArgumentException(
                    "heartbeatMillis: expected %d at least, found %d"
                            .formatted(HEARTBEAT_MILLIS_MIN, heartbeatMillis));
        }
        heartbeatMillis = Math.min(heartbeatMillis, electionMinMillis / 2);
        if (listen.isEmpty()) {
            long id = self;
            listen =
                    peers.stream()
                            .filter(peer -> peer.id() == id)
                            .findFirst()
                            .map(Peer::address)
                            .orElseThrow(() ->
                                    new IllegalArgumentException(
                                            "peers: expected this node (%x) among them, found others only"
                                                    .formatted(id)));
        }
    }

    /**
     * A first member of a new cluster: no TLS, silence of 400 to 800 ms, heartbeats each 100 ms.
     */
    public static Config of(long self, String clusterId, List<Peer> peers) {
        return new Config(
                self, clusterId, peers, "", false, false, Optional.empty(), 400, 800, 100);
    }

    /** The same, listening elsewhere than where others reach it. */
    public Config withListen(String address) {
        return new Config(
                self,
                clusterId,
                peers,
                address,
                joining,
                seeded,
                tls,
                electionMinMillis,
                electionMaxMillis,
                heartbeatMillis);
    }

    /** The same, of a node that waits to be added to a cluster that exists. */
    public Config asJoining() {
        return new Config(
                self,
                clusterId,
                peers,
                listen,
                true,
                seeded,
                tls,
                electionMinMillis,
                electionMaxMillis,
                heartbeatMillis);
    }

    /** The same, where every first member was given the same state. */
    public Config asSeeded() {
        return new Config(
                self,
                clusterId,
                peers,
                listen,
                joining,
                true,
                tls,
                electionMinMillis,
                electionMaxMillis,
                heartbeatMillis);
    }

    /** The same, with peers that prove who they are. */
    public Config withTls(Tls newTls) {
        return new Config(
                self,
                clusterId,
                peers,
                listen,
                joining,
                seeded,
                Optional.of(newTls),
                electionMinMillis,
                electionMaxMillis,
                heartbeatMillis);
    }

    /** The same, with other patience. */
    public Config withElectionMillis(int min, int max) {
        return new Config(
                self, clusterId, peers, listen, joining, seeded, tls, min, max, heartbeatMillis);
    }

    /** The same, with heartbeats as often as this. */
    public Config withHeartbeatMillis(int millis) {
        return new Config(
                self,
                clusterId,
                peers,
                listen,
                joining,
                seeded,
                tls,
                electionMinMillis,
                electionMaxMillis,
                millis);
    }
}
