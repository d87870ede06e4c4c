package dev.kemudi.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.api.ApiClient;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Json;
import dev.kemudi.api.Resource;
import dev.kemudi.apiserver.Https.Reply;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a namespace's limits, quotas and priorities make of pods on their way in. */
final class LimitsAndQuotasTest {
    private static final String PRIORITIES = "/apis/scheduling.k8s.io/v1/priorityclasses";

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

    private static String namespace(String name) {
        made("/api/v1/namespaces", "{\"metadata\":{\"name\":\"" + name + "\"}}");
        return "/api/v1/namespaces/" + name;
    }

    private static Reply made(String path, String body) {
        Reply reply = https.post(path, body.replace('\'', '"'));
        assertThat(reply.code()).as(reply.message()).isEqualTo(201);
        return reply;
    }

    private static Reply pod(String namespace, String name, String resources) {
        return podWith(
                namespace,
                name,
                "'containers':[{'name':'c','image':'host','resources':{" + resources + "}}]");
    }

    private static Reply podWith(String namespace, String name, String spec) {
        return https.post(
                namespace + "/pods",
                "{'metadata':{'name':'%s'},'spec':{%s}}".formatted(name, spec).replace('\'', '"'));
    }

    private static void limits(String namespace, String item) {
        made(
                namespace + "/limitranges",
                "{'metadata':{'name':'limits'},'spec':{'limits':[" + item + "]}}");
    }

    @Test
    void whatAContainerLeavesOutIsFilledFromTheLimitRange() {
        String team = namespace("filled");
        limits(
                team,
                "{'type':'Container','default':{'cpu':'500m','memory':'64Mi'},"
                        + "'defaultRequest':{'cpu':'100m'}}");

        Reply pod = pod(team, "p", "'requests':{'memory':'32Mi'}");

        assertThat(pod.code()).as(pod.message()).isEqualTo(201);
        assertThat(pod.body().at("/spec/containers/0/resources").toString())
                .isEqualTo(
                        "{\"requests\":{\"memory\":\"32Mi\",\"cpu\":\"100m\"},"
                                + "\"limits\":{\"cpu\":\"500m\",\"memory\":\"64Mi\"}}");
        assertThat(pod.body().at("/metadata/annotations/kubernetes.io~1limit-ranger").asText())
                .isEqualTo(
                        "LimitRanger plugin set: cpu request for container c;"
                                + " cpu, memory limit for container c");
        assertThat(pod.body().at("/status/qosClass").asText()).isEqualTo("Burstable");
    }

    @Test
    void whatIsOutsideTheLimitRangeIsForbidden() {
        String team = namespace("bounded");
        limits(
                team,
                "{'type':'Container','min':{'cpu':'100m'},'max':{'cpu':'1'},"
                        + "'default':{'cpu':'500m'},'maxLimitRequestRatio':{'cpu':'4'}},"
                        + "{'type':'Pod','max':{'memory':'1Gi'}}");
        String memory = "'memory':'512Mi'";

        assertThat(pod(team, "p", "'limits':{'cpu':'2'," + memory + "}").message())
                .isEqualTo(
                        "pods \"p\" is forbidden: maximum cpu usage per Container is 1, but limit is 2");
        assertThat(pod(team, "q", "'requests':{'cpu':'50m'},'limits':{" + memory + "}").message())
                .isEqualTo(
                        "pods \"q\" is forbidden: [minimum cpu usage per Container is 100m, but request"
                                + " is 50m, cpu max limit to request ratio per Container is 4, but"
                                + " provided ratio is 10.000000]");
        assertThat(pod(team, "r", "'limits':{'memory':'2Gi'}").message())
                .isEqualTo(
                        "pods \"r\" is forbidden: maximum memory usage per Pod is 1Gi, but limit is 2Gi");
        assertThat(pod(team, "s", "'limits':{" + memory + "}").code()).isEqualTo(201);
    }

