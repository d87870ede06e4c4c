package dev.kemudi.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.api.Json;
import dev.kemudi.apiserver.Https.Reply;
import java.math.BigInteger;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.time.Duration;
import java.util.Base64;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tokens of ServiceAccounts: what they say, who believes them, and when they end. */
final class ServiceAccountTokensTest {
    private static final String ACCOUNTS = "/api/v1/namespaces/default/serviceaccounts";
    private static final String PODS = "/api/v1/namespaces/default/pods";
    private static final String SECRETS = "/api/v1/namespaces/default/secrets";
    private static final String WHO = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    private static final String REVIEWS = "/apis/authentication.k8s.io/v1/tokenreviews";
    private static final String ISSUER = "https://kubernetes.default.svc.cluster.local";

    @TempDir static Path pki;

    private static final MovableTime TIME = new MovableTime();
    private static RunningServer running;
    private static Https https;

    @BeforeAll
    static void start() {
        running = new RunningServer(pki, Small.limits(), 0, TIME);
        https = Https.admin(pki, running.server.port());
    }

    @AfterAll
    static void stop() {
        https.close();
        running.close();
    }

    private static JsonNode made(String path, String body) {
        Reply reply = https.post(path, body);
        assertThat(reply.code()).as(reply.message()).isEqualTo(201);
        return reply.body();
    }

    private static void account(String name) {
        made(ACCOUNTS, "{\"metadata\":{\"name\":\"" + name + "\"}}");
    }

    private static String token(String account, String spec) {
        return made(ACCOUNTS + "/" + account + "/token", "{\"spec\":{" + spec + "}}")
                .at("/status/token")
                .asText();
    }

    private static String bound(String kind, String name) {
        return "\"boundObjectRef\":{\"apiVersion\":\"v1\",\"kind\":\"%s\",\"name\":\"%s\"}"
                .formatted(kind, name);
    }

    private static Https bearer(String token) {
        return new Https(pki, running.server.port(), HttpClient.Version.HTTP_2, Optional.of(token));
    }

    private static int codeFor(String token) {
        try (Https client = bearer(token)) {
            return client.post(WHO, "{}").code();
        }
    }

    private static JsonNode review(String token, String audiences) {
        return made(
                        REVIEWS,
                        "{\"spec\":{\"token\":\"%s\",\"audiences\":[%s]}}"
                                .formatted(token, audiences))
                .path("status");
    }

    private static JsonNode part(String token, int number) throws java.io.IOException {
        return Json.MAPPER.readTree(Base64.getUrlDecoder().decode(token.split("\\.")[number]));
    }

    private static void pod(String name, String account) {
        made(
                PODS,
                ("{\"metadata\":{\"name\":\"%s\"},\"spec\":{\"serviceAccountName\":\"%s\","
                                + "\"containers\":[{\"name\":\"c\",\"image\":\"host\"}]}}")
                        .formatted(name, account));
    }

    @Test
    void aTokenIsItsAccountAndMayWhatTheAccountsRolesAllow() {
        account("reader");
        made(
                "/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings",
                """
                {"metadata":{"name":"reader"},"roleRef":{"kind":"ClusterRole","name":"view"},
                 "subjects":[{"kind":"ServiceAccount","name":"reader","namespace":"default"}]}
                """);
        try (Https robot = bearer(token("reader", ""))) {
            Eventually.holds("the binding is seen", () -> robot.get(PODS).code() == 200);
            JsonNode user = robot.post(WHO, "{}").body().at("/status/userInfo");

            assertThat(user.path("username").asText())
                    .isEqualTo("system:serviceaccount:default:reader");
            assertThat(user.path("uid").asText())
                    .isEqualTo(https.get(ACCOUNTS + "/reader").body().at("/metadata/uid").asText());
            assertThat(user.path("groups").toString())
                    .isEqualTo(
                            "[\"system:serviceaccounts\",\"system:serviceaccounts:default\","
                                    + "\"system:authenticated\"]");
            assertThat(user.at("/extra/authentication.kubernetes.io~1credential-id/0").asText())
                    .startsWith("JTI=");
            assertThat(robot.get("/api/v1/namespaces/kube-system/pods").message())
                    .contains("User \"system:serviceaccount:default:reader\" cannot list");
        }
    }

