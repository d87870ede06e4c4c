package dev.kemudi.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import io.kubernetes.client.proto.IntStr;
import io.kubernetes.client.proto.Meta;
import io.kubernetes.client.proto.Resource;
import io.kubernetes.client.proto.Runtime;
import io.kubernetes.client.proto.V1;
import io.kubernetes.client.proto.V1Apps;
import io.kubernetes.client.proto.V1Authentication;
import io.kubernetes.client.proto.V1Authorization;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Base64;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;

class ProtobufCodecTest {
    private final ProtobufCodec codec = new ProtobufCodec(new BuiltinSchemas(), Limits.defaults());

    @Test
    void aDeploymentAsKubectlSendsItBecomesTheSameTreeAsItsJson() {
        V1.Container container =
                V1.Container.newBuilder()
                        .setName("web")
                        .setImage("host")
                        .setWorkingDir("")
                        .setTty(false)
                        .addPorts(V1.ContainerPort.newBuilder().setContainerPort(80).setHostPort(0))
                        .setLivenessProbe(probe("/live", "http"))
                        .setResources(
                                V1.ResourceRequirements.newBuilder()
                                        .putLimits("memory", quantity("128Mi")))
                        .build();
        V1.VolumeSource source =
                V1.VolumeSource.newBuilder()
                        .setEmptyDir(V1.EmptyDirVolumeSource.newBuilder())
                        .build();
        V1.PodSpec pod =
                V1.PodSpec.newBuilder()
                        .addContainers(container)
                        .addVolumes(V1.Volume.newBuilder().setName("tmp").setVolumeSource(source))
                        .setNodeName("")
                        .setHostNetwork(false)
                        .setAutomountServiceAccountToken(false)
                        .build();
        V1.PodTemplateSpec template =
                V1.PodTemplateSpec.newBuilder()
                        .setMetadata(
                                Meta.ObjectMeta.newBuilder().setName("").putLabels("app", "web"))
                        .setSpec(pod)
                        .build();
        V1Apps.Deployment deployment =
                V1Apps.Deployment.newBuilder()
                        .setMetadata(
                                Meta.ObjectMeta.newBuilder()
                                        .setName("web")
                                        .setGenerateName("")
                                        .setGeneration(0)
                                        .setCreationTimestamp(Meta.Time.newBuilder()))
                        .setSpec(
                                V1Apps.DeploymentSpec.newBuilder()
                                        .setReplicas(0)
                                        .setMinReadySeconds(0)
                                        .setPaused(false)
                                        .setTemplate(template))
                        .build();

        ObjectNode tree = codec.decode(envelope("apps/v1", "Deployment", deployment));

        assertThat((Object) tree)
                .isEqualTo(
                        Trees.node(
                                "{'apiVersion':'apps/v1','kind':'Deployment','metadata':{'name':'web'},"
                                        + "'spec':{'replicas':0,"
                                        + "'template':{'metadata':{'labels':{'app':'web'}},'spec':{"
                                        + "'volumes':[{'name':'tmp','emptyDir':{}}],"
                                        + "'containers':[{'name':'web','image':'host',"
                                        + "'ports':[{'containerPort':80}],"
                                        + "'resources':{'limits':{'memory':'128Mi'}},"
                                        + "'livenessProbe':{'httpGet':{'path':'/live','port':'http'},"
                                        + "'periodSeconds':5}}],"
                                        + "'automountServiceAccountToken':false}}}}"));
    }

    /** Bodies that kubectl 1.32 sent for the commands named. */
    @ParameterizedTest(name = "kubectl {0}")
    @CsvFileSource(resources = "kubectl-1.32-bodies.csv", delimiter = '|', quoteCharacter = '^')
    void kubectlsOwnBodiesDecode(String command, String base64, String expected) {
        ObjectNode tree = codec.decode(Base64.getDecoder().decode(base64));

        assertThat((Object) tree).as(command).isEqualTo(Trees.node(expected));
    }

    @Test
    void bytesBecomeBase64AndTimesBecomeRfc3339() {
        V1.Secret secret =
                V1.Secret.newBuilder()
                        .setMetadata(
                                Meta.ObjectMeta.newBuilder()
                                        .setName("s")
                                        .setCreationTimestamp(
                                                Meta.Time.newBuilder().setSeconds(1_700_000_000)))
                        .putData("k", ByteString.copyFromUtf8("secret"))
                        .setType("Opaque")
                        .build();

        ObjectNode tree = codec.decode(envelope("v1", "Secret", secret));

        assertThat(tree.at("/data/k").asText()).isEqualTo("c2VjcmV0");
        assertThat(tree.at("/metadata/creationTimestamp").asText())
                .isEqualTo("2023-11-14T22:13:20Z");
    }

