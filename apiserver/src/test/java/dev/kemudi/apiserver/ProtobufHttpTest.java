package dev.kemudi.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.api.Json;
import dev.kemudi.apiserver.Https.Reply;
import io.kubernetes.client.proto.Meta;
import io.kubernetes.client.proto.Runtime;
import io.kubernetes.client.proto.V1;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Answers in protobuf, read by the classes of the official client; and compressed lists. */
final class ProtobufHttpTest {
    private static final String PROTOBUF = "application/vnd.kubernetes.protobuf";
    private static final String CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";

    @TempDir static Path pki;

    private static RunningServer running;
    private static Https https;

    @BeforeAll
    static void start() {
        running = new RunningServer(pki, Limits.defaults(), 0);
        https = Https.admin(pki, running.server.port());
    }

    @AfterAll
    static void stop() {
        https.close();
        running.close();
    }

    private static Reply get(String path, String accept) {
        return https.send(https.request(path).header("Accept", accept).build());
    }

    private static void make(String name, String label) {
        Reply made =
                https.post(
                        CONFIG_MAPS,
                        "{\"metadata\":{\"name\":\"%s\",\"labels\":{\"set\":\"%s\"}},\"data\":{\"k\":\"v\"}}"
                                .formatted(name, label));
        assertThat(made.code()).isEqualTo(201);
    }

    private static String type(Reply reply) {
        return reply.response().headers().firstValue("content-type").orElse("");
    }

    private static Runtime.Unknown unwrapped(byte[] body) throws IOException {
        assertThat(Arrays.copyOf(body, 4)).containsExactly('k', '8', 's', 0);
        return Runtime.Unknown.parseFrom(Arrays.copyOfRange(body, 4, body.length));
    }

    @Test
    void anObjectAndAListAreAnsweredAsClientGoAsksForThem() throws IOException {
        make("one", "pair");
        make("two", "pair");
        Reply one = get(CONFIG_MAPS + "/one", PROTOBUF + ",application/json");
        assertThat(type(one)).isEqualTo(PROTOBUF);
        V1.ConfigMap map = V1.ConfigMap.parseFrom(unwrapped(one.response().body()).getRaw());
        assertThat(map.getDataMap()).containsEntry("k", "v");
        assertThat(map.getMetadata().getUid()).isNotEmpty();

        Reply page = get(CONFIG_MAPS + "?labelSelector=set%3Dpair&limit=1", PROTOBUF);
        Runtime.Unknown envelope = unwrapped(page.response().body());
        assertThat(envelope.getTypeMeta().getKind()).isEqualTo("ConfigMapList");
        V1.ConfigMapList list = V1.ConfigMapList.parseFrom(envelope.getRaw());
        assertThat(list.getItemsCount()).isEqualTo(1);
        assertThat(list.getMetadata().getContinue()).isNotEmpty();
    }

    @Test
    void theHeaviestAlternativeThatIsServedIsChosen() {
        make("weighed", "w");
        String path = CONFIG_MAPS + "/weighed";
        assertThat(type(get(path, PROTOBUF + ";q=0.5,application/json")))
                .isEqualTo("application/json");
        assertThat(type(get(path, "application/json;q=0.2," + PROTOBUF + ";q=0.9")))
                .isEqualTo(PROTOBUF);
        assertThat(type(get(path, "application/cbor,application/yaml")))
                .isEqualTo("application/yaml");
        assertThat(get(path, "application/json;q=0").code()).isEqualTo(406);
    }