    @Test
    void aTokenSaysWhatKubernetesTokensSay() throws java.io.IOException {
        account("teller");
        pod("talking", "teller");
        JsonNode answer =
                made(
                        ACCOUNTS + "/teller/token",
                        "{\"spec\":{\"expirationSeconds\":1200," + bound("Pod", "talking") + "}}");
        String token = answer.at("/status/token").asText();
        JsonNode claims = part(token, 1);
        JsonNode own = claims.path("kubernetes.io");

        assertThat(part(token, 0).path("alg").asText()).isEqualTo("ES256");
        assertThat(claims.path("iss").asText()).isEqualTo(ISSUER);
        assertThat(claims.path("aud").toString()).isEqualTo("[\"" + ISSUER + "\"]");
        assertThat(claims.path("sub").asText()).isEqualTo("system:serviceaccount:default:teller");
        assertThat(claims.path("exp").asLong() - claims.path("iat").asLong()).isEqualTo(1200);
        assertThat(claims.path("nbf")).isEqualTo(claims.path("iat"));
        assertThat(claims.path("jti").asText()).hasSize(36);
        assertThat(own.path("namespace").asText()).isEqualTo("default");
        assertThat(own.at("/pod/name").asText()).isEqualTo("talking");
        assertThat(own.at("/serviceaccount/name").asText()).isEqualTo("teller");
        assertThat(own.has("warnafter")).isFalse();
        assertThat(
                        java.time.Instant.parse(answer.at("/status/expirationTimestamp").asText())
                                .getEpochSecond())
                .isEqualTo(claims.path("exp").asLong());
        assertThat(
                        review(token, "")
                                .at("/user/extra/authentication.kubernetes.io~1pod-name/0")
                                .asText())
                .isEqualTo("talking");
    }

    @Test
    void aPodsOwnTokenLivesOnButSaysWhenItShouldHaveBeenRenewed() throws java.io.IOException {
        account("old-client");
        pod("old-client", "old-client");
        JsonNode claims =
                part(
                        token(
                                "old-client",
                                "\"expirationSeconds\":3607," + bound("Pod", "old-client")),
                        1);

        assertThat(claims.at("/kubernetes.io/warnafter").asLong() - claims.path("iat").asLong())
                .isEqualTo(3_607);
        assertThat(claims.path("exp").asLong() - claims.path("iat").asLong())
                .isEqualTo(Duration.ofDays(365).toSeconds());
    }

    @Test
    void whatCannotBeGrantedIsRefusedInKubernetesWords() {
        account("picky");
        String path = ACCOUNTS + "/picky/token";
        pod("others", "default");

        assertThat(https.post(path, "{\"spec\":{\"expirationSeconds\":599}}").message())
                .isEqualTo(
                        "TokenRequest.authentication.k8s.io \"\" is invalid: spec.expirationSeconds:"
                                + " Invalid value: 599: may not specify a duration less than 10"
                                + " minutes");
        assertThat(https.post(path, "{\"spec\":{" + bound("Pod", "others") + "}}").message())
                .isEqualTo(
                        "cannot bind token for serviceaccount \"picky\" to pod running with"
                                + " different serviceaccount name.");
        assertThat(https.post(path, "{\"spec\":{" + bound("ConfigMap", "c") + "}}").message())
                .isEqualTo(
                        "cannot bind token for serviceaccount \"picky\" to type v1, Kind=ConfigMap");
        assertThat(https.post(path, "{\"spec\":{" + bound("Secret", "none") + "}}").code())
                .isEqualTo(404);
        assertThat(https.post(ACCOUNTS + "/nobody/token", "{}").code()).isEqualTo(404);
        assertThat(https.get(path).code()).isEqualTo(405);
        Reply other =
                https.post(
                        path,
                        ("{\"spec\":{\"boundObjectRef\":{\"apiVersion\":\"v1\",\"kind\":\"Secret\","
                                        + "\"name\":\"%s\",\"uid\":\"x\"}}}")
                                .formatted(
                                        made(SECRETS, "{\"metadata\":{\"name\":\"picked\"}}")
                                                .at("/metadata/name")
                                                .asText()));
        assertThat(other.code()).isEqualTo(409);
    }

