package dev.kemudi.etcd;

import io.grpc.Attributes;
import io.grpc.Grpc;
import io.grpc.netty.GrpcHttp2ConnectionHandler;
import io.grpc.netty.InternalProtocolNegotiationEvent;
import io.grpc.netty.InternalProtocolNegotiator;
import io.grpc.netty.InternalProtocolNegotiators;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.group.ChannelGroup;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.AsciiString;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.IntPredicate;
import java.util.function.Supplier;
import javax.net.ssl.SSLSession;

/*
 * Two protocols, one port
 * -----------------------
 * etcd answers gRPC and HTTP/1.1 on its client port, and what watches it relies on that. A connection of
 * HTTP/2 begins with a fixed preface, "PRI * HTTP/2.0", and no method of HTTP/1.1 begins with "PRI": three
 * bytes decide. What is HTTP/2 goes on to gRPC as if nothing had happened; of anything else gRPC is told
 * that it will not get the connection, and a small pipeline of our own takes it. Where the address is
 * https, TLS comes first and both are told apart inside, whatever ALPN agreed on.
 *
 * gRPC's own limit on the time until a connection has said hello is replaced by one here, which covers TLS,
 * preface and the first request line alike.
 */
/** Takes every connection and finds out what it speaks. */
final class Front implements InternalProtocolNegotiator.ProtocolNegotiator {
    /** The common name of the client's verified certificate. */
    static final Attributes.Key<String> COMMON_NAME = Attributes.Key.create("etcd-common-name");

    /** What may be sent past gRPC. */
    static final Attributes.Key<UnaryStreams> STREAMS = Attributes.Key.create("etcd-streams");

    private static final AsciiString SCHEME = AsciiString.of("http");

    private final Limits limits;
    private final IntPredicate isSecurePort;
    private final Optional<Certificates> certificates;
    private final Supplier<ChannelHandler> http;
    private final ChannelGroup connections;
    private final UnaryCalls shortCalls;

    /**
     * @param isSecurePort whether TLS is spoken on a local port
     * @param http makes what answers HTTP/1.1 on one connection
     * @param connections where those of HTTP/1.1 are entered, to be closed with the server
     * @param shortCalls what need not come by gRPC
     */
    Front(
            Limits limits,
            IntPredicate isSecurePort,
            Optional<Certificates> certificates,
            Supplier<ChannelHandler> http,
            ChannelGroup connections,
            UnaryCalls shortCalls) {
        this.limits = limits;
        this.isSecurePort = isSecurePort;
        this.certificates = certificates;
        this.http = http;
        this.connections = connections;
        this.shortCalls = shortCalls;
    }

    @Override
    public AsciiString scheme() {
        return SCHEME;
    }

    @Override
    public ChannelHandler newHandler(GrpcHttp2ConnectionHandler grpc) {
        return new Sniffer(grpc);
    }

    @Override
    public void close() {}

    private final class Sniffer extends ByteToMessageDecoder {
        private static final int ENOUGH_BYTES = 3;

        private final GrpcHttp2ConnectionHandler grpc;
        private Attributes attributes = Attributes.EMPTY;

        Sniffer(GrpcHttp2ConnectionHandler grpc) {
            this.grpc = grpc;
        }

        @Override
        public void handlerAdded(ChannelHandlerContext context) {
            Channel channel = context.channel();
            attributes =
                    Attributes.newBuilder()
                            .set(Grpc.TRANSPORT_ATTR_LOCAL_ADDR, channel.localAddress())
                            .set(Grpc.TRANSPORT_ATTR_REMOTE_ADDR, channel.remoteAddress())
                            .build();
            if (channel.localAddress() instanceof InetSocketAddress local
                    && isSecurePort.test(local.getPort())) {
                SslHandler tls = certificates.orElseThrow().handler(channel);
                tls.setHandshakeTimeoutMillis(limits.helloMillis());
                context.pipeline().addBefore(context.name(), null, tls);
            }
            context.executor()
                    .schedule(
                            () -> {
                                if (!context.isRemoved()) {
                                    context.close();
                                }
                            },
                            limits.helloMillis(),
                            TimeUnit.MILLISECONDS);
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event)
                throws Exception {
            if (event == InternalProtocolNegotiationEvent.getDefault()) {
                return; // gRPC asks to begin; that is up to what the client says first
            }
            if (event instanceof SslHandshakeCompletionEvent handshake && handshake.isSuccess()) {
                shaken(context);
            }
            super.userEventTriggered(context, event);
        }

        private void shaken(ChannelHandlerContext context) {
            SslHandler tls = context.pipeline().get(SslHandler.class);
            SSLSession session = tls.engine().getSession();
            attributes =
                    attributes.toBuilder()
                            .set(Grpc.TRANSPORT_ATTR_SSL_SESSION, session)
                            .set(COMMON_NAME, Certificates.commonName(session))
                            .build();
        }

        @Override
        protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) {
            if (in.readableBytes() < ENOUGH_BYTES) {
                return;
            }
            int at = in.readerIndex();
            boolean preface =
                    in.getByte(at) == 'P' && in.getByte(at + 1) == 'R' && in.getByte(at + 2) == 'I';
            if (preface) {
                toGrpc(context);
            } else {
                toHttp(context);
            }
            // What was read so far goes on to whoever stands behind now.
            context.pipeline().remove(this);
        }

        private void toGrpc(ChannelHandlerContext context) {
            context.pipeline()
                    .addAfter(
                            context.name(),
                            null,
                            InternalProtocolNegotiators.grpcNegotiationHandler(grpc));
            Outbox outbox = new Outbox(limits.answersBytesMax());
            context.pipeline().addAfter(context.name(), null, outbox);
            UnaryStreams streams =
                    UnaryStreams.precede(
                            shortCalls,
                            grpc,
                            outbox,
                            Optional.ofNullable(attributes.get(COMMON_NAME)).orElse(""));
            context.fireUserEventTriggered(
                    InternalProtocolNegotiationEvent.withAttributes(
                            InternalProtocolNegotiationEvent.getDefault(),
                            attributes.toBuilder().set(STREAMS, streams).build()));
        }

        private void toHttp(ChannelHandlerContext context) {
            connections.add(context.channel());
            ChannelPipeline pipeline = context.pipeline();
            pipeline.addAfter(context.name(), "http-answer", http.get());
            pipeline.addAfter(
                    context.name(),
                    "http-whole",
                    new HttpObjectAggregator(limits.messageBytesMax()));
            pipeline.addAfter(context.name(), "http", new HttpServerCodec());
            grpc.notifyUnused();
        }
    }
}
