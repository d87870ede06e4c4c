package dev.kemudi.etcd;

import dev.kemudi.etcd.proto.ClusterGrpc;
import dev.kemudi.etcd.proto.MemberListRequest;
import dev.kemudi.etcd.proto.MemberListResponse;
import dev.kemudi.store.Store;
import io.grpc.stub.StreamObserver;

/** The one member. */
final class ClusterService extends ClusterGrpc.ClusterImplBase {
    private final Store store;
    private final Member member;

    ClusterService(Store store, Member member) {
        this.store = store;
        this.member = member;
    }

    @Override
    public void memberList(MemberListRequest request, StreamObserver<MemberListResponse> observer) {
        Unary.answer(
                observer,
                () ->
                        MemberListResponse.newBuilder()
                                .setHeader(member.header(store.revision()))
                                .addMembers(
                                        dev.kemudi.etcd.proto.Member.newBuilder()
                                                .setID(member.memberId())
                                                .setName(Member.NAME)
                                                .addClientURLs("http://" + member.address().get()))
                                .build());
    }
}