    @Test
    void aTokenEndsWithWhatItIsBoundTo() {
        account("mortal");
        made(SECRETS, "{\"metadata\":{\"name\":\"anchor\"}}");
        made("/api/v1/nodes", "{\"metadata\":{\"name\":\"anchor\"}}");
        String plain = token("mortal", "");
        String byNode = token("mortal", bound("Node", "anchor"));
        String bySecret = token("mortal", bound("Secret", "anchor"));
        assertThat(codeFor(plain)).isEqualTo(201);
        assertThat(codeFor(byNode)).isEqualTo(201);
        assertThat(codeFor(bySecret)).isEqualTo(201);

        https.send("DELETE", "/api/v1/nodes/anchor", "application/json", "");
        https.send("DELETE", SECRETS + "/anchor", "application/json", "");
        made(SECRETS, "{\"metadata\":{\"name\":\"anchor\"}}"); // the same name is not the same

        assertThat(codeFor(bySecret)).isEqualTo(401);
        assertThat(codeFor(byNode)).isEqualTo(401);
        assertThat(codeFor(plain)).isEqualTo(201);
        https.send("DELETE", ACCOUNTS + "/mortal", "application/json", "");
        account("mortal");
        assertThat(codeFor(plain)).isEqualTo(401);
        assertThat(review(plain, "").path("error").asText())
                .isEqualTo("[invalid bearer token, service account token has been invalidated]");
    }

    @Test
    void aTokenForSomebodyElseIsNoTokenHere() {
        account("courier");
        String token = token("courier", "\"audiences\":[\"vault\"]");

        assertThat(codeFor(token)).isEqualTo(401);
        assertThat(review(token, "\"vault\",\"other\"").toString())
                .contains("\"authenticated\":true")
                .contains("\"audiences\":[\"vault\"]");
        assertThat(review(token, "").path("error").asText())
                .isEqualTo(
                        "[invalid bearer token, token audiences [\"vault\"] is invalid for the"
                                + " target audiences [\""
                                + ISSUER
                                + "\"]]");
        assertThat(https.post(REVIEWS, "{\"spec\":{}}").message())
                .isEqualTo("token is required for TokenReview in authentication");
    }

    @Test
    void anExpiredTokenIsRefused() {
        account("late");
        String token = token("late", "\"expirationSeconds\":600");
        assertThat(codeFor(token)).isEqualTo(201);

        TIME.advance(Duration.ofSeconds(602));

        assertThat(codeFor(token)).isEqualTo(401);
        assertThat(review(token, "").path("error").asText())
                .isEqualTo("[invalid bearer token, service account token has expired]");
    }

    @Test
    void nobodyElseCanMakeATokenOrChangeOne(@TempDir Path elsewhere) {
        account("forged");
        String good = token("forged", "");

        assertThat(codeFor(good)).isEqualTo(201);
        Forgeries.of(good, pki, elsewhere)
                .forEach((what, bad) -> {
                    assertThat(codeFor(bad)).as(what).isEqualTo(401);
                    assertThat(review(bad, "").toString())
                            .as(what)
                            .isEqualTo("{\"user\":{},\"error\":\"invalid bearer token\"}");
                });
    }

    @Test
    void whoeverReadsTheKeySetCanCheckATokenByThemselves() throws GeneralSecurityException {
        account("open");
        String token = token("open", "");
        JsonNode key = keySet();
        AlgorithmParameters curve = AlgorithmParameters.getInstance("EC");
        curve.init(new ECGenParameterSpec("secp256r1"));
        ECPoint point = new ECPoint(number(key, "x"), number(key, "y"));
        Signature signature = Signature.getInstance("SHA256withECDSAinP1363Format");
        signature.initVerify(
                KeyFactory.getInstance("EC")
                        .generatePublic(
                                new ECPublicKeySpec(
                                        point, curve.getParameterSpec(ECParameterSpec.class))));
        int dot = token.lastIndexOf('.');
        signature.update(token.substring(0, dot).getBytes(StandardCharsets.US_ASCII));

        assertThat(signature.verify(Base64.getUrlDecoder().decode(token.substring(dot + 1))))
                .isTrue();
        JsonNode configuration = https.get("/.well-known/openid-configuration").body();
        assertThat(configuration.path("issuer").asText()).isEqualTo(ISSUER);
        assertThat(configuration.path("jwks_uri").asText())
                .isEqualTo("https://127.0.0.1:" + running.server.port() + "/openid/v1/jwks");
        try (Https account = bearer(token)) {
            assertThat(account.get("/openid/v1/jwks").code()).isEqualTo(200);
        }
    }

