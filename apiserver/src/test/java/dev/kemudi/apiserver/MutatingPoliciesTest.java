package dev.kemudi.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.apiserver.Https.Reply;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Mutating admission policies: what they make of objects on their way in. */
final class MutatingPoliciesTest {
    private static final String REGISTRATION = "/apis/admissionregistration.k8s.io/";
    private static final String POLICIES = REGISTRATION + "v1beta1/mutatingadmissionpolicies";
    private static final String BINDINGS = REGISTRATION + "v1beta1/mutatingadmissionpolicybindings";
    private static final String HOOKS = REGISTRATION + "v1/mutatingwebhookconfigurations";
    private static final String MAPS = "/api/v1/namespaces/default/configmaps";
    private static final String PODS = "/api/v1/namespaces/default/pods";

    @TempDir static Path pki;
    @TempDir static Path others;

    private static RunningServer running;
    private static Https https;
    private static int names;

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

    @AfterEach
    void withdraw() {
        for (String kind : new String[] {HOOKS, BINDINGS, POLICIES}) {
            https.send("DELETE", kind, "application/json", "");
        }
    }

    private static String unused() {
        return "n" + names++;
    }

    private static Reply post(String path, String body) {
        return https.post(path, body.replace('\'', '"'));
    }

    private static void made(String path, String body) {
        Reply reply = post(path, body);
        assertThat(reply.code()).as(reply.message()).isEqualTo(201);
    }

    private static Reply policy(String name, String resource, String spec) {
        return post(
                POLICIES,
                """
                {'metadata':{'name':'%s'},'spec':{'matchConstraints':{'resourceRules':[
                  {'apiGroups':[''],'apiVersions':['v1'],'resources':['%s'],
                   'operations':['CREATE','UPDATE']}]},%s}}
                """
                        .formatted(name, resource, spec));
    }

    private static void bound(String name, String resource, String spec) {
        Reply reply = policy(name, resource, spec);
        assertThat(reply.code()).as(reply.message()).isEqualTo(201);
        made(
                BINDINGS,
                "{'metadata':{'name':'%s'},'spec':{'policyName':'%s'}}".formatted(name, name));
    }

    private static String apply(String expression) {
        return "{'patchType':'ApplyConfiguration','applyConfiguration':{'expression':'"
                + expression.replace("\"", "\\\"")
                + "'}}";
    }

    private static String patch(String expression) {
        return "{'patchType':'JSONPatch','jsonPatch':{'expression':'"
                + expression.replace("\"", "\\\"")
                + "'}}";
    }

    private static Reply map(String data) {
        return post(MAPS, "{'metadata':{'name':'%s'},'data':{%s}}".formatted(unused(), data));
    }

    @Test
    void aConfigurationIsAppliedToTheObject() {
        bound(
                "labelled",
                "configmaps",
                "'reinvocationPolicy':'Never','variables':[{'name':'who','expression':"
                        + "'request.userInfo.username'}],'mutations':["
                        + apply(
                                "Object{metadata: Object.metadata{labels: {\"team\": \"x-\" +"
                                        + " request.namespace}}, data: {\"by\": variables.who}}")
                        + "]");

        Reply made = map("'a':'b'");

        assertThat(made.code()).as(made.message()).isEqualTo(201);
        assertThat(made.body().at("/metadata/labels/team").asText()).isEqualTo("x-default");
        assertThat(made.body().path("data").toString())
                .isEqualTo("{\"a\":\"b\",\"by\":\"kubernetes-admin\"}");
    }

    @Test
    void listsAreMergedByTheirKeysAsApplyDoes() {
        bound(
                "sidecar",
                "pods",
                "'reinvocationPolicy':'Never','matchConditions':[{'name':'once','expression':"
                        + "'!object.spec.containers.exists(c, c.name == \\\"mesh\\\")'}],'mutations':["
                        + apply(
                                "Object{spec: Object.spec{containers: ["
                                        + "Object.spec.containers{name: \"mesh\", image: \"host\"}]}}")
                        + "]");

        Reply made =
                post(
                        PODS,
                        "{'metadata':{'name':'%s'},'spec':{'containers':[{'name':'app','image':'host'}]}}"
                                .formatted(unused()));

        assertThat(made.code()).as(made.message()).isEqualTo(201);
        assertThat(made.body().at("/spec/containers")).hasSize(2);
        assertThat(made.body().at("/spec/containers/0/name").asText()).isEqualTo("app");
        assertThat(made.body().at("/spec/containers/1/name").asText()).isEqualTo("mesh");
        assertThat(made.body().at("/spec/containers/1/terminationMessagePath").asText())
                .isEqualTo("/dev/termination-log");
    }

