package dev.kemudi.store;

import dev.kemudi.log.Log;
import dev.kemudi.log.LogRefusedException;
import dev.kemudi.log.Peer;
import dev.kemudi.log.Quorum;
import dev.kemudi.store.MembershipException.Reason;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/*
 * How membership changes
 * ----------------------
 * Members are declared in the area "members", by compare-and-set, on any node. The leader compares what is
 * declared with the log's quorum, every tick (MemberDuty), and moves the quorum one member nearer to it. So
 * a declaration is quick and durable, and what carries it out may take as long as a new member needs to
 * start and catch up; until then it has no vote that could be missing. etcd counts a member from its
 * declaration on, which is why it must refuse some changes; the same are refused here, so that tools see
 * what they know.
 */
/** Membership upon the area. Safe for use by many threads. */
final class Members implements Membership {
    private static final int LEARNERS_MAX = 1;
    private static final int ATTEMPTS_MAX = 8;

    private final Identity identity;
    private final Areas areas;
    private final Writes writes;
    private final Log<Answer> log;

    /** What to write, and what to answer once it is written. */
    private record Edit<T>(Map<Bytes, Optional<Bytes>> rows, Function<List<Member>, T> answer) {}

    Members(Identity identity, Areas areas, Writes writes, Log<Answer> log) {
        this.identity = identity;
        this.areas = areas;
        this.writes = writes;
        this.log = log;
    }

    @Override
    public long self() {
        return identity.self();
    }

    @Override
    public long clusterId() {
        return MemberRow.clusterId(areas.get(MemberRow.AREA)).orElseGet(identity::foundedClusterId);
    }

    @Override
    public List<Member> members() {
        return members(areas.get(MemberRow.AREA));
    }

    private List<Member> members(Area area) {
        return area.revision() == 0 ? identity.initial() : MemberRow.members(area);
    }

    @Override
    public CompletableFuture<Member> add(List<String> peerUrls, boolean learner) {
        List<String> sorted = peerUrls.stream().sorted().toList();
        sorted.forEach(Identity::address);
        // Not of the time, as in etcd: who joins knows its peer URLs and the token, and nothing
        // else.
        long id = Identity.memberId(sorted, identity.clusterToken());
        Member member = new Member(id, "", sorted, List.of(), learner);
        return edit(now -> {
            // A declared member alone may be on a log of its own; who opened it sees the second
            // member and opens it again on a replicated log.
            if (log.quorum().isEmpty() && !identity.declared()) {
                throw refusal(
                        Reason.UNHEALTHY,
                        "this node's log has no peers: open the store on a replicated log");
            }
            if (!learner) {
                checkAdding(now);
            }
            checkIsNew(now, member);
            return new Edit<>(rows(member), after -> member);
        });
    }

    private static void checkIsNew(List<Member> now, Member member) {
        // First, because the same peer URLs give the same id.
        checkPeerUrls(now, member);
        if (now.stream().anyMatch(other -> other.id() == member.id())) {
            throw refusal(Reason.ID_EXISTS, "member " + hex(member.id()) + " is there already");
        }
        long learners = now.stream().filter(Member::learner).count();
        if (member.learner() && learners >= LEARNERS_MAX) {
            throw refusal(
                    Reason.TOO_MANY_LEARNERS,
                    "there are %d learners, expected less than %d"
                            .formatted(learners, LEARNERS_MAX));
        }
    }

    private static void checkPeerUrls(List<Member> others, Member member) {
        for (Member other : others) {
            for (String url : member.peerUrls()) {
                if (other.peerUrls().contains(url)) {
                    throw refusal(
                            Reason.PEER_URL_EXISTS,
                            "peer URL %s belongs to member %s".formatted(url, hex(other.id())));
                }
            }
        }
    }

    private static List<Member> voters(List<Member> members) {
        return members.stream().filter(member -> !member.learner()).toList();
    }

    /** Those that have said their name, and this one, which may not have come to it yet. */
    private long started(List<Member> members) {
        return members.stream()
                .filter(member -> !member.name().isEmpty() || member.id() == self())
                .count();
    }

    /** From one to two is allowed though one of two is no majority: else nothing could grow. */
    private void checkAdding(List<Member> now) {
        List<Member> voters = voters(now);
        if (!(voters.size() == 1 && started(voters) == 1)) {
            checkMajority(started(voters), voters.size() + 1);
        }
    }

