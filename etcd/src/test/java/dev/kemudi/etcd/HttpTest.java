package dev.kemudi.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.kemudi.etcd.proto.AlarmRequest;
import dev.kemudi.etcd.proto.AlarmType;
import dev.kemudi.etcd.proto.DeleteRangeRequest;
import dev.kemudi.etcd.proto.KVGrpc;
import dev.kemudi.etcd.proto.MaintenanceGrpc;
import dev.kemudi.etcd.proto.RangeRequest;
import dev.kemudi.etcd.proto.RequestOp;
import dev.kemudi.etcd.proto.TxnRequest;
import dev.kemudi.store.Bytes;
import dev.kemudi.store.Op;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class HttpTest {
    private Running running;

    @BeforeEach
    void start() throws Exception {
        running = new Running(Running.plain());
    }

    @AfterEach
    void stop() {
        running.close();
    }

    @Test
    void healthIsTrueUntilAnAlarmStands() throws Exception {
        assertThat(running.get("/health").body()).isEqualTo("{\"health\":\"true\"}");
        assertThat(running.get("/livez").statusCode()).isEqualTo(200);
        assertThat(running.get("/readyz").statusCode()).isEqualTo(200);

        MaintenanceGrpc.newBlockingStub(running.channel)
                .alarm(
                        AlarmRequest.newBuilder()
                                .setAction(AlarmRequest.AlarmAction.ACTIVATE)
                                .setAlarm(AlarmType.NOSPACE)
                                .build());

        HttpResponse<String> ill = running.get("/health");
        assertThat(ill.statusCode()).isEqualTo(503);
        assertThat(ill.body()).isEqualTo("{\"health\":\"false\"}");
        assertThat(ill.headers().firstValue("Reason")).contains("ALARM NOSPACE");
        assertThat(running.get("/health?exclude=NOSPACE").statusCode()).isEqualTo(200);
    }

    @Test
    void pagesAtAnAddressOfTheirOwnComeWithoutKeys() throws Exception {
        URI anywhere = URI.create("http://127.0.0.1:0");
        try (Running beside =
                new Running(Running.plain().withPageUrls(List.of(anywhere, anywhere)))) {
            assertThat(beside.server.pagePorts()).hasSize(2).doesNotContain(beside.server.port());
            for (int port : beside.server.pagePorts()) {
                assertThat(page(beside, port, "/metrics").body())
                        .contains("etcd_server_has_leader");
                assertThat(page(beside, port, "/health").body()).isEqualTo("{\"health\":\"true\"}");
                assertThat(page(beside, port, "/livez").statusCode()).isEqualTo(200);
                assertThat(page(beside, port, "/readyz").statusCode()).isEqualTo(200);
                assertThat(page(beside, port, "/version").body()).contains("etcdserver");
                assertThat(page(beside, port, "/v3/kv/range").statusCode()).isEqualTo(404);
            }
            URI taken = URI.create("http://127.0.0.1:" + beside.server.port());
            assertThatThrownBy(() -> new Running(Running.plain().withPageUrls(List.of(taken))))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining(taken.getAuthority());
        }
    }

    private static HttpResponse<String> page(Running on, int port, String path) throws Exception {
        HttpRequest request =
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).build();
        return on.http().send(request, HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void versionAndUnknownPathsAndMethodsAreAnsweredAsByEtcd() throws Exception {
        assertThat(running.get("/version").body())
                .isEqualTo("{\"etcdserver\":\"3.5.13\",\"etcdcluster\":\"3.5.0\"}");
        assertThat(running.get("/nothing").statusCode()).isEqualTo(404);
        assertThat(running.get("/v3/kv/nothing").statusCode()).isEqualTo(404);
        assertThat(running.get("/v3/kv/range").statusCode()).isEqualTo(405);
        assertThat(running.post("/health", "").statusCode()).isEqualTo(405);
    }

    @Test
    void metricsHaveEtcdsNames() throws Exception {
        running.post("/v3/kv/put", "{\"key\":\"Zm9v\",\"value\":\"YmFy\"}");
        KVGrpc.KVBlockingStub kv = KVGrpc.newBlockingStub(running.channel);
        RequestOp delete =
                RequestOp.newBuilder()
                        .setRequestDeleteRange(
                                DeleteRangeRequest.newBuilder()
                                        .setKey(ByteString.copyFromUtf8("none")))
                        .build();
        RequestOp read =
                RequestOp.newBuilder()
                        .setRequestRange(
                                RangeRequest.newBuilder().setKey(ByteString.copyFromUtf8("foo")))
                        .build();
        kv.txn(TxnRequest.newBuilder().addSuccess(read).addSuccess(delete).build());
        kv.txn(TxnRequest.newBuilder().addSuccess(read).build());
        kv.range(read.getRequestRange());
        running.get("/health");
        // A call is counted when it is over, which its client may know first.
        Eventually.eventually(() ->
                assertThat(running.get("/metrics").body())
                        .contains(
                                "etcd_server_has_leader 1.0",
                                "etcd_mvcc_put_total 1.0",
                                "etcd_mvcc_delete_total 1.0",
                                "etcd_mvcc_txn_total 1.0",
                                "etcd_mvcc_range_total 3.0",
                                "etcd_debugging_mvcc_range_total 3.0",
                                "etcd_server_health_success 1.0",
                                "etcd_server_health_failures 0.0",
                                "etcd_server_proposals_failed_total 0.0",
                                "etcd_network_client_grpc_sent_bytes_total",
                                "process_resident_memory_bytes",
                                "grpc_server_started_total{grpc_method=\"Watch\","
                                        + "grpc_service=\"grpc.health.v1.Health\","
                                        + "grpc_type=\"server_stream\"} 0.0",
                                "grpc_server_started_total{grpc_method=\"Txn\","
                                        + "grpc_service=\"etcdserverpb.KV\",grpc_type=\"unary\"} 2.0",
                                "grpc_server_msg_received_total{grpc_method=\"Range\","
                                        + "grpc_service=\"etcdserverpb.KV\",grpc_type=\"unary\"} 1.0",
                                "etcd_debugging_mvcc_keys_total 1.0",
                                "etcd_debugging_mvcc_current_revision 2.0",
                                "etcd_cluster_version{cluster_version=\"3.5\"} 1.0",
                                "grpc_server_handled_total{grpc_code=\"OK\",grpc_method=\"Put\","
                                        + "grpc_service=\"etcdserverpb.KV\",grpc_type=\"unary\"} 1.0"));
    }

    @Test
    void whatIsPutAsJsonIsReadAsJson() throws Exception {
        assertThat(running.post("/v3/kv/put", "{\"key\":\"Zm9v\",\"value\":\"YmFy\"}").body())
                .contains("\"revision\":\"2\"");
        assertThat(running.post("/v3beta/kv/range", "{\"key\":\"Zm9v\"}").body())
                .contains(
                        "\"kvs\":[{\"key\":\"Zm9v\",\"create_revision\":\"2\",\"mod_revision\":\"2\","
                                + "\"version\":\"1\",\"value\":\"YmFy\"}],\"count\":\"1\"");
        // Numbers as numbers, enums by number, fields nobody knows.
        assertThat(
                        running.post(
                                        "/v3/kv/txn",
                                        "{\"compare\":[{\"key\":\"Zm9v\",\"target\":2,\"mod_revision\":2,"
                                                + "\"result\":\"EQUAL\"}],\"success\":[{\"requestPut\":"
                                                + "{\"key\":\"Zm9v\",\"value\":\"YmF6\"}}],\"unknown\":1}")
                                .body())
                .contains("\"succeeded\":true", "response_put");
        assertThat(running.post("/v3/kv/lease/leases", "").statusCode()).isEqualTo(200);
    }

    @Test
    void refusalsAreJsonWithGrpcsCode() throws Exception {
        HttpResponse<String> empty = running.post("/v3/kv/put", "{}");
        assertThat(empty.statusCode()).isEqualTo(400);
        assertThat(empty.body())
                .isEqualTo(
                        "{\"error\":\"etcdserver: key is not provided\","
                                + "\"message\":\"etcdserver: key is not provided\",\"code\":3}");
        assertThat(running.post("/v3/lease/revoke", "{\"ID\":\"7\"}").statusCode()).isEqualTo(404);
        assertThat(running.post("/v3/kv/put", "{\"key\":").statusCode()).isEqualTo(400);
    }

    @Test
    void aWatchStreamsLineByLineAndEndsWithItsClient() throws Exception {
        HttpRequest request =
                HttpRequest.newBuilder(running.url("/v3/watch"))
                        .POST(
                                HttpRequest.BodyPublishers.ofString(
                                        "{\"create_request\":{\"key\":\"Zm9v\",\"progress_notify\":true}}"))
                        .build();
        InputStream body =
                running.http().send(request, HttpResponse.BodyHandlers.ofInputStream()).body();
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(body, StandardCharsets.UTF_8))) {
            assertThat(lines.readLine()).contains("{\"result\":{", "\"created\":true");
            for (int i = 0; i < 3; i++) {
                running.store.put(Op.Put.of(Bytes.utf8("foo"), Bytes.utf8("v" + i))).join();
                assertThat(lines.readLine()).contains("\"events\":[{\"kv\":{\"key\":\"Zm9v\"");
            }
            assertThat(running.store.stats().watchers()).isEqualTo(1);
        }
        Eventually.eventually(() -> assertThat(running.store.stats().watchers()).isZero());
    }

    @Test
    void requestsInARowOnOneConnectionAreAnsweredInTurn() throws Exception {
        try (Socket socket = new Socket("127.0.0.1", running.server.port())) {
            String one = "GET /version HTTP/1.1\r\nHost: x\r\n\r\n";
            String last = "GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
            socket.getOutputStream().write((one + one + last).getBytes(StandardCharsets.US_ASCII));
            String all =
                    new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
            assertThat(all.split("etcdserver", -1)).hasSize(3);
            assertThat(all).endsWith("ok\n");
        }
    }

    @Test
    void garbageAndHugeBodiesAreCutOffAndServingGoesOn() throws Exception {
        try (Socket socket = new Socket("127.0.0.1", running.server.port())) {
            socket.getOutputStream().write(new byte[] {0, 1, 2, 3, 4, '\r', '\n', '\r', '\n'});
            // An error page or nothing: what matters is that the connection ends.
            socket.getInputStream().readAllBytes();
        }
        int huge = Limits.defaults().messageBytesMax() + 1;
        try (Socket socket = new Socket("127.0.0.1", running.server.port())) {
            socket.getOutputStream()
                    .write(
                            ("POST /v3/kv/put HTTP/1.1\r\nHost: x\r\nContent-Length: "
                                            + huge
                                            + "\r\n\r\n")
                                    .getBytes(StandardCharsets.US_ASCII));
            byte[] answer = new byte["HTTP/1.1 413".length()];
            assertThat(socket.getInputStream().readNBytes(answer, 0, answer.length))
                    .isEqualTo(answer.length);
            assertThat(new String(answer, StandardCharsets.US_ASCII)).isEqualTo("HTTP/1.1 413");
        }
        assertThat(running.get("/livez").statusCode()).isEqualTo(200);
    }
}
