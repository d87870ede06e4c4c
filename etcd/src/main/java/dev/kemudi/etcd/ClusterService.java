package dev.kemudi.etcd;

import dev.kemudi.etcd.proto.ClusterGrpc;
import dev.kemudi.etcd.proto.MemberAddRequest;
import dev.kemudi.etcd.proto.MemberAddResponse;
import dev.kemudi.etcd.proto.MemberListRequest;
import dev.kemudi.etcd.proto.MemberListResponse;
import dev.kemudi.etcd.proto.MemberPromoteRequest;
import dev.kemudi.etcd.proto.MemberPromoteResponse;
import dev.kemudi.etcd.proto.MemberRemoveRequest;
import dev.kemudi.etcd.proto.MemberRemoveResponse;
import dev.kemudi.etcd.proto.MemberUpdateRequest;
import dev.kemudi.etcd.proto.MemberUpdateResponse;
import dev.kemudi.etcd.proto.ResponseHeader;
import dev.kemudi.store.Membership;
import dev.kemudi.store.Store;
import io.grpc.stub.StreamObserver;
import java.net.URI;
import java.util.List;
import java.util.Set;

/** Who belongs to the cluster, and changes of that. Only administrators may change it. */
final class ClusterService extends ClusterGrpc.ClusterImplBase {
    private static final Set<String> SCHEMES = Set.of("http", "https", "unix", "unixs");

    private final Store store;
    private final Member member;
    private final Guard guard;

    ClusterService(Store store, Member member, Guard guard) {
        this.store = store;
        this.member = member;
        this.guard = guard;
    }

    private ResponseHeader header() {
        return member.header(store.revision());
    }

    private dev.kemudi.etcd.proto.Member wire(Membership.Member one) {
        dev.kemudi.etcd.proto.Member.Builder builder =
                dev.kemudi.etcd.proto.Member.newBuilder()
                        .setID(one.id())
                        .setName(one.name())
                        .addAllPeerURLs(one.peerUrls())
                        .addAllClientURLs(one.clientUrls())
                        .setIsLearner(one.learner());
        if (one.id() == member.memberId() && one.clientUrls().isEmpty()) {
            builder.addClientURLs(member.address().get());
        }
        if (one.id() == member.memberId() && one.name().isEmpty()) {
            builder.setName(Member.NAME);
        }
        return builder.build();
    }

    private List<dev.kemudi.etcd.proto.Member> wire(List<Membership.Member> all) {
        return all.stream().map(this::wire).toList();
    }

    /** As etcd checks them: with a scheme, a port, no path, and at least one. */
    private static List<String> checked(List<String> urls) {
        if (urls.isEmpty()) {
            throw Errors.BAD_URLS.asRuntimeException();
        }
        for (String url : urls) {
            if (!isPeerUrl(url)) {
                throw Errors.BAD_URLS.asRuntimeException();
            }
        }
        return urls.stream().sorted().toList();
    }

    private static boolean isPeerUrl(String text) {
        try {
            URI url = URI.create(text);
            boolean bare = url.getPath() == null || url.getPath().isEmpty();
            return SCHEMES.contains(url.getScheme() + "") && url.getPort() > 0 && bare;
        } catch (IllegalArgumentException _) {
            return false;
        }
    }

    @Override
    public void memberList(MemberListRequest request, StreamObserver<MemberListResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    if (request.getLinearizable()) {
                        Errors.await(store.readBarrier());
                    }
                    return MemberListResponse.newBuilder()
                            .setHeader(header())
                            .addAllMembers(wire(store.membership().members()))
                            .build();
                });
    }

    @Override
    public void memberAdd(MemberAddRequest request, StreamObserver<MemberAddResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    List<String> urls = checked(request.getPeerURLsList());
                    guard.admin(Credential.current());
                    Membership.Member added =
                            Errors.await(store.membership().add(urls, request.getIsLearner()));
                    return MemberAddResponse.newBuilder()
                            .setHeader(header())
                            .setMember(wire(added))
                            .addAllMembers(wire(store.membership().members()))
                            .build();
                });
    }

    @Override
    public void memberRemove(
            MemberRemoveRequest request, StreamObserver<MemberRemoveResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    guard.admin(Credential.current());
                    return MemberRemoveResponse.newBuilder()
                            .setHeader(header())
                            .addAllMembers(
                                    wire(Errors.await(store.membership().remove(request.getID()))))
                            .build();
                });
    }

    @Override
    public void memberUpdate(
            MemberUpdateRequest request, StreamObserver<MemberUpdateResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    guard.admin(Credential.current());
                    List<String> urls = checked(request.getPeerURLsList());
                    return MemberUpdateResponse.newBuilder()
                            .setHeader(header())
                            .addAllMembers(
                                    wire(
                                            Errors.await(
                                                    store.membership()
                                                            .updatePeerUrls(
                                                                    request.getID(), urls))))
                            .build();
                });
    }

    @Override
    public void memberPromote(
            MemberPromoteRequest request, StreamObserver<MemberPromoteResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    guard.admin(Credential.current());
                    return MemberPromoteResponse.newBuilder()
                            .setHeader(header())
                            .addAllMembers(
                                    wire(Errors.await(store.membership().promote(request.getID()))))
                            .build();
                });
    }
}
