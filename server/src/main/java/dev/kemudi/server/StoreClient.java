package dev.kemudi.server;

import dev.kemudi.etcd.proto.AuthGrpc;
import dev.kemudi.etcd.proto.AuthenticateRequest;
import dev.kemudi.etcd.proto.ClusterGrpc;
import dev.kemudi.etcd.proto.KVGrpc;
import dev.kemudi.etcd.proto.MaintenanceGrpc;
import dev.kemudi.etcd.proto.Member;
import dev.kemudi.etcd.proto.MemberListRequest;
import dev.kemudi.etcd.proto.StatusRequest;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.AbstractStub;
import io.grpc.stub.MetadataUtils;
import io.netty.handler.ssl.SslContextBuilder;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import javax.net.ssl.SSLException;

/**
 * The store over its own gRPC, one connection a member. Errors are {@link FailedException}s that
 * name the member. For use by one thread.
 */
final class StoreClient implements AutoCloseable {
    /** Larger than any answer but a snapshot, which comes in pieces. */
    private static final int ANSWER_BYTES_MAX = 16 * 1024 * 1024;

    private static final Metadata.Key<String> TOKEN =
            Metadata.Key.of("token", Metadata.ASCII_STRING_MARSHALLER);

    private final String address;
    private final Trust trust;
    private final String user;
    private final int timeoutSeconds;
    private final Map<String, ManagedChannel> channels = new HashMap<>();
    private Optional<Metadata> token = Optional.empty();

    /** Whom to believe, and what to show; PEM files. */
    record Trust(Optional<Path> ca, Optional<Path> certificate, Optional<Path> key) {}

    StoreClient(String address, Trust trust, String user, int timeoutSeconds) {
        this.address = address;
        this.trust = trust;
        this.user = user;
        this.timeoutSeconds = timeoutSeconds;
    }

    String address() {
        return address;
    }

    MaintenanceGrpc.MaintenanceBlockingStub maintenance(String member) {
        return prepared(MaintenanceGrpc.newBlockingStub(channel(member)));
    }

    /** For answers that come as long as they come. */
    MaintenanceGrpc.MaintenanceBlockingStub stream(String member) {
        return identified(MaintenanceGrpc.newBlockingStub(channel(member)));
    }

    KVGrpc.KVBlockingStub keys() {
        return prepared(KVGrpc.newBlockingStub(channel(address)));
    }

    ClusterGrpc.ClusterBlockingStub cluster() {
        return prepared(ClusterGrpc.newBlockingStub(channel(address)));
    }

    private <S extends AbstractStub<S>> S prepared(S stub) {
        return identified(stub.withDeadlineAfter(timeoutSeconds, TimeUnit.SECONDS));
    }

    private <S extends AbstractStub<S>> S identified(S stub) {
        return user.isEmpty()
                ? stub
                : stub.withInterceptors(
                        MetadataUtils.newAttachHeadersInterceptor(
                                token.orElseGet(this::authenticate)));
    }

    private Metadata authenticate() {
        int colon = user.indexOf(':');
        if (colon < 1) {
            throw new UsageException("--user: \"%s\": expected NAME:PASSWORD".formatted(user));
        }
        AuthenticateRequest request =
                AuthenticateRequest.newBuilder()
                        .setName(user.substring(0, colon))
                        .setPassword(user.substring(colon + 1))
                        .build();
        Metadata headers = new Metadata();
        headers.put(
                TOKEN,
                ask(
                                address,
                                () ->
                                        AuthGrpc.newBlockingStub(channel(address))
                                                .withDeadlineAfter(timeoutSeconds, TimeUnit.SECONDS)
                                                .authenticate(request))
                        .getToken());
        token = Optional.of(headers);
        return headers;
    }

    /**
     * Asks, and turns what gRPC says into a sentence.
     *
     * @throws FailedException when the member does not answer or refuses
     */
    <T> T ask(String member, java.util.function.Supplier<T> question) {
        try {
            return question.get();
        } catch (StatusRuntimeException e) {
            String why = e.getStatus().getDescription();
            throw new FailedException(
                    switch (e.getStatus().getCode()) {
                        case UNAVAILABLE ->
                                "no member answers at %s; is it running, and is this its address?"
                                        .formatted(member);
                        case DEADLINE_EXCEEDED ->
                                "%s did not answer within %d s".formatted(member, timeoutSeconds);
                        case UNIMPLEMENTED ->
                                "%s does not serve this call (%s)".formatted(member, why);
                        default ->
                                "%s refused: %s"
                                        .formatted(member, why == null ? e.getStatus() : why);
                    },
                    e);
        }
    }

    /** The newest revision that the connected member has. */
    long newestRevision() {
        return ask(address, () -> maintenance(address).status(StatusRequest.getDefaultInstance()))
                .getHeader()
                .getRevision();
    }

    /** The members as the one that was connected to knows them. */
    List<Member> members() {
        return ask(address, () -> cluster().memberList(MemberListRequest.getDefaultInstance()))
                .getMembersList();
    }

    /** Where each member's clients go; the connected member's own address when it tells none. */
    List<Reached> reach() {
        List<Member> members = members();
        Function<Member, String> first =
                member -> member.getClientURLsCount() == 0 ? "" : member.getClientURLs(0);
        return members.size() == 1
                ? List.of(new Reached(members.getFirst(), address))
                : members.stream().map(m -> new Reached(m, first.apply(m))).toList();
    }

    /** A member, and where to ask it; empty when it never said. */
    record Reached(Member member, String address) {}

    private ManagedChannel channel(String member) {
        return channels.computeIfAbsent(member, this::open);
    }

    private ManagedChannel open(String member) {
        URI url = URI.create(member.contains("://") ? member : "http://" + member);
        if (url.getHost() == null || url.getPort() < 0) {
            throw new UsageException("--endpoint: \"%s\": expected HOST:PORT".formatted(member));
        }
        NettyChannelBuilder builder =
                NettyChannelBuilder.forAddress(url.getHost(), url.getPort())
                        .maxInboundMessageSize(ANSWER_BYTES_MAX);
        boolean secure = "https".equals(url.getScheme()) || trust.ca().isPresent();
        return (secure ? builder.sslContext(tls()) : builder.usePlaintext()).build();
    }

    private io.netty.handler.ssl.SslContext tls() {
        try {
            SslContextBuilder builder = GrpcSslContexts.forClient();
            trust.ca().ifPresent(file -> builder.trustManager(file.toFile()));
            trust.certificate()
                    .ifPresent(file ->
                            builder.keyManager(
                                    file.toFile(),
                                    trust.key()
                                            .orElseThrow(() ->
                                                    new UsageException(
                                                            "--cert needs --key as well"))
                                            .toFile()));
            return builder.build();
        } catch (SSLException | IllegalArgumentException e) {
            throw new UsageException(
                    "--cacert, --cert, --key: cannot be used: %s".formatted(e.getMessage()), e);
        }
    }

    @Override
    public void close() {
        Deque<ManagedChannel> open = new ArrayDeque<>(channels.values());
        channels.clear();
        open.forEach(ManagedChannel::shutdownNow);
    }
}
