package dev.kemudi.schema;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.kubernetes.client.proto.Meta;
import io.kubernetes.client.proto.Runtime;
import io.kubernetes.client.proto.V1;
import io.kubernetes.client.proto.V1Apps;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Every built-in kind through protobuf and back, and read by the official client's classes. */
class ProtobufKindsTest {
    private static final long SEED = Long.getLong("kemudi.seed", 20_261_123L);
    private static final int ROUNDS = Integer.getInteger("kemudi.protobuf.rounds", 5);

    private final BuiltinSchemas schemas = new BuiltinSchemas();
    private final ProtobufCodec codec = new ProtobufCodec(schemas, Limits.defaults());

    @Test
    void randomObjectsOfEveryKindComeBackAsTheyWent() {
        List<String> lost = new ArrayList<>();
        int kinds = 0;
        for (String apiVersion : schemas.groupVersions()) {
            for (String kind : schemas.kinds(apiVersion).keySet()) {
                if (ProtobufCodec.knows(apiVersion, kind) && !kind.endsWith("List")) {
                    kinds++;
                    for (int round = 0; round < ROUNDS; round++) {
                        lost.addAll(roundTrip(apiVersion, kind, SEED + round));
                    }
                }
            }
        }
        assertThat(lost).isEmpty();
        assertThat(kinds).isGreaterThan(60);
    }

    private List<String> roundTrip(String apiVersion, String kind, long seed) {
        ObjectNode object = new BuiltinObjects(schemas, new Random(seed)).object(apiVersion, kind);
        // Kinds keep some times to the microsecond, and their schemas do not say which.
        String after = codec.decode(codec.encode(object)).toString().replace(".000000Z", "Z");
        Set<String> different = new TreeSet<>();
        compare("", object, Trees.object(after), different);
        return different.stream()
                .map(path -> "%s %s, seed %d: %s".formatted(apiVersion, kind, seed, path))
                .toList();
    }

    private static void compare(
            String path, JsonNode before, JsonNode after, Set<String> different) {
        boolean nested = before.isContainerNode() && before.getNodeType() == after.getNodeType();
        if (nested && before.isObject()) {
            before.properties()
                    .forEach(e ->
                            compare(
                                    path + "/" + e.getKey(),
                                    e.getValue(),
                                    after.path(e.getKey()),
                                    different));
        } else if (nested) {
            for (int i = 0; i < before.size(); i++) {
                compare(path + "/" + i, before.path(i), after.path(i), different);
            }
        }
        if (!nested && !before.equals(after) || nested && before.size() != after.size()) {
            different.add(path + " was " + before + ", is " + after);
        }
    }

    @Test
    void theOfficialClientsClassesReadWhatIsWritten() throws IOException {
        ObjectNode pod =
                Trees.object(
                        "{'apiVersion':'v1','kind':'Pod','metadata':{'name':'p','labels':{'a':'b','c':'d'},"
                                + "'creationTimestamp':'2026-01-01T00:00:01Z'},'spec':{'containers':[{"
                                + "'name':'c','resources':{'limits':{'cpu':'500m'}},'livenessProbe':"
                                + "{'httpGet':{'port':'web'}}}],'volumes':[{'name':'v','emptyDir':{}}]}}");
        Runtime.Unknown envelope = unwrapped(codec.encode(pod));
        assertThat(envelope.getTypeMeta().getKind()).isEqualTo("Pod");
        V1.Pod read = V1.Pod.parseFrom(envelope.getRaw());
        assertThat(read.getMetadata().getLabelsMap())
                .containsEntry("a", "b")
                .containsEntry("c", "d");
        assertThat(read.getMetadata().getCreationTimestamp().getSeconds())
                .isEqualTo(1_767_225_601L);
        V1.Container container = read.getSpec().getContainers(0);
        assertThat(container.getResources().getLimitsOrThrow("cpu").getString()).isEqualTo("500m");
        assertThat(container.getLivenessProbe().getHandler().getHttpGet().getPort().getStrVal())
                .isEqualTo("web");
        assertThat(read.getSpec().getVolumes(0).getVolumeSource().hasEmptyDir()).isTrue();
    }

    @Test
    void aListIsItsItemsUnderOneEnvelope() throws IOException {
        List<ObjectNode> deployments = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            deployments.add(
                    new BuiltinObjects(schemas, new Random(SEED + i))
                            .object("apps/v1", "Deployment"));
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        codec.encodeList(
                out,
                "apps/v1",
                "DeploymentList",
                Trees.object("{'resourceVersion':'7','continue':'x'}"),
                deployments);
        Runtime.Unknown envelope = unwrapped(out.toByteArray());
        assertThat(envelope.getTypeMeta().getKind()).isEqualTo("DeploymentList");
        V1Apps.DeploymentList list = V1Apps.DeploymentList.parseFrom(envelope.getRaw());
        assertThat(list.getMetadata().getResourceVersion()).isEqualTo("7");
        assertThat(list.getItemsCount()).isEqualTo(300);
        assertThat(list.getItems(299).getMetadata().getName())
                .isEqualTo(deployments.get(299).at("/metadata/name").asText());
    }

    @Test
    void anEventOfAWatchHasItsLengthInFrontAndAnEnvelopeWithin() throws IOException {
        byte[] frame =
                codec.encodeEvent(
                        "ADDED",
                        Trees.object(
                                "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'c'},"
                                        + "'data':{'k':'v'}}"));
        assertThat(ByteBuffer.wrap(frame).getInt()).isEqualTo(frame.length - Integer.BYTES);
        Meta.WatchEvent event =
                Meta.WatchEvent.parseFrom(Arrays.copyOfRange(frame, Integer.BYTES, frame.length));
        assertThat(event.getType()).isEqualTo("ADDED");
        Runtime.Unknown envelope = unwrapped(event.getObject().getRaw().toByteArray());
        assertThat(V1.ConfigMap.parseFrom(envelope.getRaw()).getDataMap()).containsEntry("k", "v");
    }

    @Test
    void metadataAloneIsWrittenForAnyKind() throws IOException {
        ObjectNode part =
                Trees.object(
                        "{'apiVersion':'meta.k8s.io/v1','kind':'PartialObjectMetadata',"
                                + "'metadata':{'name':'n','uid':'u'}}");
        Runtime.Unknown envelope = unwrapped(codec.encode(part));
        Meta.PartialObjectMetadata read = Meta.PartialObjectMetadata.parseFrom(envelope.getRaw());
        assertThat(read.getMetadata().getUid()).isEqualTo("u");
    }

    private static Runtime.Unknown unwrapped(byte[] body) throws IOException {
        assertThat(Arrays.copyOf(body, 4)).containsExactly('k', '8', 's', 0);
        return Runtime.Unknown.parseFrom(Arrays.copyOfRange(body, 4, body.length));
    }
}
