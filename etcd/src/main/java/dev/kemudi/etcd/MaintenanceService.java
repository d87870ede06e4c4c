package dev.kemudi.etcd;

import dev.kemudi.etcd.proto.DefragmentRequest;
import dev.kemudi.etcd.proto.DefragmentResponse;
import dev.kemudi.etcd.proto.MaintenanceGrpc;
import dev.kemudi.etcd.proto.StatusRequest;
import dev.kemudi.etcd.proto.StatusResponse;
import dev.kemudi.store.Store;
import io.grpc.stub.StreamObserver;

/**
 * Status. Defragmenting is never needed, since space is reclaimed by itself, so it is done at once.
 */
final class MaintenanceService extends MaintenanceGrpc.MaintenanceImplBase {
    private final Store store;
    private final Member member;

    MaintenanceService(Store store, Member member) {
        this.store = store;
        this.member = member;
    }

    @Override
    public void status(StatusRequest request, StreamObserver<StatusResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    Store.Stats stats = store.stats();
                    return StatusResponse.newBuilder()
                            .setHeader(member.header(stats.revision()))
                            .setVersion(Member.API_VERSION)
                            .setDbSize(stats.bytesOnDisk())
                            .setDbSizeInUse(stats.bytesOnDisk())
                            .setLeader(member.memberId())
                            .setRaftTerm(1)
                            .setRaftIndex(stats.appliedIndex())
                            .setRaftAppliedIndex(stats.appliedIndex())
                            .build();
                });
    }

    @Override
    public void defragment(DefragmentRequest request, StreamObserver<DefragmentResponse> observer) {
        Unary.answer(
                observer,
                () ->
                        DefragmentResponse.newBuilder()
                                .setHeader(member.header(store.revision()))
                                .build());
    }
}
