package dev.kemudi.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.apiserver.Https.Reply;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Validating admission policies as those meet them who write under them. */
final class ValidatingPoliciesTest {
    private static final String REGISTRATION = "/apis/admissionregistration.k8s.io/v1/";
    private static final String POLICIES = REGISTRATION + "validatingadmissionpolicies";
    private static final String BINDINGS = REGISTRATION + "validatingadmissionpolicybindings";
    private static final String MAPS = "/api/v1/namespaces/default/configmaps";

    @TempDir static Path pki;

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
        https.send("DELETE", BINDINGS, "application/json", "");
        https.send("DELETE", POLICIES, "application/json", "");
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

    /** A policy about config maps; {@code spec} is the rest of it. */
    private static Reply policy(String name, String spec) {
        return post(
                POLICIES,
                """
                {'metadata':{'name':'%s'},'spec':{'matchConstraints':{'resourceRules':[
                  {'apiGroups':[''],'apiVersions':['v1'],'resources':['configmaps'],
                   'operations':['CREATE','UPDATE']}]},%s}}
                """
                        .formatted(name, spec));
    }

    private static void declared(String name, String spec) {
        Reply reply = policy(name, spec);
        assertThat(reply.code()).as(reply.message()).isEqualTo(201);
    }

    private static void bound(String policy, String more) {
        made(
                BINDINGS,
                "{'metadata':{'name':'%s-here'},'spec':{'policyName':'%s',%s}}"
                        .formatted(policy, policy, more));
    }

    private static Reply map(String name, String data) {
        return post(MAPS, "{'metadata':{'name':'%s'},'data':{%s}}".formatted(name, data));
    }

    @Test
    void whoBreaksABoundPolicyIsToldWhichAndWhy() {
        declared("few-keys", "'validations':[{'expression':'size(object.data) <= 1'}]");
        String name = unused();
        assertThat(map(unused(), "'a':'1','b':'2'").code()).isEqualTo(201);
        bound("few-keys", "'validationActions':['Deny']");

        Reply refused = map(name, "'a':'1','b':'2'");

        assertThat(refused.code()).isEqualTo(422);
        assertThat(refused.reason()).isEqualTo("Invalid");
        assertThat(refused.message())
                .isEqualTo(
                        "configmaps \""
                                + name
                                + "\" is forbidden: ValidatingAdmissionPolicy 'few-keys' with binding"
                                + " 'few-keys-here' denied request: failed expression:"
                                + " size(object.data) <= 1");
        assertThat(map(name, "'a':'1'").code()).isEqualTo(201);
        assertThat(post("/api/v1/namespaces/default/secrets", "{'metadata':{'name':'s'}}").code())
                .isEqualTo(201);
    }

    @Test
    void messagesReasonsAndVariablesAreThePolicys() {
        declared(
                "worded",
                """
                'variables':[{'name':'wanted','expression':'\\"x-\\" + request.namespace'},
                             {'name':'found','expression':'object.data[?\\"k\\"].orValue(variables.wanted)'}],
                'validations':[{'expression':'variables.found == variables.wanted','reason':'Forbidden',
                  'message':'never seen',
                  'messageExpression':'\\"expected \\" + variables.wanted + \
                  \\", found \\" + variables.found'}]
                """);
        bound("worded", "'validationActions':['Deny']");

        Reply refused = map(unused(), "'k':'y'");

        assertThat(refused.code()).isEqualTo(403);
        assertThat(refused.reason()).isEqualTo("Forbidden");
        assertThat(refused.message()).endsWith("denied request: expected x-default, found y");
        assertThat(map(unused(), "'other':'y'").code()).isEqualTo(201);
    }

    @Test
    void aWarningLetsTheRequestPass() {
        declared(
                "warned",
                "'validations':[{'expression':'false','message':'not so nice'}],"
                        + "'auditAnnotations':[{'key':'who','valueExpression':'request.userInfo.username'}]");
        bound("warned", "'validationActions':['Warn','Audit']");

        Reply made = map(unused(), "'a':'b'");

        assertThat(made.code()).as(made.message()).isEqualTo(201);
        assertThat(made.response().headers().firstValue("warning").orElse(""))
                .contains(
                        "Validation failed for ValidatingAdmissionPolicy 'warned' with binding"
                                + " 'warned-here': not so nice");
    }

    @Test
    void updatesAreComparedWithWhatIsStored() {
        declared(
                "kept",
                "'validations':[{'expression':"
                        + "'request.operation == \\\"CREATE\\\" || object.data == oldObject.data'}]");
        bound("kept", "'validationActions':['Deny']");
        String name = unused();
        assertThat(map(name, "'a':'1'").code()).isEqualTo(201);

        Reply refused =
                https.send(
                        "PATCH",
                        MAPS + "/" + name,
                        "application/merge-patch+json",
                        "{\"data\":{\"a\":\"2\"}}");
        Reply labelled =
                https.send(
                        "PATCH",
                        MAPS + "/" + name,
                        "application/merge-patch+json",
                        "{\"metadata\":{\"labels\":{\"a\":\"2\"}}}");

        assertThat(refused.code()).isEqualTo(422);
        assertThat(labelled.code()).as(labelled.message()).isEqualTo(200);
    }

