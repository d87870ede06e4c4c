package dev.kemudi.etcd;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.group.ChannelGroup;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.ssl.SslHandler;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The pages at addresses of their own, without keys: for those who watch over a member and may not
 * touch it.
 */
final class PagesDoor {
    private final EventLoopGroup loops;
    private final Limits limits;
    private final Optional<Certificates> certificates;
    private final Supplier<ChannelHandler> http;
    private final ChannelGroup connections;
    private final List<Channel> listening = new ArrayList<>();

    /**
     * @param http makes what answers HTTP/1.1 on one connection
     * @param connections where connections are entered, to be closed with the server
     */
    PagesDoor(
            EventLoopGroup loops,
            Limits limits,
            Optional<Certificates> certificates,
            Supplier<ChannelHandler> http,
            ChannelGroup connections) {
        this.loops = loops;
        this.limits = limits;
        this.certificates = certificates;
        this.http = http;
        this.connections = connections;
    }

    /**
     * @throws IOException when somebody else listens there
     */
    void listen(URI url) throws IOException {
        boolean secure = Config.isSecure(url);
        ChannelFuture bound =
                new ServerBootstrap()
                        .group(loops)
                        .channel(Transport.serverChannel())
                        .childHandler(
                                new ChannelInitializer<>() {
                                    @Override
                                    protected void initChannel(Channel channel) {
                                        open(channel, secure);
                                    }
                                })
                        .bind(Config.address(url))
                        .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw new IOException(bound.cause().getMessage(), bound.cause());
        }
        listening.add(bound.channel());
    }

    private void open(Channel channel, boolean secure) {
        connections.add(channel);
        if (secure) {
            SslHandler tls = certificates.orElseThrow().handler(channel);
            tls.setHandshakeTimeoutMillis(limits.helloMillis());
            channel.pipeline().addLast(tls);
        }
        channel.pipeline()
                .addLast(
                        new HttpServerCodec(),
                        new HttpObjectAggregator(limits.messageBytesMax()),
                        http.get());
    }

    List<Integer> ports() {
        return listening.stream()
                .map(channel -> ((InetSocketAddress) channel.localAddress()).getPort())
                .toList();
    }

    void close() {
        listening.forEach(channel -> channel.close().awaitUninterruptibly(limits.stopMillis()));
    }
}
