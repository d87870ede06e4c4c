package dev.kemudi.store;

import dev.kemudi.log.Peer;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/**
 * Who a node is when its store is opened. Ids are made as etcd makes them (etcd, {@code
 * etcdserver/api/membership}), so the same flags give the same ids.
 *
 * @param self this node's member id
 * @param declared whether this node takes part in the declared membership; false for a store
 *     embedded in an application, which has one member and says nothing of it in its log
 * @param initial the members of a new cluster; empty for one that joins
 */
public record Identity(
        long self,
        String name,
        List<String> clientUrls,
        String clusterToken,
        boolean declared,
        List<Membership.Member> initial) {
    /** etcd's own default. */
    public static final String DEFAULT_TOKEN = "etcd-cluster";

    /** A store in somebody's application: one member, nothing to declare. */
    public static Identity embedded() {
        List<String> peerUrls = List.of("http://localhost:2380");
        long id = memberId(peerUrls, DEFAULT_TOKEN);
        Membership.Member self = new Membership.Member(id, "default", peerUrls, List.of(), false);
        return new Identity(id, "default", List.of(), DEFAULT_TOKEN, false, List.of(self));
    }

    /**
     * One of the members of a new cluster.
     *
     * @param initialCluster name → peer URLs of every member, this one among them
     * @throws IllegalArgumentException when {@code name} is not among them, or two have one id
     */
    public static Identity founding(
            String name,
            List<String> clientUrls,
            String clusterToken,
            Map<String, List<String>> initialCluster) {
        List<String> own = initialCluster.get(name);
        if (own == null) {
            throw new IllegalArgumentException(
                    "initial cluster: expected a member named '%s', got %s"
                            .formatted(name, initialCluster.keySet()));
        }
        List<Membership.Member> members = new ArrayList<>();
        for (List<String> peerUrls : initialCluster.values()) {
            long id = memberId(peerUrls, clusterToken);
            if (members.stream().anyMatch(member -> member.id() == id)) {
                throw new IllegalArgumentException(
                        "initial cluster: two members have the peer URLs " + peerUrls);
            }
            List<String> sorted = peerUrls.stream().sorted().toList();
            members.add(new Membership.Member(id, "", sorted, List.of(), false));
        }
        return new Identity(
                memberId(own, clusterToken), name, clientUrls, clusterToken, true, members);
    }

    /**
     * A member that an existing cluster has declared ({@link Membership#add}), or one that starts
     * again.
     */
    public static Identity joining(
            long self, String name, List<String> clientUrls, String clusterToken) {
        return new Identity(self, name, clientUrls, clusterToken, true, List.of());
    }

    /** The id of a founding member: of its sorted peer URLs and the cluster's token. */
    public static long memberId(List<String> peerUrls, String clusterToken) {
        return id(String.join("", peerUrls.stream().sorted().toList()) + clusterToken);
    }

    /** The id of a member added later: of the time as well. */
    public static long memberId(List<String> peerUrls, String clusterToken, long epochSeconds) {
        String urls = String.join("", peerUrls.stream().sorted().toList());
        return id(urls + clusterToken + epochSeconds);
    }

    /** The id of a cluster: of its founding members' ids in order. */
    public static long clusterId(Collection<Long> memberIds) {
        ByteBuffer ids = ByteBuffer.allocate(memberIds.size() * Long.BYTES);
        memberIds.stream().sorted(Long::compareUnsigned).forEach(ids::putLong);
        return id(ids.array());
    }

    private static long id(String text) {
        return id(text.getBytes(StandardCharsets.UTF_8));
    }

    private static long id(byte[] bytes) {
        try {
            return ByteBuffer.wrap(MessageDigest.getInstance("SHA-1").digest(bytes)).getLong();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-1", e);
        }
    }

    /** The cluster's id as far as this node can tell by itself. */
    long foundedClusterId() {
        return clusterId(
                initial.isEmpty()
                        ? List.of(self)
                        : initial.stream().map(Membership.Member::id).toList());
    }

    /** The log's peers of a new cluster; empty for one that joins. */
    public List<Peer> peers() {
        return peers(initial);
    }

    /** How members are found by the log: at the host and port of their first peer URL. */
    public static List<Peer> peers(List<Membership.Member> members) {
        return members.stream()
                .map(member ->
                        new Peer(
                                member.id(),
                                address(member.peerUrls().getFirst()),
                                member.learner()))
                .toList();
    }

    /**
     * host:port of a URL.
     *
     * @throws IllegalArgumentException when it names none
     */
    public static String address(String url) {
        String address = URI.create(url).getAuthority();
        if (address == null || !address.matches(".+:\\d+")) {
            throw new IllegalArgumentException(
                    "peer URL: expected scheme://host:port, got '" + url + "'");
        }
        return address;
    }
}