    private static void checkMajority(long started, int voters) {
        if (started < voters / 2 + 1) {
            throw refusal(
                    Reason.UNHEALTHY,
                    "of %d voting members %d would be started, expected a majority"
                            .formatted(voters, started));
        }
    }

    @Override
    public CompletableFuture<List<Member>> remove(long id) {
        return edit(now -> {
            Optional<Member> found = find(now, id);
            if (found.isEmpty() || !found.get().learner()) {
                List<Member> left =
                        voters(now).stream().filter(member -> member.id() != id).toList();
                checkMajority(started(left), left.size());
            }
            Member member = found.orElseThrow(() -> notFound(id));
            return listing(MemberRow.key(member.id()), Optional.empty());
        });
    }

    @Override
    public CompletableFuture<List<Member>> updatePeerUrls(long id, List<String> peerUrls) {
        List<String> sorted = peerUrls.stream().sorted().toList();
        sorted.forEach(Identity::address);
        return edit(now -> {
            Member old = find(now, id).orElseThrow(() -> notFound(id));
            Member member = new Member(id, old.name(), sorted, old.clientUrls(), old.learner());
            checkPeerUrls(now.stream().filter(other -> other.id() != id).toList(), member);
            return listing(MemberRow.key(id), Optional.of(MemberRow.value(member)));
        });
    }

    @Override
    public CompletableFuture<List<Member>> promote(long id) {
        return edit(now -> {
            Optional<Member> found = find(now, id);
            if (found.isPresent() && found.get().learner() && !caughtUp(found.get())) {
                throw refusal(
                        Reason.LEARNER_NOT_READY,
                        "learner " + hex(id) + " has not caught up with the leader");
            }
            List<Member> voters = voters(now);
            checkMajority(started(voters) + 1, voters.size() + 1);
            Member old = found.orElseThrow(() -> notFound(id));
            if (!old.learner()) {
                throw refusal(Reason.NOT_A_LEARNER, "member " + hex(id) + " has its vote");
            }
            Member member = new Member(id, old.name(), old.peerUrls(), old.clientUrls(), false);
            return listing(MemberRow.key(id), Optional.of(MemberRow.value(member)));
        });
    }

    /** It takes entries by now, and told its name through the log. */
    private boolean caughtUp(Member learner) {
        return !learner.name().isEmpty()
                && log.quorum().stream()
                        .flatMap(quorum -> quorum.peers().stream())
                        .anyMatch(peer -> peer.id() == learner.id());
    }

    @Override
    public CompletableFuture<Void> moveLeader(long id) {
        Optional<Member> found = find(members(), id);
        if (found.isEmpty() || found.get().learner()) {
            return CompletableFuture.failedFuture(
                    refusal(
                            Reason.BAD_LEADER_TRANSFEREE,
                            "expected a voting member, got " + hex(id)));
        }
        Optional<Quorum> quorum = log.quorum();
        return quorum.isEmpty()
                ? CompletableFuture.completedFuture(null)
                : quorum.get().transferLeadership(id);
    }

    private static Map<Bytes, Optional<Bytes>> rows(Member member) {
        return Map.of(MemberRow.key(member.id()), Optional.of(MemberRow.value(member)));
    }

    private static Edit<List<Member>> listing(Bytes key, Optional<Bytes> value) {
        return new Edit<>(Map.of(key, value), after -> after);
    }

    private static Optional<Member> find(List<Member> members, long id) {
        return members.stream().filter(member -> member.id() == id).findFirst();
    }

    private <T> CompletableFuture<T> edit(Function<List<Member>, Edit<T>> work) {
        return edit(work, 1);
    }

    private <T> CompletableFuture<T> edit(Function<List<Member>, Edit<T>> work, int attempt) {
        return log.readBarrier()
                .thenCompose(index -> {
                    Area area = areas.get(MemberRow.AREA);
                    Edit<T> edit = work.apply(members(area));
                    return change(area, edit.rows())
                            .thenCompose(done ->
                                    done
                                            ? CompletableFuture.completedFuture(
                                                    edit.answer().apply(members()))
                                            : again(work, attempt));
                });
    }

