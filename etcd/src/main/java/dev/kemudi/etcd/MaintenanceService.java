package dev.kemudi.etcd;

import dev.kemudi.etcd.proto.AlarmMember;
import dev.kemudi.etcd.proto.AlarmRequest;
import dev.kemudi.etcd.proto.AlarmResponse;
import dev.kemudi.etcd.proto.AlarmType;
import dev.kemudi.etcd.proto.DefragmentRequest;
import dev.kemudi.etcd.proto.DefragmentResponse;
import dev.kemudi.etcd.proto.DowngradeRequest;
import dev.kemudi.etcd.proto.DowngradeResponse;
import dev.kemudi.etcd.proto.HashKVRequest;
import dev.kemudi.etcd.proto.HashKVResponse;
import dev.kemudi.etcd.proto.HashRequest;
import dev.kemudi.etcd.proto.HashResponse;
import dev.kemudi.etcd.proto.MaintenanceGrpc;
import dev.kemudi.etcd.proto.MoveLeaderRequest;
import dev.kemudi.etcd.proto.MoveLeaderResponse;
import dev.kemudi.etcd.proto.ResponseHeader;
import dev.kemudi.etcd.proto.SnapshotRequest;
import dev.kemudi.etcd.proto.SnapshotResponse;
import dev.kemudi.etcd.proto.StatusRequest;
import dev.kemudi.etcd.proto.StatusResponse;
import dev.kemudi.log.Standing;
import dev.kemudi.store.Answer;
import dev.kemudi.store.Store;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Status, alarms, checksums, copies. Defragmenting is never needed, since space is reclaimed by
 * itself; asked for, it is done sooner and stops nobody. Only administrators may do more than ask
 * how things stand.
 */
final class MaintenanceService extends MaintenanceGrpc.MaintenanceImplBase {
    private static final Pattern VERSION = Pattern.compile("v?(\\d+)\\.(\\d+)(\\.\\d+)?");

    private final Store store;
    private final Member member;
    private final Guard guard;
    private final Alarms alarms;
    private final SnapshotStream snapshots;

    MaintenanceService(
            Store store, Member member, Guard guard, Alarms alarms, SnapshotStream snapshots) {
        this.store = store;
        this.member = member;
        this.guard = guard;
        this.alarms = alarms;
        this.snapshots = snapshots;
    }

    private ResponseHeader header() {
        return member.header(store.revision());
    }

    @Override
    public void status(StatusRequest request, StreamObserver<StatusResponse> observer) {
        Unary.answer(observer, this::status);
    }

    private StatusResponse status() {
        Store.Stats stats = store.stats();
        Standing standing = store.standing();
        long leader = standing.leading() ? member.memberId() : standing.leader();
        StatusResponse.Builder status =
                StatusResponse.newBuilder()
                        .setHeader(member.header(stats.revision()))
                        .setVersion(Member.API_VERSION)
                        .setDbSize(stats.bytesOnDisk())
                        .setDbSizeInUse(stats.bytesInUse())
                        .setLeader(leader)
                        .setRaftTerm(standing.term())
                        .setRaftIndex(standing.committedIndex())
                        .setRaftAppliedIndex(standing.appliedIndex())
                        .setIsLearner(standing.learner());
        if (leader == 0) {
            status.addErrors(Errors.LEADERLESS.getDescription());
        }
        for (AlarmMember alarm : alarms.standing()) {
            // As Go prints the message.
            status.addErrors(
                    "memberID:"
                            + Long.toUnsignedString(alarm.getMemberID())
                            + " alarm:"
                            + alarm.getAlarm().name()
                            + " ");
        }
        return status.build();
    }

    @Override
    public void alarm(AlarmRequest request, StreamObserver<AlarmResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    guard.admin(Credential.current());
                    return AlarmResponse.newBuilder()
                            .addAllAlarms(alarmed(request))
                            .setHeader(header())
                            .build();
                });
    }

    private List<AlarmMember> alarmed(AlarmRequest request) {
        AlarmType type = request.getAlarm();
        return switch (request.getAction()) {
            case GET -> {
                Errors.await(store.readBarrier());
                yield alarms.standing().stream()
                        .filter(alarm -> type == AlarmType.NONE || alarm.getAlarm() == type)
                        .toList();
            }
            case ACTIVATE ->
                    type == AlarmType.NONE || type == AlarmType.UNRECOGNIZED
                            ? List.of()
                            : alarms.raise(type, request.getMemberID());
            case DEACTIVATE ->
                    type == AlarmType.UNRECOGNIZED
                            ? List.of()
                            : alarms.disarm(type, request.getMemberID());
            case UNRECOGNIZED -> List.of();
        };
    }

    @Override
    public void defragment(DefragmentRequest request, StreamObserver<DefragmentResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    guard.admin(Credential.current());
                    Errors.await(store.defragment());
                    return DefragmentResponse.newBuilder().setHeader(header()).build();
                });
    }

    private Answer.Hashed hashed(long revision) {
        guard.admin(Credential.current());
        return Errors.expect(store.hash(revision), Answer.Hashed.class);
    }

    @Override
    public void hash(HashRequest request, StreamObserver<HashResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    Answer.Hashed hashed = hashed(0);
                    return HashResponse.newBuilder()
                            .setHeader(member.header(hashed.revision()))
                            .setHash(hashed.hash())
                            .build();
                });
    }

    @Override
    public void hashKV(HashKVRequest request, StreamObserver<HashKVResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    Answer.Hashed hashed = hashed(request.getRevision());
                    return HashKVResponse.newBuilder()
                            .setHeader(member.header(hashed.revision()))
                            .setHash(hashed.hash())
                            .setCompactRevision(hashed.compactRevision())
                            .build();
                });
    }

    @Override
    public void snapshot(SnapshotRequest request, StreamObserver<SnapshotResponse> observer) {
        try {
            guard.admin(Credential.current());
            snapshots.send((ServerCallStreamObserver<SnapshotResponse>) observer);
        } catch (RuntimeException e) {
            observer.onError(Errors.told(e));
        }
    }

    @Override
    public void moveLeader(MoveLeaderRequest request, StreamObserver<MoveLeaderResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    guard.admin(Credential.current());
                    // One that was just elected is the leader before it is ready to write.
                    Standing now = store.standing();
                    if (!now.leading() && now.leader() != member.memberId()) {
                        throw Errors.NOT_THE_LEADER.asRuntimeException();
                    }
                    if (request.getTargetID() != member.memberId()) {
                        Errors.await(store.membership().moveLeader(request.getTargetID()));
                    }
                    return MoveLeaderResponse.newBuilder().setHeader(header()).build();
                });
    }

    /** There is one version of the data, so there is nothing to go back to. */
    @Override
    public void downgrade(DowngradeRequest request, StreamObserver<DowngradeResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    guard.admin(Credential.current());
                    if (request.getAction() == DowngradeRequest.DowngradeAction.CANCEL) {
                        throw Errors.NO_DOWNGRADE.asRuntimeException();
                    }
                    Matcher version = VERSION.matcher(request.getVersion());
                    throw (version.matches() ? Errors.BAD_DOWNGRADE : Errors.BAD_VERSION)
                            .asRuntimeException();
                });
    }
}