    @Test
    void reviewsDecodeWithTheirListWrappers() {
        V1Authorization.SelfSubjectAccessReview review =
                V1Authorization.SelfSubjectAccessReview.newBuilder()
                        .setSpec(
                                V1Authorization.SelfSubjectAccessReviewSpec.newBuilder()
                                        .setResourceAttributes(
                                                V1Authorization.ResourceAttributes.newBuilder()
                                                        .setVerb("create")
                                                        .setResource("pods")
                                                        .setGroup("")))
                        .build();
        V1Authentication.SelfSubjectReview who =
                V1Authentication.SelfSubjectReview.newBuilder()
                        .setStatus(
                                V1Authentication.SelfSubjectReviewStatus.newBuilder()
                                        .setUserInfo(
                                                V1Authentication.UserInfo.newBuilder()
                                                        .putExtra(
                                                                "k",
                                                                V1Authentication.ExtraValue
                                                                        .newBuilder()
                                                                        .addItems("v")
                                                                        .build())))
                        .build();

        ObjectNode access =
                codec.decode(
                        envelope("authorization.k8s.io/v1", "SelfSubjectAccessReview", review));
        ObjectNode self =
                codec.decode(envelope("authentication.k8s.io/v1", "SelfSubjectReview", who));

        assertThat(access.at("/spec/resourceAttributes").toString())
                .isEqualTo("{\"verb\":\"create\",\"resource\":\"pods\"}");
        assertThat(self.at("/status/userInfo/extra").toString()).isEqualTo("{\"k\":[\"v\"]}");
    }

    @Test
    void deleteOptionsAreKnownInEveryGroup() {
        Meta.DeleteOptions options =
                Meta.DeleteOptions.newBuilder()
                        .setPropagationPolicy("Foreground")
                        .setGracePeriodSeconds(0)
                        .build();

        ObjectNode tree = codec.decode(envelope("apps/v1", "DeleteOptions", options));

        assertThat(tree.path("propagationPolicy").asText()).isEqualTo("Foreground");
        assertThat(tree.path("gracePeriodSeconds").asInt(-1)).isZero();
    }

    @Test
    void whatWasEncodedDecodesToTheSameTree() {
        ObjectNode pod =
                Trees.object(
                        "{'apiVersion':'v1','kind':'Pod','metadata':{'name':'p','labels':{'a':'b'},"
                                + "'creationTimestamp':'2023-11-14T22:13:20Z',"
                                + "'managedFields':[{'manager':'m','operation':'Apply',"
                                + "'apiVersion':'v1','fieldsType':'FieldsV1','fieldsV1':{'f:spec':{}}}]},"
                                + "'spec':{'volumes':["
                                + "{'name':'v','configMap':{'name':'c','optional':false}}],"
                                + "'containers':[{'name':'c','env':[{'name':"
                                + "'E','value':'x'}],'readinessProbe':{'tcpSocket':{'port':8080}},"
                                + "'resources':{'requests':{'cpu':"
                                + "'500m'}}}]},'status':{'podIP':'127.0.0.2','hostIP':'127.0.0.1'}}");

        assertThat((Object) codec.decode(codec.encode(pod))).isEqualTo(pod);
    }

    @Test
    void malformedBodiesAreRefusedWithASentence() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> codec.decode(new byte[] {1, 2, 3}))
                .withMessageContaining("6b 38 73 00");
        assertThatIllegalArgumentException()
                .isThrownBy(
                        () -> codec.decode(new byte[] {'k', '8', 's', 0, (byte) 0xff, (byte) 0xff}))
                .withMessageContaining("malformed");
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        codec.decode(
                                envelope(
                                        "example.com/v1", "Thing", Meta.Time.getDefaultInstance())))
                .withMessageContaining("example.com/v1");
    }

    /**
     * Seeded: any damage to a valid body either decodes or is refused with
     * IllegalArgumentException, nothing else.
     */
    @Test
    void noDamagedBodyDoesWorseThanBeingRefused() {
        byte[] valid =
                codec.encode(
                        Trees.object(
                                "{'apiVersion':'v1','kind':'Pod','metadata':{'name':'p','labels':{"
                                        + "'a':'b'}},'spec':{'containers':[{'name':'c','image':'i',"
                                        + "'resources':{'limits':{'cpu':'1'}}}]}}"));
        Random random = new Random(20_261_122);
        int refused = 0;
        for (int round = 0; round < 20_000; round++) {
            byte[] damaged =
                    Arrays.copyOf(
                            valid, round % 7 == 0 ? random.nextInt(valid.length) : valid.length);
            for (int flips = 1 + random.nextInt(4); flips > 0 && damaged.length > 4; flips--) {
                damaged[4 + random.nextInt(damaged.length - 4)] = (byte) random.nextInt(256);
            }
            try {
                assertThat(codec.decode(damaged).has("kind")).isTrue();
            } catch (IllegalArgumentException e) {
                refused++;
            }
        }
        assertThat(refused).isBetween(1, 19_999);
    }

    private static V1.Probe probe(String path, String port) {
        V1.HTTPGetAction get =
                V1.HTTPGetAction.newBuilder()
                        .setPath(path)
                        .setPort(IntStr.IntOrString.newBuilder().setType(1).setStrVal(port))
                        .build();
        return V1.Probe.newBuilder()
                .setHandler(V1.ProbeHandler.newBuilder().setHttpGet(get))
                .setInitialDelaySeconds(0)
                .setPeriodSeconds(5)
                .build();
    }

    private static Resource.Quantity quantity(String text) {
        return Resource.Quantity.newBuilder().setString(text).build();
    }

    private static byte[] envelope(String apiVersion, String kind, Message message) {
        Runtime.Unknown unknown =
                Runtime.Unknown.newBuilder()
                        .setTypeMeta(
                                Runtime.TypeMeta.newBuilder()
                                        .setApiVersion(apiVersion)
                                        .setKind(kind))
                        .setRaw(message.toByteString())
                        .build();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            out.write(new byte[] {'k', '8', 's', 0});
            unknown.writeTo(out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }
}