    @Test
    void aQuotaIsSpentAndThenRefuses() {
        String team = namespace("spending");
        made(
                team + "/resourcequotas",
                "{'metadata':{'name':'compute'},'spec':{'hard':"
                        + "{'requests.cpu':'1','pods':'10','count/configmaps':'1'}}}");

        assertThat(pod(team, "unsaid", "").message())
                .isEqualTo(
                        "pods \"unsaid\" is forbidden: failed quota: compute: must specify requests.cpu"
                                + " for: c");
        assertThat(pod(team, "a", "'requests':{'cpu':'700m'}").code()).isEqualTo(201);
        assertThat(pod(team, "b", "'requests':{'cpu':'700m'}").message())
                .isEqualTo(
                        "pods \"b\" is forbidden: exceeded quota: compute, requested: requests.cpu=700m,"
                                + " used: requests.cpu=700m, limited: requests.cpu=1");
        made(team + "/configmaps", "{'metadata':{'name':'one'}}");
        assertThat(https.post(team + "/configmaps", "{\"metadata\":{\"name\":\"two\"}}").message())
                .isEqualTo(
                        "configmaps \"two\" is forbidden: exceeded quota: compute, requested:"
                                + " count/configmaps=1, used: count/configmaps=1, limited:"
                                + " count/configmaps=1");
        assertThat(https.get(team + "/resourcequotas/compute").body().at("/status/used").toString())
                .isEqualTo("{\"count/configmaps\":\"1\",\"pods\":\"1\",\"requests.cpu\":\"700m\"}");
    }

    @Test
    void aQuotaCountsWhatWasThereBeforeIt() {
        String team = namespace("before");
        made(team + "/secrets", "{'metadata':{'name':'old'}}");
        made(
                team + "/resourcequotas",
                "{'metadata':{'name':'objects'},'spec':{'hard':{'secrets':'1'}}}");

        assertThat(https.post(team + "/secrets", "{\"metadata\":{\"name\":\"new\"}}").message())
                .endsWith("requested: secrets=1, used: secrets=1, limited: secrets=1");
    }

    @Test
    void aQuotaOfAScopeHoldsForItsPodsOnly() {
        String team = namespace("scoped");
        made(
                team + "/resourcequotas",
                "{'metadata':{'name':'loose'},'spec':{'hard':{'pods':'0'},'scopes':['BestEffort']}}");

        assertThat(pod(team, "bound", "'requests':{'cpu':'1m'}").code()).isEqualTo(201);
        assertThat(pod(team, "free", "").message())
                .endsWith("requested: pods=1, used: pods=0, limited: pods=0");
    }

    @Test
    void sixteenCreatorsTogetherNeverExceedAQuota() throws InterruptedException {
        String team = namespace("crowded");
        made(
                team + "/resourcequotas",
                "{'metadata':{'name':'objects'},'spec':{'hard':{'configmaps':'20'}}}");
        ApiClient client = running.server.client("crowd");
        AtomicInteger made = new AtomicInteger();
        List<Throwable> wrong = new ArrayList<>();
        CountDownLatch go = new CountDownLatch(1);
        List<Thread> creators = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            String prefix = "c" + i + "-";
            creators.add(
                    Thread.ofVirtual()
                            .start(() -> {
                                try {
                                    go.await();
                                    for (int n = 0; n < 4; n++) {
                                        made.addAndGet(create(client, prefix + n) ? 1 : 0);
                                    }
                                } catch (InterruptedException | RuntimeException e) {
                                    synchronized (wrong) {
                                        wrong.add(e);
                                    }
                                }
                            }));
        }
        go.countDown();
        for (Thread creator : creators) {
            creator.join();
        }

