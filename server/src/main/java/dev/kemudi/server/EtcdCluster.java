package dev.kemudi.server;

import dev.kemudi.store.Identity;
import dev.kemudi.store.Membership;
import java.net.URI;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The first members of a cluster, as {@code --initial-cluster} names them. Ids are computed as etcd
 * does (members: SHA-1 of their peer URLs and the cluster's token; cluster: SHA-1 of its members'
 * ids), so that all members agree on them without a word.
 */
record EtcdCluster(List<Member> members, String self, long id) {
    record Member(long id, String name, List<URI> peerUrls) {}

    /**
     * @throws UsageException when the flags contradict one another, in etcd's words
     */
    static EtcdCluster read(EtcdSettings settings) {
        String name = settings.text("name");
        List<URI> advertised = settings.urls("initial-advertise-peer-urls");
        Map<String, List<URI>> named = named(settings.text("initial-cluster"));
        if (named.isEmpty()) {
            named.put(name, advertised);
        }
        List<URI> own = named.get(name);
        if (own == null) {
            throw new UsageException(
                    "couldn't find local name \"%s\" in the initial cluster configuration"
                            .formatted(name));
        }
        if (!sorted(own).equals(sorted(advertised))) {
            throw new UsageException(
                    "--initial-cluster has %s=%s but missing from --initial-advertise-peer-urls=%s"
                            .formatted(name, join(own), join(advertised)));
        }
        return of(name, named, settings.text("initial-cluster-token"));
    }

    /** The members named, with the ids that {@code token} gives them. */
    static EtcdCluster of(String self, Map<String, List<URI>> named, String token) {
        List<Member> members = new ArrayList<>();
        named.forEach((each, urls) ->
                members.add(new Member(Identity.memberId(strings(urls), token), each, urls)));
        members.sort((a, b) -> Long.compareUnsigned(a.id(), b.id()));
        return new EtcdCluster(
                List.copyOf(members),
                self,
                Identity.clusterId(members.stream().map(Member::id).toList()));
    }

    /** Peer URLs by name. */
    Map<String, List<String>> named() {
        Map<String, List<String>> named = new LinkedHashMap<>();
        members.forEach(member ->
                named.put(member.name(), member.peerUrls().stream().map(URI::toString).toList()));
        return named;
    }

    /** As the store knows them before any has started. */
    List<Membership.Member> asMembers() {
        return members.stream()
                .map(member ->
                        new Membership.Member(
                                member.id(),
                                member.name(),
                                member.peerUrls().stream().map(URI::toString).toList(),
                                List.of(),
                                false))
                .toList();
    }

    /** This process among them. */
    Member own() {
        return members.stream().filter(m -> m.name().equals(self)).findFirst().orElseThrow();
    }

    private static Map<String, List<URI>> named(String text) {
        Map<String, List<URI>> named = new LinkedHashMap<>();
        for (String entry : text.isEmpty() ? new String[0] : text.split(",")) {
            int equals = entry.indexOf('=');
            if (equals < 1) {
                throw new UsageException(
                        "--initial-cluster: \"%s\": expected NAME=URL".formatted(entry));
            }
            URI url = EtcdSettings.url("--initial-cluster", entry.substring(equals + 1).strip());
            named.computeIfAbsent(entry.substring(0, equals).strip(), n -> new ArrayList<>())
                    .add(url);
        }
        return named;
    }

    private static List<String> strings(List<URI> urls) {
        return urls.stream().map(URI::toString).toList();
    }

    private static List<String> sorted(List<URI> urls) {
        return urls.stream().map(URI::toString).sorted().toList();
    }

    private static String join(List<URI> urls) {
        return String.join(",", urls.stream().map(URI::toString).toList());
    }
}
