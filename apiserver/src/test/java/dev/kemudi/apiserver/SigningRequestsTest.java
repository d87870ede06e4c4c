package dev.kemudi.apiserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.apiserver.Certificates.Subject;
import dev.kemudi.apiserver.Https.Reply;
import java.io.ByteArrayInputStream;
import java.math.BigInteger;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** CertificateSigningRequests from the key to the certificate that logs in. */
final class SigningRequestsTest {
    private static final String REQUESTS =
            "/apis/certificates.k8s.io/v1/certificatesigningrequests";
    private static final String CLIENT = "kubernetes.io/kube-apiserver-client";
    private static final String KUBELET = "kubernetes.io/kube-apiserver-client-kubelet";
    private static final String SERVING = "kubernetes.io/kubelet-serving";
    private static final String CLIENT_USAGES = "\"digital signature\",\"client auth\"";
    private static final String SERVER_USAGES = "\"digital signature\",\"server auth\"";
    private static final String MERGE = "application/merge-patch+json";

    @TempDir static Path pki;

    private static RunningServer running;
    private static Https https;
    private static KeyPair key;

    @BeforeAll
    static void start() throws GeneralSecurityException {
        running = new RunningServer(pki, Small.limits(), 0);
        https = Https.admin(pki, running.server.port());
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(256);
        key = generator.generateKeyPair();
    }

    @AfterAll
    static void stop() {
        https.close();
        running.close();
    }