    @Test
    void aPatchIsAppliedAndLaterPoliciesSeeIt() {
        bound(
                "a-patch",
                "configmaps",
                "'reinvocationPolicy':'Never','mutations':["
                        + patch(
                                "[JSONPatch{op: \"test\", path: \"/data/a\", value: \"b\"},"
                                        + " JSONPatch{op: \"add\", path: \"/data/\" +"
                                        + " jsonpatch.escapeKey(\"x\"), value: \"1\"}]")
                        + "]");
        bound(
                "b-next",
                "configmaps",
                "'reinvocationPolicy':'Never','mutations':["
                        + apply("Object{data: {\"y\": object.data.x + \"2\"}}")
                        + "]");

        assertThat(map("'a':'b'").body().path("data").toString())
                .isEqualTo("{\"a\":\"b\",\"x\":\"1\",\"y\":\"12\"}");
        assertThat(map("'a':'c'").code()).isEqualTo(422);
    }

    @Test
    void aPolicyThatFailsRefusesUnlessItsFailuresAreIgnored() {
        bound(
                "failing",
                "configmaps",
                "'reinvocationPolicy':'Never','mutations':["
                        + apply("Object{data: {\"y\": object.data.none}}")
                        + "]");
        assertThat(map("'a':'b'").message())
                .contains(
                        "MutatingAdmissionPolicy 'failing' with binding 'failing' denied request:")
                .contains("no such key: none");
        withdraw();
        bound(
                "lenient",
                "configmaps",
                "'failurePolicy':'Ignore','reinvocationPolicy':'Never','mutations':["
                        + apply("Object{data: {\"y\": object.data.none}}")
                        + "]");

        assertThat(map("'a':'b'").code()).isEqualTo(201);
    }

    @Test
    void aPolicyIsAskedAgainAfterAWebhookIfItWishes() {
        try (WebhookServer hooks = new WebhookServer(others)) {
            hooks.review(
                    "/add",
                    request ->
                            "{'allowed':true,'patchType':'JSONPatch','patch':'"
                                    + java.util.Base64.getEncoder()
                                            .encodeToString(
                                                    ("[{\"op\":\"add\",\"path\":\"/data/hook\","
                                                                    + "\"value\":\"h\"}]")
                                                            .getBytes(
                                                                    java.nio.charset
                                                                            .StandardCharsets
                                                                            .UTF_8))
                                    + "'}");
            bound(
                    "counted",
                    "configmaps",
                    "'reinvocationPolicy':'IfNeeded','mutations':["
                            + apply("Object{data: {\"keys\": string(size(object.data))}}")
                            + "]");
            made(
                    HOOKS,
                    "{'metadata':{'name':'h'},'webhooks':[{'name':'h.example.org','clientConfig':"
                            + hooks.client("/add")
                            + ",'sideEffects':'None','admissionReviewVersions':['v1'],'rules':["
                            + "{'apiGroups':[''],'apiVersions':['v1'],'resources':['configmaps'],"
                            + "'operations':['CREATE']}]}]}");

            assertThat(map("'a':'b'").body().at("/data/keys").asText()).isEqualTo("3");
        }
    }

    @Test
    void whatCannotBeBuiltIsInvalidWhenThePolicyIsWritten() {
        assertThat(
                        policy(
                                        "misplaced",
                                        "configmaps",
                                        "'reinvocationPolicy':'Never','mutations':["
                                                + apply("Object{metadata: Object.spec{}}")
                                                + "]")
                                .message())
                .contains("spec.mutations[0].applyConfiguration.expression: Invalid value")
                .contains("unexpected type name \"Object.spec\", expected \"Object.metadata\"");
        assertThat(
                        policy(
                                        "unknown",
                                        "configmaps",
                                        "'reinvocationPolicy':'Never','mutations':["
                                                + patch("[Patch{op: \"add\"}]")
                                                + "]")
                                .message())
                .contains("only Object, Object.<field> and JSONPatch can be built");
        assertThat(policy("empty", "configmaps", "'mutations':[]").message())
                .contains("mutations must contain at least one item")
                .contains("spec.reinvocationPolicy: Unsupported value");
    }
}