        assertThat(wrong).isEmpty();
        assertThat(made.get()).isEqualTo(20);
        assertThat(https.get(team + "/configmaps").body().path("items")).hasSize(20);
        assertThat(
                        https.get(team + "/resourcequotas/objects")
                                .body()
                                .at("/status/used/configmaps")
                                .asText())
                .isEqualTo("20");
    }

    private static boolean create(ApiClient client, String name) {
        try {
            client.create(
                    Resource.CONFIG_MAPS, ApiObject.named(Resource.CONFIG_MAPS, "crowded", name));
            return true;
        } catch (ApiException e) {
            assertThat(e.getMessage()).contains("exceeded quota: objects");
            return false;
        }
    }

    @Test
    void aPodGetsThePriorityOfItsClass() {
        String team = namespace("important");
        made(PRIORITIES, "{'metadata':{'name':'high'},'value':1000,'preemptionPolicy':'Never'}");
        String containers = "'containers':[{'name':'c','image':'host'}]";

        Reply high = podWith(team, "high", "'priorityClassName':'high'," + containers);
        assertThat(high.body().at("/spec/priority").asInt()).isEqualTo(1000);
        assertThat(high.body().at("/spec/preemptionPolicy").asText()).isEqualTo("Never");
        Reply critical =
                podWith(
                        team,
                        "critical",
                        "'priorityClassName':'system-node-critical'," + containers);
        assertThat(critical.body().at("/spec/priority").asInt()).isEqualTo(2_000_001_000);
        assertThat(podWith(team, "none", "'priorityClassName':'none'," + containers).message())
                .isEqualTo("pods \"none\" is forbidden: no PriorityClass with name none was found");
        assertThat(podWith(team, "forged", "'priority':7," + containers).message())
                .contains("the integer value of priority (7) must not be provided in pod spec");
        assertThat(podWith(team, "plain", containers).body().at("/spec/priority").asInt()).isZero();
    }

    @Test
    void thereIsOneDefaultPriorityOnly() {
        made(PRIORITIES, "{'metadata':{'name':'usual'},'value':0,'globalDefault':true}");
        Reply second =
                https.post(
                        PRIORITIES,
                        "{\"metadata\":{\"name\":\"second\"},\"value\":1,\"globalDefault\":true}");

        assertThat(second.message())
                .isEqualTo(
                        "priorityclasses.scheduling.k8s.io \"second\" is forbidden: PriorityClass usual"
                                + " is already marked as default. Only one default can exist");
        assertThat(
                        https.post(PRIORITIES, "{\"metadata\":{\"name\":\"system-x\"},\"value\":1}")
                                .code())
                .isEqualTo(422);
    }

    @Test
    void aPodNamesAServiceAccountThatExists() {
        String team = namespace("accounts");
        made(
                team + "/serviceaccounts",
                "{'metadata':{'name':'robot'},'imagePullSecrets':[{'name':'registry'}]}");
        String containers = "'containers':[{'name':'c','image':'host'}]";

        Reply robot = podWith(team, "robot", "'serviceAccountName':'robot'," + containers);
        assertThat(robot.body().at("/spec/imagePullSecrets/0/name").asText()).isEqualTo("registry");
        assertThat(podWith(team, "ghost", "'serviceAccountName':'ghost'," + containers).message())
                .isEqualTo(
                        "pods \"ghost\" is forbidden: error looking up service account accounts/ghost:"
                                + " serviceaccount \"ghost\" not found");
        assertThat(
                        podWith(team, "plain", containers)
                                .body()
                                .at("/spec/serviceAccountName")
                                .asText())
                .isEqualTo("default");
    }

    @Test
    void columnsSayWhatIsUsedOfWhat() throws Exception {
        String team = namespace("shown");
        made(team + "/resourcequotas", "{'metadata':{'name':'q'},'spec':{'hard':{'secrets':'3'}}}");
        made(team + "/secrets", "{'metadata':{'name':'one'}}");

        Reply table =
                https.send(
                        https.request(team + "/resourcequotas/q")
                                .header("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io")
                                .build());
        assertThat(table.body().at("/rows/0/cells").toString()).contains("\"secrets: 1/3\"");
        assertThat(Json.MAPPER.writeValueAsString(table.body())).contains("Request");
    }
}