    @Test
    void parametersComeFromTheBinding() {
        declared(
                "limited",
                "'paramKind':{'apiVersion':'v1','kind':'Secret'},'validations':["
                        + "{'expression':'size(object.data) <= int(params.metadata.labels.max)'}]");
        String secrets = "/api/v1/namespaces/kube-system/secrets";
        bound(
                "limited",
                "'validationActions':['Deny'],'paramRef':{'name':'two','namespace':'kube-system',"
                        + "'parameterNotFoundAction':'Deny'}");
        assertThat(map(unused(), "'a':'1'").message())
                .endsWith(
                        "denied request: no params found for policy binding with `Deny`"
                                + " parameterNotFoundAction");
        made(secrets, "{'metadata':{'name':'two','labels':{'max':'2','param':'yes'}}}");

        Eventually.holds("the parameter is seen", () -> map(unused(), "'a':'1'").code() == 201);
        assertThat(map(unused(), "'a':'1','b':'2','c':'3'").code()).isEqualTo(422);
        made(secrets, "{'metadata':{'name':'one','labels':{'max':'1','param':'yes'}}}");
        https.send("DELETE", BINDINGS, "application/json", "");
        bound(
                "limited",
                "'validationActions':['Deny'],'paramRef':{'namespace':'kube-system',"
                        + "'selector':{'matchLabels':{'param':'yes'}},"
                        + "'parameterNotFoundAction':'Deny'}");
        Eventually.holds(
                "all chosen parameters count",
                () -> map(unused(), "'a':'1','b':'2'").code() == 422);
    }

    @Test
    void aBindingNarrowsWhereThePolicyHolds() {
        declared("narrow", "'validations':[{'expression':'false'}]");
        bound(
                "narrow",
                "'validationActions':['Deny'],'matchResources':{'namespaceSelector':{'matchLabels':"
                        + "{'kubernetes.io/metadata.name':'kube-public'}}}");

        assertThat(map(unused(), "'a':'b'").code()).isEqualTo(201);
        assertThat(
                        post(
                                        "/api/v1/namespaces/kube-public/configmaps",
                                        "{'metadata':{'name':'x'}}")
                                .code())
                .isEqualTo(422);
    }

    @Test
    void anErrorIsARefusalUnlessFailuresAreIgnored() {
        String failing = "'validations':[{'expression':'object.data.missing == \\\"x\\\"'}]";
        declared("strict", failing);
        bound("strict", "'validationActions':['Deny']");
        assertThat(map(unused(), "'a':'b'").message())
                .endsWith(
                        "denied request: expression 'object.data.missing == \"x\"' resulted in error:"
                                + " no such key: missing");
        withdraw();
        declared("lenient", "'failurePolicy':'Ignore'," + failing);
        bound("lenient", "'validationActions':['Deny']");

        assertThat(map(unused(), "'a':'b'").code()).isEqualTo(201);
    }

    @Test
    void expressionsMayAskWhatTheUserMayDo() {
        declared(
                "authorized",
                """
                'matchConditions':[{'name':'marked','expression':'has(object.data.guarded)'}],
                'validations':[{'expression':
                  'authorizer.group(\\"\\").resource(\\"nodes\\").check(\\"delete\\").allowed()'},
                  {'expression':'authorizer.requestResource.check(\\"create\\").allowed()'},
                  {'expression':'namespaceObject.metadata.name == \\"default\\"'}]
                """);
        bound("authorized", "'validationActions':['Deny']");
        made(
                "/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings",
                "{'metadata':{'name':'editors'},'roleRef':{'kind':'ClusterRole','name':'edit'},"
                        + "'subjects':[{'kind':'User','name':'eve'}]}");
        Eventually.holds("the binding is seen", () -> asEve("'open':'x'").code() == 201);

        assertThat(asEve("'guarded':'x'").message())
                .contains("failed expression: authorizer.group(\"\").resource(\"nodes\")");
        assertThat(map(unused(), "'guarded':'x'").code()).isEqualTo(201);
    }

    private static Reply asEve(String data) {
        return https.send(
                https.request(MAPS)
                        .header("Impersonate-User", "eve")
                        .header("Content-Type", "application/json")
                        .method(
                                "POST",
                                BodyPublishers.ofString(
                                        "{'metadata':{'name':'%s'},'data':{%s}}"
                                                .formatted(unused(), data)
                                                .replace('\'', '"')))
                        .build());
    }

    @Test
    void aPolicyThatCannotBeCompiledIsInvalid() {
        assertThat(policy("broken", "'validations':[{'expression':'object.data +'}]").message())
                .contains("spec.validations[0].expression: Invalid value: \"object.data +\":")
                .contains("compilation failed");
        assertThat(policy("untrue", "'validations':[{'expression':'1 + 1'}]").message())
                .contains("must evaluate to bool");
        assertThat(policy("empty", "'failurePolicy':'Ignore'").message())
                .contains("validations or auditAnnotations must contain at least one item");
        assertThat(
                        post(
                                        BINDINGS,
                                        "{'metadata':{'name':'b'},'spec':{'policyName':'p',"
                                                + "'validationActions':['Deny','Warn']}}")
                                .message())
                .contains("must not contain both Deny and Warn");
    }

    @Test
    void anExpressionWithoutEndIsCutOffAndCountsAsFailed() {
        declared(
                "endless",
                "'validations':[{'expression':'[1,2,3,4,5,6,7,8,9,10].all(a, [1,2,3,4,5,6,7,8,9,10]"
                        + ".all(b, [1,2,3,4,5,6,7,8,9,10].all(c, [1,2,3,4,5,6,7,8,9,10].all(d,"
                        + " [1,2,3,4,5,6,7,8,9,10].all(e, [1,2,3,4,5,6,7,8,9,10].all(f, a > 0))))))'}]");
        bound("endless", "'validationActions':['Deny']");

        assertThat(map(unused(), "'a':'b'").message()).contains("actual cost limit exceeded");
    }
}
