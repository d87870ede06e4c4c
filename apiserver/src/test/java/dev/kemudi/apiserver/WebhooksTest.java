package dev.kemudi.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.apiserver.Https.Reply;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Webhooks that others run: asked over HTTPS about what is written to a real server. */
final class WebhooksTest {
    private static final String REGISTRATION = "/apis/admissionregistration.k8s.io/v1/";
    private static final String VALIDATING = REGISTRATION + "validatingwebhookconfigurations";
    private static final String MUTATING = REGISTRATION + "mutatingwebhookconfigurations";
    private static final String MAPS = "/api/v1/namespaces/default/configmaps";
    private static final String ALLOW = "{'allowed':true}";
    private static final CountDownLatch NEVER = new CountDownLatch(1);

    @TempDir static Path pki;
    @TempDir static Path others;

    private static RunningServer running;
    private static Https https;
    private static WebhookServer hooks;
    private static int names;

    @BeforeAll
    static void start() {
        running = new RunningServer(pki, Small.limits(), 0);
        https = Https.admin(pki, running.server.port());
        hooks = new WebhookServer(others);
    }

    @AfterAll
    static void stop() {
        NEVER.countDown();
        https.close();
        running.close();
        hooks.close();
    }

    @AfterEach
    void withdraw() {
        https.send("DELETE", VALIDATING, "application/json", "");
        https.send("DELETE", MUTATING, "application/json", "");
    }

    private static String unused() {
        return "n" + names++;
    }

    /**
     * One configuration with one webhook about config maps; {@code more} adds or overrides members.
     */
    private static void configure(String kind, String name, String client, String more) {
        String webhook =
                """
                {"name": "%s.example.org", "clientConfig": %s, "sideEffects": "None",
                 "admissionReviewVersions": ["v1"], %s
                 "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"],
                            "operations": ["CREATE", "UPDATE", "DELETE"]}]}
                """
                        .formatted(name, client, more.replace('\'', '"'));
        configured(kind, name, webhook);
    }

    private static void configured(String kind, String name, String webhooks) {
        Reply reply =
                https.post(
                        kind,
                        "{\"metadata\":{\"name\":\"%s\"},\"webhooks\":[%s]}"
                                .formatted(name, webhooks));
        assertThat(reply.code()).as(reply.message()).isEqualTo(201);
    }

    private static Reply map(String name, String content) {
        return https.post(
                MAPS,
                "{'metadata':{'name':'%s'},'data':{%s}}"
                        .formatted(name, content)
                        .replace('\'', '"'));
    }