    @Test
    void aWatchIsFramesOfProtobuf() throws IOException, InterruptedException {
        make("seen", "watched");
        var response =
                https.client.send(
                        https.request(
                                        CONFIG_MAPS
                                                + "?watch=true&labelSelector=set%3Dwatched"
                                                + "&sendInitialEvents=true"
                                                + "&allowWatchBookmarks=true")
                                .header("Accept", PROTOBUF + ";stream=watch")
                                .build(),
                        BodyHandlers.ofInputStream());
        assertThat(response.headers().firstValue("content-type"))
                .contains(PROTOBUF + ";stream=watch");
        try (DataInputStream in = new DataInputStream(response.body())) {
            Meta.WatchEvent added = frame(in);
            assertThat(added.getType()).isEqualTo("ADDED");
            V1.ConfigMap map =
                    V1.ConfigMap.parseFrom(
                            unwrapped(added.getObject().getRaw().toByteArray()).getRaw());
            assertThat(map.getMetadata().getName()).isEqualTo("seen");
            Meta.WatchEvent bookmark = frame(in);
            assertThat(bookmark.getType()).isEqualTo("BOOKMARK");
            Runtime.Unknown envelope = unwrapped(bookmark.getObject().getRaw().toByteArray());
            assertThat(V1.ConfigMap.parseFrom(envelope.getRaw()).getMetadata().getAnnotationsMap())
                    .containsEntry("k8s.io/initial-events-end", "true");
            https.send("DELETE", CONFIG_MAPS + "/seen", "application/json", "");
            assertThat(frame(in).getType()).isEqualTo("DELETED");
        }
    }

    private static Meta.WatchEvent frame(DataInputStream in) throws IOException {
        return Meta.WatchEvent.parseFrom(in.readNBytes(in.readInt()));
    }

    @Test
    void metadataAloneIsServedInProtobufToo() throws IOException {
        make("meta", "m");
        Reply list =
                get(
                        CONFIG_MAPS + "?labelSelector=set%3Dm",
                        PROTOBUF + ";as=PartialObjectMetadataList;g=meta.k8s.io;v=v1");
        Meta.PartialObjectMetadataList items =
                Meta.PartialObjectMetadataList.parseFrom(
                        unwrapped(list.response().body()).getRaw());
        assertThat(items.getItems(0).getMetadata().getName()).isEqualTo("meta");
    }

    @Test
    void tablesAndCustomResourcesAreJsonOnly() {
        String table = ";as=Table;g=meta.k8s.io;v=v1";
        assertThat(type(get(CONFIG_MAPS, PROTOBUF + table + ",application/json" + table)))
                .startsWith("application/json");
        String definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
        https.post(
                definitions,
                "{\"metadata\":{\"name\":\"things.example.com\"},\"spec\":{\"group\":\"example.com\","
                        + "\"scope\":\"Cluster\",\"names\":{\"plural\":\"things\",\"kind\":\"Thing\"},"
                        + "\"versions\":[{\"name\":\"v1\",\"served\":true,\"storage\":true,"
                        + "\"schema\":{\"openAPIV3Schema\":{\"type\":\"object\"}}}]}}");
        String things = "/apis/example.com/v1/things";
        Eventually.holds("things are served", () -> https.get(things).code() == 200);
        assertThat(type(get(things, PROTOBUF + ",application/json"))).isEqualTo("application/json");
        assertThat(get(things, PROTOBUF).code()).isEqualTo(406);
        assertThat(type(get(definitions, PROTOBUF))).isEqualTo(PROTOBUF);
    }

    @Test
    void aLargeListIsCompressedForWhoAsksAndASmallOneIsNot() throws IOException {
        String value = "x".repeat(100_000);
        for (String name : new String[] {"large-a", "large-b"}) {
            https.post(
                    CONFIG_MAPS,
                    "{\"metadata\":{\"name\":\"%s\",\"labels\":{\"set\":\"large\"}},\"data\":{\"k\":\"%s\"}}"
                            .formatted(name, value));
        }
        String path = CONFIG_MAPS + "?labelSelector=set%3Dlarge";
        Reply packed = https.send(https.request(path).header("Accept-Encoding", "gzip").build());
        assertThat(packed.response().headers().firstValue("content-encoding")).contains("gzip");
        assertThat(packed.response().body()).hasSizeLessThan(20_000);
        byte[] plain =
                new GZIPInputStream(new ByteArrayInputStream(packed.response().body()))
                        .readAllBytes();
        assertThat(Json.MAPPER.readTree(plain).path("items")).hasSize(2);
        Reply asIs = https.get(path);
        assertThat(asIs.response().headers().firstValue("content-encoding")).isEmpty();
        assertThat(asIs.body().path("items")).hasSize(2);
        Reply small =
                https.send(
                        https.request(path + "&limit=1").header("Accept-Encoding", "gzip").build());
        assertThat(small.response().headers().firstValue("content-encoding")).isEmpty();
        assertThat(small.body().path("items")).hasSize(1);
    }
}
