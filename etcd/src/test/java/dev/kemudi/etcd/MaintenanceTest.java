package dev.kemudi.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.kemudi.bolt.EtcdSnapshotReader;
import dev.kemudi.etcd.proto.AlarmRequest;
import dev.kemudi.etcd.proto.AlarmType;
import dev.kemudi.etcd.proto.ClusterGrpc;
import dev.kemudi.etcd.proto.CompactionRequest;
import dev.kemudi.etcd.proto.DeleteRangeRequest;
import dev.kemudi.etcd.proto.DowngradeRequest;
import dev.kemudi.etcd.proto.HashKVRequest;
import dev.kemudi.etcd.proto.KVGrpc;
import dev.kemudi.etcd.proto.LeaseGrantRequest;
import dev.kemudi.etcd.proto.LeaseGrpc;
import dev.kemudi.etcd.proto.LeaseRevokeRequest;
import dev.kemudi.etcd.proto.MaintenanceGrpc;
import dev.kemudi.etcd.proto.MemberAddRequest;
import dev.kemudi.etcd.proto.MemberListRequest;
import dev.kemudi.etcd.proto.MemberListResponse;
import dev.kemudi.etcd.proto.MemberPromoteRequest;
import dev.kemudi.etcd.proto.MemberRemoveRequest;
import dev.kemudi.etcd.proto.MoveLeaderRequest;
import dev.kemudi.etcd.proto.PutRequest;
import dev.kemudi.etcd.proto.RangeRequest;
import dev.kemudi.etcd.proto.RequestOp;
import dev.kemudi.etcd.proto.SnapshotRequest;
import dev.kemudi.etcd.proto.SnapshotResponse;
import dev.kemudi.etcd.proto.StatusRequest;
import dev.kemudi.etcd.proto.StatusResponse;
import dev.kemudi.etcd.proto.TxnRequest;
import dev.kemudi.store.Bytes;
import dev.kemudi.store.Op;
import java.io.ByteArrayOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Iterator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MaintenanceTest {
    private Running running;
    private MaintenanceGrpc.MaintenanceBlockingStub maintenance;

    @BeforeEach
    void start() throws Exception {
        running = new Running(Running.plain());
        maintenance = MaintenanceGrpc.newBlockingStub(running.channel);
    }

    @AfterEach
    void stop() {
        running.close();
    }

    private static AlarmRequest alarm(AlarmRequest.AlarmAction action, AlarmType type) {
        return AlarmRequest.newBuilder().setAction(action).setAlarm(type).setMemberID(7).build();
    }

    private static PutRequest put(String key) {
        return PutRequest.newBuilder()
                .setKey(ByteString.copyFromUtf8(key))
                .setValue(ByteString.copyFromUtf8("value"))
                .build();
    }

    @Test
    void whileSpaceIsMissingNothingIsAddedButMuchIsAllowed() {
        KVGrpc.KVBlockingStub kv = KVGrpc.newBlockingStub(running.channel);
        kv.put(put("a"));
        assertThat(
                        maintenance
                                .alarm(alarm(AlarmRequest.AlarmAction.ACTIVATE, AlarmType.NOSPACE))
                                .getAlarmsList())
                .hasSize(1);
        String full = "RESOURCE_EXHAUSTED: etcdserver: mvcc: database space exceeded";
        assertThatThrownBy(() -> kv.put(put("b"))).hasMessage(full);
        RequestOp op = RequestOp.newBuilder().setRequestPut(put("b")).build();
        assertThatThrownBy(() -> kv.txn(TxnRequest.newBuilder().addFailure(op).build()))
                .hasMessage(full);
        assertThatThrownBy(() ->
                        LeaseGrpc.newBlockingStub(running.channel)
                                .leaseGrant(LeaseGrantRequest.newBuilder().setTTL(9).build()))
                .hasMessage(full);
        assertThat(
                        kv.range(
                                        RangeRequest.newBuilder()
                                                .setKey(ByteString.copyFromUtf8("a"))
                                                .build())
                                .getCount())
                .isEqualTo(1);
        kv.deleteRange(
                DeleteRangeRequest.newBuilder().setKey(ByteString.copyFromUtf8("a")).build());
        assertThat(maintenance.status(StatusRequest.getDefaultInstance()).getErrorsList())
                .containsExactly("memberID:7 alarm:NOSPACE ");

        maintenance.alarm(alarm(AlarmRequest.AlarmAction.DEACTIVATE, AlarmType.NOSPACE));
        kv.put(put("b"));
        assertThat(
                        maintenance
                                .alarm(alarm(AlarmRequest.AlarmAction.GET, AlarmType.NONE))
                                .getAlarmsList())
                .isEmpty();
    }

    @Test
    void aCorruptClusterIsReadAndNotWritten() {
        KVGrpc.KVBlockingStub kv = KVGrpc.newBlockingStub(running.channel);
        LeaseGrpc.LeaseBlockingStub leases = LeaseGrpc.newBlockingStub(running.channel);
        kv.put(put("a"));
        RangeRequest read = RangeRequest.newBuilder().setKey(ByteString.copyFromUtf8("a")).build();
        RequestOp put = RequestOp.newBuilder().setRequestPut(put("b")).build();
        maintenance.alarm(alarm(AlarmRequest.AlarmAction.ACTIVATE, AlarmType.CORRUPT));

        String corrupt = "DATA_LOSS: etcdserver: corrupt cluster";
        assertThatThrownBy(() -> kv.put(put("b"))).hasMessage(corrupt);
        assertThatThrownBy(() -> kv.txn(TxnRequest.newBuilder().addFailure(put).build()))
                .hasMessage(corrupt);
        assertThatThrownBy(() -> kv.compact(CompactionRequest.newBuilder().setRevision(1).build()))
                .hasMessage(corrupt);
        assertThatThrownBy(
                        () -> leases.leaseGrant(LeaseGrantRequest.newBuilder().setTTL(9).build()))
                .hasMessage(corrupt);
        assertThatThrownBy(
                        () -> leases.leaseRevoke(LeaseRevokeRequest.newBuilder().setID(9).build()))
                .hasMessage(corrupt);
        assertThat(kv.range(read).getCount()).isEqualTo(1);
        RequestOp range = RequestOp.newBuilder().setRequestRange(read).build();
        assertThat(kv.txn(TxnRequest.newBuilder().addSuccess(range).build()).getSucceeded())
                .isTrue();
    }

    @Test
    void forgettingNothingOfAStoreThatForgotNothingIsDone() {
        KVGrpc.KVBlockingStub kv = KVGrpc.newBlockingStub(running.channel);
        kv.put(put("a"));
        kv.compact(CompactionRequest.getDefaultInstance());
        kv.compact(CompactionRequest.newBuilder().setRevision(2).build());
        assertThatThrownBy(() -> kv.compact(CompactionRequest.getDefaultInstance()))
                .hasMessage("OUT_OF_RANGE: etcdserver: mvcc: required revision has been compacted");
    }

    @Test
    void aSnapshotIsADatabaseOfEtcdAndItsDigest(@TempDir Path directory) throws Exception {
        for (int i = 0; i < 1_000; i++) {
            running.store.put(Op.Put.of(Bytes.utf8("k" + i % 300), Bytes.utf8("v" + i))).join();
        }
        running.store.leaseGrant(77, 1_000).join();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        long left = -1;
        Iterator<SnapshotResponse> pieces =
                maintenance.snapshot(SnapshotRequest.getDefaultInstance());
        while (pieces.hasNext()) {
            SnapshotResponse piece = pieces.next();
            left = piece.getRemainingBytes();
            piece.getBlob().writeTo(out);
        }
        assertThat(left).isZero();
        byte[] all = out.toByteArray();
        byte[] database = Arrays.copyOf(all, all.length - 32);
        assertThat(Arrays.copyOfRange(all, all.length - 32, all.length))
                .isEqualTo(MessageDigest.getInstance("SHA-256").digest(database));
        Path file = Files.write(directory.resolve("snapshot.db"), all);
        int[] changes = {0};
        try (EtcdSnapshotReader reader =
                EtcdSnapshotReader.open(
                        file,
                        EtcdSnapshotReader.Checksum.REQUIRED,
                        dev.kemudi.bolt.Limits.defaults())) {
            reader.changes(change -> changes[0]++);
        }
        assertThat(changes[0]).isEqualTo(1_000);
    }

    @Test
    void hashesFollowTheData() {
        running.store.put(Op.Put.of(Bytes.utf8("a"), Bytes.utf8("1"))).join();
        int first = maintenance.hashKV(HashKVRequest.getDefaultInstance()).getHash();
        running.store.put(Op.Put.of(Bytes.utf8("a"), Bytes.utf8("2"))).join();
        assertThat(maintenance.hashKV(HashKVRequest.getDefaultInstance()).getHash())
                .isNotEqualTo(first);
        assertThat(maintenance.hashKV(HashKVRequest.newBuilder().setRevision(2).build()).getHash())
                .isEqualTo(first);
        assertThatThrownBy(
                        () -> maintenance.hashKV(HashKVRequest.newBuilder().setRevision(9).build()))
                .hasMessage(
                        "OUT_OF_RANGE: etcdserver: mvcc: required revision is a future revision");
    }

    @Test
    void membersAreKnownAndWronglyAskedChangesRefused() {
        ClusterGrpc.ClusterBlockingStub cluster = ClusterGrpc.newBlockingStub(running.channel);
        MemberListResponse list =
                cluster.memberList(MemberListRequest.newBuilder().setLinearizable(true).build());
        assertThat(list.getMembersList()).hasSize(1);
        assertThat(list.getMembers(0).getID()).isEqualTo(list.getHeader().getMemberId());
        assertThat(list.getMembers(0).getClientURLsList()).isNotEmpty();
        assertThatThrownBy(() ->
                        cluster.memberAdd(
                                MemberAddRequest.newBuilder().addPeerURLs("nonsense").build()))
                .hasMessage("INVALID_ARGUMENT: etcdserver: given member URLs are invalid");
        assertThatThrownBy(() ->
                        cluster.memberRemove(MemberRemoveRequest.newBuilder().setID(5).build()))
                .hasMessage("NOT_FOUND: etcdserver: member not found");
        assertThatThrownBy(() ->
                        cluster.memberPromote(MemberPromoteRequest.newBuilder().setID(5).build()))
                .hasMessage("NOT_FOUND: etcdserver: member not found");
    }

    @Test
    void leadershipAndVersionsStayWhereTheyAre() {
        StatusResponse status = maintenance.status(StatusRequest.getDefaultInstance());
        assertThat(status.getLeader()).isEqualTo(status.getHeader().getMemberId());
        maintenance.moveLeader(
                MoveLeaderRequest.newBuilder().setTargetID(status.getLeader()).build());
        assertThatThrownBy(() ->
                        maintenance.moveLeader(
                                MoveLeaderRequest.newBuilder().setTargetID(1).build()))
                .hasMessage("FAILED_PRECONDITION: etcdserver: bad leader transferee");
        assertThatThrownBy(() ->
                        maintenance.downgrade(
                                DowngradeRequest.newBuilder().setVersion("3.4.0").build()))
                .hasMessage("INVALID_ARGUMENT: etcdserver: invalid downgrade target version");
        assertThatThrownBy(() ->
                        maintenance.downgrade(
                                DowngradeRequest.newBuilder()
                                        .setAction(DowngradeRequest.DowngradeAction.CANCEL)
                                        .build()))
                .hasMessage("FAILED_PRECONDITION: etcdserver: no inflight downgrade");
    }
}