    private static String patch(String operations) {
        String encoded =
                Base64.getEncoder()
                        .encodeToString(
                                operations.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
        return "{'allowed':true,'patchType':'JSONPatch','patch':'" + encoded + "'}";
    }

    private static String set(String key, String value) {
        return patch("[{'op':'add','path':'/data/%s','value':'%s'}]".formatted(key, value));
    }

    @Test
    void aWebhookThatDeniesIsQuotedInTheRefusal() {
        hooks.review(
                "/deny",
                request ->
                        "{'allowed':false,'status':{'code':403,'reason':'Forbidden',"
                                + "'message':'not on my watch'},'warnings':['think again']}");
        configure(VALIDATING, "deny", hooks.client("/deny"), "");

        Reply refused = map(unused(), "'a':'b'");

        assertThat(refused.code()).isEqualTo(403);
        assertThat(refused.message())
                .isEqualTo(
                        "admission webhook \"deny.example.org\" denied the request: not on my watch");
        assertThat(refused.response().headers().firstValue("warning").orElse(""))
                .contains("think again");
    }

    @Test
    void aWebhookIsToldWhoDoesWhatToWhat() {
        hooks.review("/told", request -> ALLOW);
        String name = unused();
        assertThat(map(name, "'a':'1'").code()).isEqualTo(201);
        configure(VALIDATING, "told", hooks.client("/told"), "");

        https.send(
                "PATCH",
                MAPS + "/" + name,
                "application/merge-patch+json",
                "{\"data\":{\"a\":\"2\"}}");
        https.send("DELETE", MAPS + "/" + name + "?dryRun=All", "application/json", "");

        JsonNode update = hooks.heard("/told").get(0);
        assertThat(update.path("operation").asText()).isEqualTo("UPDATE");
        assertThat(update.path("kind").toString())
                .isEqualTo("{\"group\":\"\",\"version\":\"v1\",\"kind\":\"ConfigMap\"}");
        assertThat(update.path("resource").path("resource").asText()).isEqualTo("configmaps");
        assertThat(update.path("namespace").asText()).isEqualTo("default");
        assertThat(update.path("name").asText()).isEqualTo(name);
        assertThat(update.path("userInfo").path("groups").toString()).contains("system:masters");
        assertThat(update.at("/object/data/a").asText()).isEqualTo("2");
        assertThat(update.at("/oldObject/data/a").asText()).isEqualTo("1");
        assertThat(update.path("dryRun").asBoolean()).isFalse();
        JsonNode delete = hooks.heard("/told").get(1);
        assertThat(delete.path("operation").asText()).isEqualTo("DELETE");
        assertThat(delete.path("object").isNull()).isTrue();
        assertThat(delete.at("/oldObject/metadata/name").asText()).isEqualTo(name);
        assertThat(delete.path("dryRun").asBoolean()).isTrue();
        assertThat(delete.at("/options/kind").asText()).isEqualTo("DeleteOptions");
        assertThat(https.get(MAPS + "/" + name).code()).isEqualTo(200);
    }

    @Test
    void whatAMutatingWebhookChangesIsStoredAndJudged() {
        hooks.review("/add", request -> set("added", "yes"));
        hooks.review(
                "/judge",
                request ->
                        request.at("/object/data/added").asText().equals("yes")
                                ? "{'allowed':false,'status':{'message':'it was added'}}"
                                : ALLOW);
        configure(MUTATING, "add", hooks.client("/add"), "");
        Reply made = map(unused(), "'a':'b'");
        assertThat(made.body().at("/data/added").asText()).isEqualTo("yes");
        configure(VALIDATING, "judge", hooks.client("/judge"), "");

        Reply refused = map(unused(), "'a':'b'");

        assertThat(refused.code()).isEqualTo(400);
        assertThat(refused.message()).endsWith("denied the request: it was added");
    }

    @Test
    void aWebhookSeesAgainWhatALaterOneChangedIfItWishes() {
        AtomicInteger calls = new AtomicInteger();
        hooks.review("/first", request -> set("calls", Integer.toString(calls.incrementAndGet())));
        hooks.review("/second", request -> set("second", "done"));
        configure(MUTATING, "a-first", hooks.client("/first"), "'reinvocationPolicy':'IfNeeded',");
        configure(MUTATING, "b-second", hooks.client("/second"), "");

        Reply made = map(unused(), "'a':'b'");

        assertThat(made.body().at("/data/calls").asText()).isEqualTo("2");
        assertThat(hooks.heard("/first").getLast().at("/object/data/second").asText())
                .isEqualTo("done");
        assertThat(hooks.heard("/second")).hasSize(1);
    }

    @Test
    void selectorsRulesAndConditionsDecideWhoIsAsked() {
        hooks.review("/chosen", request -> "{'allowed':false,'status':{'message':'chosen'}}");
        configure(
                VALIDATING,
                "chosen",
                hooks.client("/chosen"),
                """
                'objectSelector':{'matchLabels':{'ask':'yes'}},
                'namespaceSelector':{'matchExpressions':[{'key':'kubernetes.io/metadata.name',
                  'operator':'NotIn','values':['kube-system']}]},
                'matchConditions':[
                  {'name':'no-exception','expression':'!has(object.data.exception)'},
                  {'name':'not-the-boss','expression':'request.userInfo.username != \\"boss\\"'}],
                """);
        String asked = "{'metadata':{'name':'%s','labels':{'ask':'yes'}},'data':{%s}}";

        assertThat(map(unused(), "'a':'b'").code()).isEqualTo(201);
        assertThat(labelled(MAPS, asked, "'a':'b'").message()).endsWith("chosen");
        assertThat(labelled(MAPS, asked, "'exception':'b'").code()).isEqualTo(201);
        assertThat(labelled("/api/v1/namespaces/kube-system/configmaps", asked, "'a':'b'").code())
                .isEqualTo(201);
        assertThat(
                        https.post(
                                        "/api/v1/namespaces/default/secrets",
                                        asked.formatted(unused(), "").replace('\'', '"'))
                                .code())
                .isEqualTo(201);
    }

    private static Reply labelled(String path, String form, String content) {
        return https.post(path, form.formatted(unused(), content).replace('\'', '"'));
    }

    @Test
    void aWebhookThatIsTooSlowHasRefusedUnlessItsFailureIsIgnored() {
        hooks.raw(
                "/slow",
                (exchange, body) -> {
                    try {
                        NEVER.await(60, TimeUnit.SECONDS);
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                });
        configure(VALIDATING, "slow", hooks.client("/slow"), "'timeoutSeconds':1,");
        Reply refused = map(unused(), "'a':'b'");
        assertThat(refused.code()).isEqualTo(500);
        assertThat(refused.reason()).isEqualTo("InternalError");
        assertThat(refused.message())
                .isEqualTo(
                        "Internal error occurred: failed calling webhook \"slow.example.org\": failed to"
                                + " call webhook: Post \"https://127.0.0.1:"
                                + hooks.port()
                                + "/slow?timeout=1s\": context deadline exceeded");
        withdraw();
        configure(
                VALIDATING,
                "slow",
                hooks.client("/slow"),
                "'timeoutSeconds':1,'failurePolicy':'Ignore',");

        assertThat(map(unused(), "'a':'b'").code()).isEqualTo(201);
    }

    @Test
    void whatIsNoAnswerIsRefusedWithTheReason() {
        hooks.raw(
                "/huge",
                (exchange, body) -> {
                    byte[] part = new byte[1 << 20];
                    exchange.sendResponseHeaders(200, 0);
                    for (int i = 0; i < 16; i++) {
                        exchange.getResponseBody().write(part);
                    }
                });
        hooks.raw(
                "/text",
                (exchange, body) ->
                        WebhookServer.send(
                                exchange, 200, "hello".getBytes(StandardCharsets.UTF_8)));
        hooks.raw(
                "/broken",
                (exchange, body) ->
                        WebhookServer.send(
                                exchange, 500, "oh no".getBytes(StandardCharsets.UTF_8)));
        hooks.raw(
                "/other",
                (exchange, body) ->
                        WebhookServer.send(
                                exchange,
                                200,
                                ("{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\","
                                                + "\"response\":{\"uid\":\"mine\",\"allowed\":true}}")
                                        .getBytes(StandardCharsets.UTF_8)));
        hooks.review("/patchless", request -> "{'allowed':true,'patch':'W10='}");

        assertThat(answer(VALIDATING, "/huge")).contains("failed to call webhook: Post");
        assertThat(answer(VALIDATING, "/text")).contains("received invalid webhook response");
        assertThat(answer(VALIDATING, "/broken"))
                .endsWith(
                        "an error on the server (\"oh no\") has prevented the request from succeeding");
        assertThat(answer(VALIDATING, "/nowhere"))
                .endsWith("the server could not find the requested resource");
        assertThat(answer(VALIDATING, "/other")).contains("expected response.uid=");
        assertThat(answer(MUTATING, "/patchless"))
                .endsWith("webhook returned response.patch but not response.patchType");
    }

    private String answer(String kind, String path) {
        configure(kind, "answer", hooks.client(path), "'timeoutSeconds':5,");
        Reply refused = map(unused(), "'a':'b'");
        withdraw();
        assertThat(refused.code()).as(refused.message()).isEqualTo(500);
        return refused.message();
    }

    @Test
    void anotherAuthorityIsNotTrusted() {
        String client = "{\"url\":\"https://127.0.0.1:%d/deny\"}".formatted(hooks.port());
        configure(VALIDATING, "stranger", client, "");

        assertThat(map(unused(), "'a':'b'").message())
                .contains("tls: failed to verify certificate:");
    }

    @Test
    void aPatchThatDoesNotFitIsTheServersError() {
        hooks.review("/misfit", request -> patch("[{'op':'remove','path':'/data/none'}]"));
        configure(MUTATING, "misfit", hooks.client("/misfit"), "'failurePolicy':'Ignore',");

        Reply refused = map(unused(), "'a':'b'");

        assertThat(refused.code()).isEqualTo(500);
        assertThat(refused.message())
                .startsWith("Internal error occurred: admission webhook \"misfit.example.org\":");
    }

    @Test
    void webhooksThatJudgeAreAskedSideBySide() throws InterruptedException {
        CountDownLatch both = new CountDownLatch(2);
        for (String path : new String[] {"/left", "/right"}) {
            hooks.review(
                    path,
                    request -> {
                        both.countDown();
                        try {
                            return both.await(20, TimeUnit.SECONDS) ? ALLOW : "{'allowed':false}";
                        } catch (InterruptedException e) {
                            Thread.currentThread().interrupt();
                            return "{'allowed':false}";
                        }
                    });
            configure(VALIDATING, path.substring(1), hooks.client(path), "'timeoutSeconds':30,");
        }

        assertThat(map(unused(), "'a':'b'").code()).isEqualTo(201);
        assertThat(both.getCount()).isZero();
    }

    @Test
    void aServiceIsCalledAtItsEndpointsUnderItsOwnName() {
        hooks.review(
                "/service", request -> "{'allowed':false,'status':{'message':'from a service'}}");
        String client =
                ("{'service':{'namespace':'default','name':'kubernetes','path':'/service'},"
                                + "'caBundle':'%s'}")
                        .formatted(hooks.caBundle())
                        .replace('\'', '"');
        configure(VALIDATING, "service", client, "");
        assertThat(map(unused(), "'a':'b'").message()).endsWith("service \"kubernetes\" not found");
        made(
                "/api/v1/namespaces/default/services",
                "{'metadata':{'name':'kubernetes'},'spec':{'ports':[{'name':'https','port':443}]}}");
        assertThat(map(unused(), "'a':'b'").message())
                .endsWith(
                        "Post \"https://kubernetes.default.svc:443/service?timeout=10s\": no endpoints"
                                + " available for service \"kubernetes\"");
        made(
                "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices",
                ("{'metadata':{'name':'k','labels':{'kubernetes.io/service-name':'kubernetes'}},"
                                + "'addressType':'IPv4','endpoints':[{'addresses':['127.0.0.1']}],"
                                + "'ports':[{'name':'https','port':%d}]}")
                        .formatted(hooks.port()));

        Eventually.holds(
                "the endpoint is seen",
                () -> map(unused(), "'a':'b'").message().endsWith("from a service"));
        withdraw();
        made(
                "/api/v1/namespaces/default/services",
                "{'metadata':{'name':'impostor'},'spec':{'ports':[{'name':'https','port':443}]}}");
        made(
                "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices",
                ("{'metadata':{'name':'i','labels':{'kubernetes.io/service-name':'impostor'}},"
                                + "'addressType':'IPv4','endpoints':[{'addresses':['127.0.0.1']}],"
                                + "'ports':[{'name':'https','port':%d}]}")
                        .formatted(hooks.port()));
        configure(VALIDATING, "impostor", client.replace("\"kubernetes\"", "\"impostor\""), "");
        Eventually.holds(
                "a certificate of another name is refused",
                () -> map(unused(), "'a':'b'").message().contains("not impostor.default.svc"));
    }

    private static void made(String path, String body) {
        Reply reply = https.post(path, body.replace('\'', '"'));
        assertThat(reply.code()).as(reply.message()).isEqualTo(201);
    }

    @Test
    void webhooksAreAskedAboutPartsOfObjectsToo() {
        hooks.review("/parts", request -> "{'allowed':false,'status':{'message':'no parts'}}");
        configured(
                VALIDATING,
                "parts",
                """
                {"name": "parts.example.org", "clientConfig": %s, "sideEffects": "None",
                 "admissionReviewVersions": ["v1"],
                 "rules": [{"apiGroups": ["apps"], "apiVersions": ["*"],
                            "resources": ["deployments/scale"], "operations": ["*"]},
                           {"apiGroups": [""], "apiVersions": ["*"], "resources": ["pods/*"],
                            "operations": ["*"], "scope": "Namespaced"}]}
                """
                        .formatted(hooks.client("/parts")));
        String deployments = "/apis/apps/v1/namespaces/default/deployments";
        made(
                deployments,
                "{'metadata':{'name':'d'},'spec':{'selector':{'matchLabels':{'a':'b'}},'template':"
                        + "{'metadata':{'labels':{'a':'b'}},'spec':{'containers':"
                        + "[{'name':'c','image':'host'}]}}}}");

        Reply scaled =
                https.send(
                        "PATCH",
                        deployments + "/d/scale",
                        "application/merge-patch+json",
                        "{\"spec\":{\"replicas\":5}}");

        assertThat(scaled.message()).endsWith("no parts");
        JsonNode heard = hooks.heard("/parts").getFirst();
        assertThat(heard.at("/kind/kind").asText()).isEqualTo("Scale");
        assertThat(heard.at("/subResource").asText()).isEqualTo("scale");
        assertThat(heard.at("/object/spec/replicas").asInt()).isEqualTo(5);
        assertThat(heard.at("/oldObject/spec/replicas").asInt()).isEqualTo(1);
        assertThat(
                        https.post(
                                        "/api/v1/namespaces/default/pods/p/binding",
                                        "{\"target\":{\"name\":\"n\"}}")
                                .message())
                .endsWith("no parts");
    }

    @Test
    void aConfigurationThatCannotWorkIsInvalid() {
        Reply refused =
                https.post(
                        VALIDATING,
                        """
                        {"metadata": {"name": "bad"}, "webhooks": [{"name": "short",
                          "clientConfig": {"url": "http://example.org/x?y=z"}, "timeoutSeconds": 31,
                          "sideEffects": "Some", "admissionReviewVersions": ["v2"],
                          "rules": [{"operations": ["CREATE"], "apiGroups": ["*", "apps"],
                                     "apiVersions": ["v1"]}]}]}
                        """);

        assertThat(refused.code()).isEqualTo(422);
        assertThat(refused.message())
                .contains("webhooks[0].name: Invalid value: \"short\"")
                .contains("'https' is the only allowed URL scheme")
                .contains("query parameters are not permitted in the URL")
                .contains("the timeout value must be between 1 and 30 seconds")
                .contains("webhooks[0].sideEffects: Unsupported value: \"Some\"")
                .contains("must include v1")
                .contains("webhooks[0].rules[0].resources: Required value")
                .contains("if '*' is present, must not specify other values");
    }
}
