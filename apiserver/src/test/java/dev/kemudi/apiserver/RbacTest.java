package dev.kemudi.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.apiserver.Https.Reply;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What users may do, asked for by impersonating them, as {@code kubectl --as} does. */
final class RbacTest {
    private static final String RBAC = "/apis/rbac.authorization.k8s.io/v1";
    private static final String PODS = "/api/v1/namespaces/default/pods";
    private static final String MAPS = "/api/v1/namespaces/default/configmaps";

    @TempDir static Path pki;

    private static RunningServer running;
    private static Https https;

    @BeforeAll
    static void start() {
        running = new RunningServer(pki, Small.limits(), 0);
        https = Https.admin(pki, running.server.port());
    }

    @AfterAll
    static void stop() {
        https.close();
        running.close();
    }

    private static Reply as(String user, String method, String path, String body) {
        HttpRequest.Builder request =
                https.request(path)
                        .header("Impersonate-User", user)
                        .header("Content-Type", "application/json")
                        .method(method, BodyPublishers.ofString(body));
        return https.send(request.build());
    }

    private static Reply get(String user, String path) {
        return as(user, "GET", path, "");
    }

    private static void made(String path, String body) {
        Reply reply = https.post(path, body);
        assertThat(reply.code()).as(reply.message()).isEqualTo(201);
    }

    private static String binding(String name, String kind, String role, String subject) {
        return ("{\"metadata\":{\"name\":\"%s\"},\"roleRef\":{\"kind\":\"%s\",\"name\":\"%s\"},"
                        + "\"subjects\":[%s]}")
                .formatted(name, kind, role, subject);
    }

    private static String user(String name) {
        return "{\"kind\":\"User\",\"name\":\"" + name + "\"}";
    }

    private static void seen(String user, String path) {
        Eventually.holds("the binding is seen", () -> get(user, path).code() == 200);
    }

    @Test
    void whoHasNoRoleIsToldWhatIsForbidden() {
        Reply refused = get("nobody", PODS);

        assertThat(refused.code()).isEqualTo(403);
        assertThat(refused.message())
                .isEqualTo(
                        "pods is forbidden: User \"nobody\" cannot list resource \"pods\" in API "
                                + "group \"\" in the namespace \"default\"");
        assertThat(get("nobody", PODS + "/x").message())
                .isEqualTo(
                        "pods \"x\" is forbidden: User \"nobody\" cannot get resource \"pods\" in "
                                + "API group \"\" in the namespace \"default\"");
        assertThat(get("nobody", "/api/v1/nodes").message()).endsWith("at the cluster scope");
        assertThat(get("nobody", "/metrics").message())
                .isEqualTo("forbidden: User \"nobody\" cannot get path \"/metrics\"");
        assertThat(get("nobody", "/apis").code()).isEqualTo(200);
    }

    @Test
    void aRoleInANamespaceAllowsWhatItsRulesSayThereAndNowhereElse() {
        made(
                RBAC + "/namespaces/default/roles",
                """
                {"metadata":{"name":"reader"},"rules":[
                 {"apiGroups":[""],"resources":["pods"],"verbs":["get","list"]},
                 {"apiGroups":[""],"resources":["configmaps"],"resourceNames":["mine"],
                  "verbs":["get","update"]}]}
                """);
        made(
                RBAC + "/namespaces/default/rolebindings",
                binding("readers", "Role", "reader", user("alice")));
        seen("alice", PODS);

        assertThat(get("alice", PODS + "?watch=true&timeoutSeconds=1").code()).isEqualTo(403);
        assertThat(get("alice", "/api/v1/namespaces/kube-system/pods").code()).isEqualTo(403);
        assertThat(get("alice", "/api/v1/pods").code()).isEqualTo(403);
        assertThat(get("alice", MAPS + "/mine").code()).isEqualTo(404);
        assertThat(get("alice", MAPS + "/other").code()).isEqualTo(403);
        assertThat(as("alice", "DELETE", PODS + "/x", "").code()).isEqualTo(403);
    }

    @Test
    void aClusterRoleBoundInANamespaceHoldsThereOnly() {
        made(
                RBAC + "/namespaces/default/rolebindings",
                binding(
                        "viewers",
                        "ClusterRole",
                        "view",
                        "{\"kind\":\"Group\",\"name\":\"devs\"}"));
        Eventually.holds("the group's binding is seen", () -> devs(MAPS).code() == 200);

        assertThat(devs("/api/v1/namespaces/default/secrets").code()).isEqualTo(403);
        assertThat(devs("/apis/apps/v1/namespaces/default/deployments").code()).isEqualTo(200);
        assertThat(devs("/apis/apps/v1/deployments").code()).isEqualTo(403);
    }

    private static Reply devs(String path) {
        return https.send(
                https.request(path)
                        .header("Impersonate-User", "dora")
                        .header("Impersonate-Group", "devs, testers")
                        .build());
    }

