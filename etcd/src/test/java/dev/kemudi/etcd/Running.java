package dev.kemudi.etcd;

import dev.kemudi.kernel.TimeSource;
import dev.kemudi.store.KemudiStore;
import dev.kemudi.store.Store;
import io.grpc.ClientInterceptor;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

/** A server on a store in memory, and ways to talk to it. */
final class Running implements AutoCloseable {
    final PrometheusRegistry registry = new PrometheusRegistry();
    final Store store = KemudiStore.inMemory(TimeSource.system(), registry);
    final EtcdServer server;
    final ManagedChannel channel;
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    Running(Config config) throws IOException {
        server = new EtcdServer(config, store, registry, Limits.defaults());
        server.start();
        channel = NettyChannelBuilder.forAddress("127.0.0.1", server.port()).usePlaintext().build();
    }

    static Config plain() {
        return new Config("127.0.0.1", 0).withAccounts(new Config.Accounts("simple", 300, 4));
    }

    static ClientInterceptor token(String token) {
        Metadata headers = new Metadata();
        headers.put(Metadata.Key.of("token", Metadata.ASCII_STRING_MARSHALLER), token);
        return MetadataUtils.newAttachHeadersInterceptor(headers);
    }

    URI url(String path) {
        return URI.create("http://127.0.0.1:" + server.port() + path);
    }

    HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return http.send(
                HttpRequest.newBuilder(url(path)).build(), HttpResponse.BodyHandlers.ofString());
    }

    HttpResponse<String> post(String path, String json, String... headers)
            throws IOException, InterruptedException {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(url(path)).POST(HttpRequest.BodyPublishers.ofString(json));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    HttpClient http() {
        return http;
    }

    @Override
    public void close() {
        http.close();
        channel.shutdownNow();
        server.close();
        store.close();
    }
}