    /** A PKCS #10 request, as PEM. */
    private static String pkcs10(Subject subject, byte[]... alternatives) {
        byte[] extension =
                Der.sequence(Der.oid("2.5.29.17"), Der.octets(Der.sequence(alternatives)));
        byte[] attribute =
                Der.sequence(Der.oid("1.2.840.113549.1.9.14"), Der.set(Der.sequence(extension)));
        byte[] content =
                Der.sequence(
                        Der.integer(BigInteger.ZERO),
                        subject.encoded(),
                        key.getPublic().getEncoded(),
                        alternatives.length == 0
                                ? Der.explicit(0, new byte[0])
                                : Der.explicit(0, attribute));
        try {
            Signature signature = Signature.getInstance("SHA256withECDSA");
            signature.initSign(key.getPrivate());
            signature.update(content);
            byte[] whole =
                    Der.sequence(
                            content,
                            Der.sequence(Der.oid("1.2.840.10045.4.3.2")),
                            Der.bits(0, signature.sign()));
            return Pki.pem("CERTIFICATE REQUEST", whole);
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    private static byte[] host(String name) {
        return Der.implicit(2, name.getBytes(StandardCharsets.US_ASCII));
    }

    private static Reply create(
            String name, String signer, String usages, String more, String pem) {
        return https.post(REQUESTS, body(name, signer, usages, more, pem));
    }

    private static String body(String name, String signer, String usages, String more, String pem) {
        return ("{\"metadata\":{\"name\":\"%s\"},\"spec\":{\"signerName\":\"%s\",\"usages\":[%s],"
                        + "%s\"request\":\"%s\"}}")
                .formatted(name, signer, usages, more, TokenSecrets.base64(pem));
    }

    /** As kubectl certificate approve and deny: the whole object with one more condition. */
    private static Reply decide(String name, String type) {
        JsonNode request = https.get(REQUESTS + "/" + name).body();
        ((com.fasterxml.jackson.databind.node.ObjectNode) request)
                .withObjectProperty("status")
                .withArrayProperty("conditions")
                .addObject()
                .put("type", type)
                .put("status", "True")
                .put("reason", "Kubectl" + type);
        return https.send(
                "PUT", REQUESTS + "/" + name + "/approval", "application/json", request.toString());
    }

    private static X509Certificate certificate(JsonNode request) throws GeneralSecurityException {
        byte[] pem = Base64.getDecoder().decode(request.at("/status/certificate").asText());
        return (X509Certificate)
                CertificateFactory.getInstance("X.509")
                        .generateCertificate(new ByteArrayInputStream(pem));
    }

    private static Subject user(String name, String... groups) {
        return new Subject(name, List.of(groups));
    }

    @Test
    void anApprovedRequestBecomesACertificateThatLogsIn() throws GeneralSecurityException {
        Reply made =
                create(
                        "jane",
                        CLIENT,
                        CLIENT_USAGES,
                        "\"username\":\"liar\",\"expirationSeconds\":7200,",
                        pkcs10(user("jane", "devs")));
        assertThat(made.code()).as(made.message()).isEqualTo(201);
        assertThat(made.body().at("/spec/username").asText()).isEqualTo("kubernetes-admin");

        Reply approved = decide("jane", "Approved");

        assertThat(approved.code()).as(approved.message()).isEqualTo(200);
        assertThat(approved.body().at("/status/conditions/0").has("lastUpdateTime")).isTrue();
        X509Certificate certificate = certificate(approved.body());
        assertThat(
                        Duration.between(
                                certificate.getNotBefore().toInstant(),
                                certificate.getNotAfter().toInstant()))
                .isEqualTo(Duration.ofSeconds(7200).plusMinutes(5));
        try (Https jane =
                Https.certified(pki, running.server.port(), key.getPrivate(), certificate)) {
            JsonNode who =
                    jane.post("/apis/authentication.k8s.io/v1/selfsubjectreviews", "{}")
                            .body()
                            .at("/status/userInfo");
            assertThat(who.path("username").asText()).isEqualTo("jane");
            assertThat(who.path("groups").toString())
                    .isEqualTo("[\"devs\",\"system:authenticated\"]");
            assertThat(jane.get("/api/v1/nodes").message()).contains("User \"jane\" cannot list");
        }
    }

    @Test
    void aDeniedRequestIsNeverSigned() {
        create("denied", CLIENT, CLIENT_USAGES, "", pkcs10(user("d")));

        assertThat(decide("denied", "Denied").code()).isEqualTo(200);
        Reply both = decide("denied", "Approved");

        assertThat(both.code()).isEqualTo(422);
        assertThat(both.message())
                .contains("Approved and Denied conditions are mutually exclusive");
        assertThat(https.get(REQUESTS + "/denied").body().path("status").has("certificate"))
                .isFalse();
    }

    @Test
    void decisionsAreNeitherTakenBackNorMadeElsewhere() {
        create("firm", "example.com/foreign", CLIENT_USAGES, "", pkcs10(user("f")));
        decide("firm", "Approved");

        assertThat(
                        https.send(
                                        "PATCH",
                                        REQUESTS + "/firm/approval",
                                        MERGE,
                                        "{\"status\":{\"conditions\":[]}}")
                                .message())
                .contains("updates may not remove a condition of type \"Approved\"");
        create("forced", CLIENT, CLIENT_USAGES, "", pkcs10(user("f")));
        https.send(
                "PATCH",
                REQUESTS + "/forced/status",
                MERGE,
                "{\"status\":{\"conditions\":[{\"type\":\"Approved\",\"status\":\"True\"}]}}");
        assertThat(https.get(REQUESTS + "/forced").body().at("/status/conditions")).isEmpty();
        https.send("PATCH", REQUESTS + "/forced", MERGE, "{\"spec\":{\"signerName\":\"a.b/c\"}}");
        assertThat(https.get(REQUESTS + "/forced").body().at("/spec/signerName").asText())
                .isEqualTo(CLIENT);
    }

    @Test
    void otherSignersSignByThemselves() {
        create("foreign", "example.com/foreign", CLIENT_USAGES, "", pkcs10(user("f")));

        assertThat(decide("foreign", "Approved").body().path("status").has("certificate"))
                .isFalse();
        assertThat(
                        https.send(
                                        "PATCH",
                                        REQUESTS + "/foreign/status",
                                        MERGE,
                                        "{\"status\":{\"certificate\":\"LS0t\"}}")
                                .code())
                .isEqualTo(200);
        assertThat(https.get(REQUESTS + "/foreign").body().at("/status/certificate").asText())
                .isEqualTo("LS0t");
    }

    private static String failure(String name, String signer, String usages, String pem) {
        assertThat(create(name, signer, usages, "", pem).code()).isEqualTo(201);
        JsonNode status = decide(name, "Approved").body().path("status");
        assertThat(status.has("certificate")).isFalse();
        assertThat(status.at("/conditions/1/reason").asText()).isEqualTo("SignerValidationFailure");
        return status.at("/conditions/1/message").asText();
    }

    @Test
    void kubeletsGetOnlyWhatIsTheirs() throws GeneralSecurityException {
        Subject node = user("system:node:n1", "system:nodes");
        assertThat(failure("k1", KUBELET, CLIENT_USAGES, pkcs10(user("system:node:n1", "others"))))
                .isEqualTo("subject organization is not system:nodes");
        assertThat(failure("k2", KUBELET, CLIENT_USAGES, pkcs10(user("n1", "system:nodes"))))
                .isEqualTo("subject common name does not begin with system:node:");
        assertThat(failure("k3", KUBELET, CLIENT_USAGES, pkcs10(node, host("n1"))))
                .isEqualTo("DNS subjectAltNames are not allowed");
        assertThat(failure("k4", KUBELET, SERVER_USAGES, pkcs10(node)))
                .startsWith("usages did not match");
        assertThat(failure("k5", SERVING, SERVER_USAGES, pkcs10(node)))
                .isEqualTo("DNS or IP subjectAltName is required");
        assertThat(failure("k6", CLIENT, SERVER_USAGES, pkcs10(user("x"))))
                .startsWith("usages did not match");

        create("k7", KUBELET, CLIENT_USAGES, "", pkcs10(node));
        assertThat(certificate(decide("k7", "Approved").body()).getExtendedKeyUsage())
                .containsExactly(Certificates.CLIENT_AUTH);
        create("k8", SERVING, SERVER_USAGES, "", pkcs10(node, host("n1.local")));
        X509Certificate serving = certificate(decide("k8", "Approved").body());
        assertThat(serving.getExtendedKeyUsage()).containsExactly(Certificates.SERVER_AUTH);
        assertThat(serving.getSubjectAlternativeNames().toString()).contains("n1.local");
    }

    @Test
    void aRequestThatCannotBeIsRefusedWhenItIsMade() {
        String pem = pkcs10(user("x"));
        assertThat(create("w1", "kubernetes.io/legacy-unknown", CLIENT_USAGES, "", pem).message())
                .contains("the legacy signerName is not allowed via this API version");
        assertThat(create("w2", "nobody", CLIENT_USAGES, "", pem).message())
                .contains("must be a fully qualified domain and path of the form");
        assertThat(create("w3", CLIENT, "", "", pem).message())
                .contains("spec.usages: Required value");
        assertThat(create("w4", CLIENT, "\"everything\"", "", pem).message())
                .contains("spec.usages[0]: Unsupported value: \"everything\"");
        assertThat(create("w5", CLIENT, CLIENT_USAGES, "\"expirationSeconds\":60,", pem).message())
                .contains("may not specify a duration less than 600 seconds (10 minutes)");
        assertThat(create("w6", CLIENT, CLIENT_USAGES, "", "hello").message())
                .contains("PEM block type must be CERTIFICATE REQUEST");
        assertThat(
                        create("w7", CLIENT, CLIENT_USAGES, "", pkcs10(user("x", "system:masters")))
                                .message())
                .contains("use of kubernetes.io/kube-apiserver-client signer with system:masters");
    }

    @Test
    void whoMayNotApproveForTheSignerDoesNot() {
        https.post(
                "/apis/rbac.authorization.k8s.io/v1/clusterroles",
                """
                {"metadata":{"name":"updater"},"rules":[{"apiGroups":["certificates.k8s.io"],
                 "resources":["certificatesigningrequests","certificatesigningrequests/approval"],
                 "verbs":["get","create","update","patch"]}]}
                """);
        https.post(
                "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
                """
                {"metadata":{"name":"updater"},"roleRef":{"kind":"ClusterRole","name":"updater"},
                 "subjects":[{"kind":"User","name":"uma"}]}
                """);
        Eventually.holds(
                "the binding is seen", () -> as("GET", REQUESTS + "/none", "").code() == 404);
        Reply made =
                as("POST", REQUESTS, body("umas", CLIENT, CLIENT_USAGES, "", pkcs10(user("u"))));
        assertThat(made.body().at("/spec/username").asText()).isEqualTo("uma");

        Reply refused =
                as(
                        "PATCH",
                        REQUESTS + "/umas/approval",
                        "{\"status\":{\"conditions\":[{\"type\":\"Approved\",\"status\":\"True\"}]}}");

        assertThat(refused.code()).isEqualTo(403);
        assertThat(refused.message())
                .isEqualTo(
                        "certificatesigningrequests.certificates.k8s.io \"umas\" is forbidden: user"
                                + " not permitted to approve requests with signerName"
                                + " \"kubernetes.io/kube-apiserver-client\"");
    }

    private static Reply as(String method, String path, String body) {
        return https.send(
                https.request(path)
                        .header("Impersonate-User", "uma")
                        .header("Content-Type", method.equals("PATCH") ? MERGE : "application/json")
                        .method(method, BodyPublishers.ofString(body))
                        .build());
    }

    @Test
    void whateverBytesComeTheReaderOnlyEverSaysWhatIsWrong() {
        byte[] good =
                Base64.getMimeDecoder()
                        .decode(
                                pkcs10(user("x", "y"), host("z"))
                                        .replaceAll("-----[A-Z ]+-----", "")
                                        .strip());
        Random random = new Random(7);
        int refused = 0;
        for (int round = 0; round < 3_000; round++) {
            byte[] bad = good.clone();
            for (int i = random.nextInt(4); i >= 0; i--) {
                bad[random.nextInt(bad.length)] = (byte) random.nextInt(256);
            }
            byte[] cut = java.util.Arrays.copyOf(bad, bad.length - random.nextInt(3));
            try {
                CertificateRequest.parse(Pki.pem("CERTIFICATE REQUEST", cut));
            } catch (IllegalArgumentException e) {
                refused++;
            }
        }
        assertThat(refused).isGreaterThan(2_900); // a byte may be replaced by itself
        assertThatThrownBy(() ->
                        new DerReader(new byte[] {0x30, (byte) 0x84, 1, 1, 1, 1}).inside(0x30))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("a length of 4 bytes");
    }
}