    @Test
    void aServiceAccountIsASubjectByItsNamespaceAndName() {
        made(
                RBAC + "/namespaces/default/rolebindings",
                binding(
                        "accounts",
                        "ClusterRole",
                        "edit",
                        "{\"kind\":\"ServiceAccount\",\"name\":\"robot\",\"namespace\":\"kube-system\"}"));
        String robot = "system:serviceaccount:kube-system:robot";
        seen(robot, MAPS);

        assertThat(as(robot, "POST", MAPS, "{\"metadata\":{\"name\":\"robots\"}}").code())
                .isEqualTo(201);
        assertThat(get("system:serviceaccount:default:robot", MAPS).code()).isEqualTo(403);
    }

    @Test
    void applyOfWhatIsNotThereNeedsLeaveToCreate() {
        made(
                RBAC + "/namespaces/default/roles",
                "{\"metadata\":{\"name\":\"patcher\"},\"rules\":[{\"apiGroups\":[\"\"],"
                        + "\"resources\":[\"configmaps\"],\"verbs\":[\"patch\",\"list\"]}]}");
        made(
                RBAC + "/namespaces/default/rolebindings",
                binding("patchers", "Role", "patcher", user("pat")));
        seen("pat", MAPS);
        HttpRequest apply =
                https.request(MAPS + "/fresh?fieldManager=t")
                        .header("Impersonate-User", "pat")
                        .header("Content-Type", "application/apply-patch+yaml")
                        .method(
                                "PATCH",
                                BodyPublishers.ofString(
                                        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: fresh}\n"))
                        .build();

        assertThat(https.send(apply).message()).contains("cannot create resource \"configmaps\"");
    }

    @Test
    void nobodyGivesAwayWhatTheyDoNotHave() {
        made(
                RBAC + "/namespaces/default/rolebindings",
                binding("admins", "ClusterRole", "admin", user("ada")));
        String roles = RBAC + "/namespaces/default/roles";
        seen("ada", roles);

        Reply refused =
                as(
                        "ada",
                        "POST",
                        roles,
                        "{\"metadata\":{\"name\":\"more\"},\"rules\":[{\"apiGroups\":[\"\"],"
                                + "\"resources\":[\"nodes\"],\"verbs\":[\"get\"]}]}");
        assertThat(refused.code()).isEqualTo(403);
        assertThat(refused.message())
                .contains("is attempting to grant RBAC permissions not currently held");
        assertThat(
                        as(
                                        "ada",
                                        "POST",
                                        RBAC + "/namespaces/default/rolebindings",
                                        binding("all", "ClusterRole", "cluster-admin", user("ada")))
                                .code())
                .isEqualTo(403);
        assertThat(
                        as(
                                        "ada",
                                        "POST",
                                        roles,
                                        "{\"metadata\":{\"name\":\"less\"},"
                                                + "\"rules\":[{\"apiGroups\":[\"\"],"
                                                + "\"resources\":[\"pods\"],\"verbs\":[\"get\"]}]}")
                                .code())
                .isEqualTo(201);
    }

    @Test
    void whoMayNotImpersonateDoesNot() {
        assertThat(get("system:anonymous", PODS).code()).isEqualTo(403);
        Reply nested = https.send(https.request(PODS).header("Impersonate-Group", "devs").build());

        assertThat(nested.code()).isEqualTo(400);
        assertThat(nested.message()).contains("Impersonate-User is missing");
    }

    @Test
    void reviewsSayWhatWouldBeDecidedAndWhy() {
        String review =
                "{\"spec\":{\"user\":\"%s\",\"groups\":[\"%s\"],"
                        + "\"resourceAttributes\":{\"verb\":\"delete\",\"resource\":\"nodes\"}}}";
        String path = "/apis/authorization.k8s.io/v1/subjectaccessreviews";

        Reply no = https.post(path, review.formatted("nobody", "none"));
        Reply yes = https.post(path, review.formatted("root", "system:masters"));

        assertThat(no.body().at("/status/allowed").asBoolean()).isFalse();
        assertThat(yes.body().at("/status/allowed").asBoolean()).isTrue();
        assertThat(as("nobody", "POST", path, review.formatted("a", "b")).code()).isEqualTo(403);
        Reply self =
                as(
                        "nobody",
                        "POST",
                        "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
                        "{\"spec\":{\"namespace\":\"default\"}}");
        assertThat(self.code()).isEqualTo(201);
        assertThat(self.body().at("/status/resourceRules").toString())
                .contains("selfsubjectreviews");
    }

    @Test
    void theRoleOfABindingDoesNotChange() {
        String bindings = RBAC + "/namespaces/default/rolebindings";
        made(bindings, binding("fixed", "ClusterRole", "view", user("val")));

        Reply refused =
                https.send(
                        "PATCH",
                        bindings + "/fixed",
                        "application/merge-patch+json",
                        "{\"roleRef\":{\"name\":\"edit\"}}");

        assertThat(refused.code()).isEqualTo(422);
        assertThat(refused.message()).contains("cannot change roleRef");
    }
}