    private static JsonNode keySet() {
        try {
            return Json.MAPPER
                    .readTree(https.get("/openid/v1/jwks").response().body())
                    .at("/keys/0");
        } catch (java.io.IOException e) {
            throw new AssertionError(e);
        }
    }

    private static BigInteger number(JsonNode key, String member) {
        return new BigInteger(1, Base64.getUrlDecoder().decode(key.path(member).asText()));
    }

    @Test
    void aSecretOfTheOldKindIsFilledAndItsTokenEndsWithIt() {
        account("ancient");
        JsonNode secret =
                made(
                        SECRETS,
                        """
                        {"metadata":{"name":"ancient","annotations":
                          {"kubernetes.io/service-account.name":"ancient"}},
                         "type":"kubernetes.io/service-account-token"}
                        """);
        String token =
                new String(
                        Base64.getDecoder().decode(secret.at("/data/token").asText()),
                        StandardCharsets.UTF_8);

        assertThat(
                        new String(
                                Base64.getDecoder().decode(secret.at("/data/ca.crt").asText()),
                                StandardCharsets.UTF_8))
                .startsWith("-----BEGIN CERTIFICATE-----");
        assertThat(secret.at("/metadata/annotations").toString())
                .contains("kubernetes.io/service-account.uid");
        TIME.advance(Duration.ofDays(400));
        assertThat(codeFor(token)).isEqualTo(201);
        https.send("DELETE", SECRETS + "/ancient", "application/json", "");
        assertThat(codeFor(token)).isEqualTo(401);
    }

    @Test
    void keysAreChangedWithoutEndingTheTokensOfTheOldOne(@TempDir Path directory)
            throws java.io.IOException {
        TokenKeys first = TokenKeys.open(directory);
        Jwt old = Jwt.parse(Jwt.signed(first, Json.MAPPER.createObjectNode()), 1_000).orElseThrow();
        Files.move(directory.resolve("sa.pub"), directory.resolve("sa-old.pub"));
        Files.delete(directory.resolve("sa.key"));

        TokenKeys second = TokenKeys.open(directory);

        assertThat(second.keyId()).isNotEqualTo(first.keyId());
        assertThat(second.vouchesFor(old)).isTrue();
        assertThat(second.keySet().path("keys")).hasSize(2);
        Files.delete(directory.resolve("sa-old.pub"));
        assertThat(TokenKeys.open(directory).vouchesFor(old)).isFalse();
    }

    @Test
    void anRsaKeyThatIsPutThereSignsAsRs256(@TempDir Path directory) throws Exception {
        var generator = java.security.KeyPairGenerator.getInstance("RSA");
        generator.initialize(2048);
        var pair = generator.generateKeyPair();
        Pki.secret(
                directory.resolve("sa.key"),
                Pki.pem("PRIVATE KEY", pair.getPrivate().getEncoded()));
        Pki.secret(
                directory.resolve("sa.pub"), Pki.pem("PUBLIC KEY", pair.getPublic().getEncoded()));

        TokenKeys keys = TokenKeys.open(directory);
        Jwt token =
                Jwt.parse(Jwt.signed(keys, Json.MAPPER.createObjectNode()), 1_000).orElseThrow();

        assertThat(token.algorithm()).isEqualTo("RS256");
        assertThat(keys.vouchesFor(token)).isTrue();
        assertThat(keys.keySet().at("/keys/0/kty").asText()).isEqualTo("RSA");
    }
}