    private <T> CompletableFuture<T> again(Function<List<Member>, Edit<T>> work, int attempt) {
        return attempt < ATTEMPTS_MAX
                ? edit(work, attempt + 1)
                : CompletableFuture.failedFuture(
                        new LogRefusedException(
                                LogRefusedException.Reason.QUEUE_FULL,
                                "others change the membership all the time: retry later"));
    }

    /** False when the area moved on meanwhile. */
    private CompletableFuture<Boolean> change(Area area, Map<Bytes, Optional<Bytes>> rows) {
        Map<Bytes, Optional<Bytes>> all = new HashMap<>();
        if (area.revision() == 0) {
            MemberRow.put(all, identity.foundedClusterId(), identity.initial());
        }
        all.putAll(rows);
        return writes.change(new AreaChange(MemberRow.AREA, area.revision(), all), "")
                .thenApply(answer -> {
                    if (answer instanceof Answer.Refused refused
                            && refused.reason() != Answer.Reason.GUARD_STALE) {
                        throw new IllegalStateException("membership: " + refused);
                    }
                    return answer instanceof Answer.AreaChanged;
                });
    }

    /** Writes the founding members down; what is there already stays. */
    CompletableFuture<?> found() {
        return change(areas.get(MemberRow.AREA), Map.of());
    }

    /** Whether this node is declared under another name or other addresses than it has. */
    boolean mustPublish() {
        Area area = areas.get(MemberRow.AREA);
        return find(MemberRow.members(area), identity.self()).stream()
                .anyMatch(own ->
                        !own.name().equals(identity.name())
                                || !own.clientUrls().equals(identity.clientUrls()));
    }

    /** Says under which name and where clients reach this node. */
    CompletableFuture<?> publish() {
        Area area = areas.get(MemberRow.AREA);
        Member own =
                Objects.requireNonNull(
                        find(MemberRow.members(area), self()).orElse(null), "asked before");
        return change(
                area,
                rows(
                        new Member(
                                own.id(),
                                identity.name(),
                                own.peerUrls(),
                                identity.clientUrls(),
                                own.learner())));
    }

    boolean isFounded() {
        return areas.get(MemberRow.AREA).revision() > 0;
    }

    /** The quorum as it is declared. */
    List<Peer> declared() {
        return Identity.peers(MemberRow.members(areas.get(MemberRow.AREA)));
    }

    /**
     * The next quorum on the way from {@code now} to {@code declared}; empty when it is there, or
     * when all that is left is that the leader itself goes.
     *
     * @param turn which of those that are missing comes, in turns: one that was declared and never
     *     started must not keep another one out
     */
    static Optional<List<Peer>> towards(
            List<Peer> now, List<Peer> declared, long leader, int turn) {
        for (Peer peer : now) {
            boolean stays = declared.stream().anyMatch(other -> other.id() == peer.id());
            if (!stays && peer.id() != leader) {
                return Optional.of(without(now, peer.id()));
            }
        }
        for (Peer wanted : declared) {
            Optional<Peer> present =
                    now.stream().filter(peer -> peer.id() == wanted.id()).findFirst();
            if (present.isPresent() && !present.get().equals(wanted)) {
                return Optional.of(with(without(now, wanted.id()), wanted));
            }
        }
        List<Peer> missing =
                declared.stream()
                        .filter(wanted -> now.stream().noneMatch(peer -> peer.id() == wanted.id()))
                        .toList();
        return missing.isEmpty()
                ? Optional.empty()
                : Optional.of(with(now, missing.get(Math.floorMod(turn, missing.size()))));
    }

    private static List<Peer> without(List<Peer> peers, long id) {
        return peers.stream().filter(peer -> peer.id() != id).toList();
    }

    private static List<Peer> with(List<Peer> peers, Peer more) {
        List<Peer> all = new ArrayList<>(peers);
        all.add(more);
        return List.copyOf(all);
    }

    private static String hex(long id) {
        return HexFormat.of().toHexDigits(id);
    }

    private static MembershipException notFound(long id) {
        return refusal(Reason.NOT_FOUND, "there is no member " + hex(id));
    }

    private static MembershipException refusal(Reason reason, String message) {
        return new MembershipException(reason, message);
    }
}
