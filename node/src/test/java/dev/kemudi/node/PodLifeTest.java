package dev.kemudi.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Resource;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
final class PodLifeTest {
    @TempDir static Path directory;
    static Cluster cluster;

    @BeforeAll
    static void start() throws Exception {
        cluster = new Cluster(directory);
    }

    @AfterAll
    static void stop() throws Exception {
        cluster.close();
        assertThat(cluster.processes()).isEmpty();
    }

    @Test
    void theNodeRegistersItselfReadyWithALease() {
        ApiObject node = cluster.client.get(Resource.NODES, "", cluster.nodeName);
        assertThat(node.labels()).containsEntry("kubernetes.io/hostname", cluster.nodeName);
        assertThat(node.text("/status/capacity/pods")).isEqualTo("110");
        assertThat(node.at("/status/conditions").toString())
                .contains("\"Ready\",\"status\":\"True\"");
        assertThat(
                        cluster.client
                                .get(Resource.LEASES, "kube-node-lease", cluster.nodeName)
                                .text("/spec/holderIdentity"))
                .isEqualTo(cluster.nodeName);
    }

    @Test
    void aPodRunsAtItsOwnAddressAndIsGoneAfterDeletion() throws Exception {
        cluster.sh("simple", "sleep 1000");
        cluster.awaitReady("simple");
        ApiObject pod = cluster.get("simple");
        assertThat(pod.text("/status/podIP")).startsWith("127.").isNotEqualTo("127.0.0.1");
        assertThat(pod.text("/status/containerStatuses/0/containerID")).startsWith("process://");
        long pid = cluster.pid("simple");
        cluster.delete("simple", 5);
        cluster.awaitGone("simple");
        assertThat(ProcTable.stat(pid).filter(s -> !s.dead())).isEmpty();
        Eventually.within(5, () -> assertThat(cluster.pods.resolve(pod.uid())).doesNotExist());
    }

    @Test
    void aKilledContainerIsReadyAgainWithinTwoSecondsAndItsExitIsRemembered() throws Exception {
        cluster.sh("killed", "sleep 1000");
        cluster.awaitReady("killed");
        long before = System.nanoTime();
        ProcessHandle.of(cluster.pid("killed")).orElseThrow().destroyForcibly();
        Eventually.within(
                5,
                () ->
                        assertThat(
                                        cluster.get("killed")
                                                .integer(
                                                        "/status/containerStatuses/0/restartCount",
                                                        0))
                                .isEqualTo(1));
        cluster.awaitReady("killed");
        assertThat(System.nanoTime() - before).isLessThan(2_000_000_000L);
        assertThat(
                        cluster.get("killed")
                                .integer(
                                        "/status/containerStatuses/0/lastState/terminated/exitCode",
                                        0))
                .isEqualTo(137);
    }

    @Test
    void aCrashLoopWaitsTenSecondsAfterTheFirstRestart() throws Exception {
        cluster.sh("crashing", "exit 3");
        Eventually.within(
                10,
                () -> {
                    ApiObject pod = cluster.get("crashing");
                    assertThat(pod.text("/status/containerStatuses/0/state/waiting/reason"))
                            .isEqualTo("CrashLoopBackOff");
                    assertThat(pod.text("/status/containerStatuses/0/state/waiting/message"))
                            .startsWith("back-off 10s");
                    assertThat(pod.integer("/status/containerStatuses/0/restartCount", 0))
                            .isEqualTo(1);
                    assertThat(
                                    pod.integer(
                                            "/status/containerStatuses/0/lastState/terminated/exitCode",
                                            0))
                            .isEqualTo(3);
                    assertThat(pod.text("/status/phase")).isEqualTo("Running");
                    assertThat(cluster.eventReasons("crashing")).contains("BackOff", "Started");
                });
    }

    @Test
    void restartPolicyNeverEndsInSucceededOrFailed() throws Exception {
        cluster.sh("good", "exit 0", ",\"restartPolicy\":\"Never\"");
        cluster.sh("bad", "exit 7", ",\"restartPolicy\":\"Never\"");
        cluster.awaitPhase("good", "Succeeded");
        cluster.awaitPhase("bad", "Failed");
        assertThat(
                        cluster.get("bad")
                                .integer(
                                        "/status/containerStatuses/0/state/terminated/exitCode", 0))
                .isEqualTo(7);
    }

    @Test
    void initContainersRunInOrderBeforeTheRest() throws Exception {
        cluster.create(
                "ordered",
                """
                "initContainers":[%s,%s],"containers":[%s],"restartPolicy":"Never",
                "volumes":[{"name":"v","emptyDir":{}}]
                """
                        .formatted(
                                Cluster.containerOf("i1", "echo 1 >> v/order", mount()),
                                Cluster.containerOf("i2", "echo 2 >> v/order", mount()),
                                Cluster.containerOf(
                                        "c", "echo 3 >> v/order; cat v/order", mount())));
        cluster.awaitPhase("ordered", "Succeeded");
        Eventually.within(5, () -> assertThat(cluster.logs("ordered")).isEqualTo("1\n2\n3\n"));
        assertThat(cluster.condition("ordered", "Initialized")).isEqualTo("True");
    }

    private static String mount() {
        return ",\"volumeMounts\":[{\"name\":\"v\",\"mountPath\":\"/v\"}]";
    }

    @Test
    void anImageThisNodeCannotRunWaitsWithAReasonAndAnEvent() throws Exception {
        cluster.create("foreign", "\"containers\":[{\"name\":\"c\",\"image\":\"nginx:1.27\"}]");
        Eventually.within(
                10,
                () -> {
                    ApiObject pod = cluster.get("foreign");
                    assertThat(pod.text("/status/containerStatuses/0/state/waiting/reason"))
                            .isEqualTo("ErrImageNeverPull");
                    assertThat(pod.text("/status/containerStatuses/0/state/waiting/message"))
                            .contains("nginx:1.27")
                            .contains("OCI runtime");
                    assertThat(cluster.eventReasons("foreign")).contains("ErrImageNeverPull");
                });
        assertThat(cluster.get("foreign").text("/status/phase")).isEqualTo("Pending");
    }

    @Test
    void aMissingProgramIsNamed() throws Exception {
        cluster.create(
                "missing",
                """
                "restartPolicy":"Never",
                "containers":[{"name":"c","image":"host","command":["no-such-program"]}]
                """);
        cluster.awaitPhase("missing", "Failed");
        var terminated = cluster.get("missing").at("/status/containerStatuses/0/state/terminated");
        assertThat(terminated.path("exitCode").asInt()).isEqualTo(128);
        assertThat(terminated.path("message").asText()).contains("no-such-program");
    }

    @Test
    void aForkingTreeThatIgnoresSigtermIsGoneWithItsPod() throws Exception {
        // Ignores TERM, forks a child of its own, one that escapes by a double fork into its own
        // session, and one
        // that empties its environment there.
        cluster.sh(
                "stubborn",
                """
                trap '' TERM
                (trap '' TERM; while :; do sleep 1; done) &
                (setsid sh -c "trap '' TERM; while :; do sleep 1; done" >/dev/null 2>&1 &)
                (setsid env -i /bin/sh -c "trap '' TERM; while :; do sleep 1; done" >/dev/null 2>&1 &)
                while :; do sleep 1; done
                """);
        cluster.awaitReady("stubborn");
        String uid = cluster.get("stubborn").uid();
        Eventually.within(
                10,
                () ->
                        assertThat(cluster.processes().stream().filter(e -> e.podUid().equals(uid)))
                                .hasSizeGreaterThanOrEqualTo(4));
        cluster.delete("stubborn", 1);
        cluster.awaitGone("stubborn");
        assertThat(cluster.processes().stream().filter(e -> e.podUid().equals(uid))).isEmpty();
    }

    @Test
    void aPodThatEndsInTimeIsNotKilled() throws Exception {
        cluster.sh(
                "polite",
                """
                trap 'echo bye > ../../polite; exit 0' TERM
                touch trapped
                while :; do sleep 0.05; done
                """);
        cluster.awaitReady("polite");
        Path trapped = cluster.pods.resolve(cluster.get("polite").uid()).resolve("c/trapped");
        Eventually.within(10, () -> assertThat(trapped).exists());
        cluster.delete("polite", 20);
        cluster.awaitGone("polite");
        assertThat(cluster.pods.resolve("polite")).hasContent("bye");
    }

    @Test
    void readinessFollowsItsProbeAndFallsAtOnceOnDeletion() throws Exception {
        cluster.container(
                "probed",
                "trap '' TERM; sleep 1000 & wait; wait",
                """
                ,"readinessProbe":{"exec":{"command":["test","-e","ready"]},
                  "periodSeconds":1,"failureThreshold":1}
                """);
        cluster.awaitPhase("probed", "Running");
        assertThat(cluster.condition("probed", "Ready")).isEqualTo("False");
        Path flag = cluster.pods.resolve(cluster.get("probed").uid()).resolve("c/ready");
        Files.createFile(flag);
        cluster.awaitReady("probed");
        Files.delete(flag);
        Eventually.within(
                5, () -> assertThat(cluster.condition("probed", "Ready")).isEqualTo("False"));
        Files.createFile(flag);
        cluster.awaitReady("probed");
        cluster.delete("probed", 30);
        Eventually.within(
                2, () -> assertThat(cluster.condition("probed", "Ready")).isEqualTo("False"));
        cluster.delete("probed", 1);
        cluster.awaitGone("probed");
    }

    @Test
    void aFailedLivenessProbeRestartsTheContainer() throws Exception {
        cluster.container(
                "unlively",
                "sleep 1000",
                """
                ,"livenessProbe":{"exec":{"command":["false"]},"periodSeconds":1,"failureThreshold":2}
                """);
        Eventually.within(
                15,
                () -> {
                    assertThat(
                                    cluster.get("unlively")
                                            .integer("/status/containerStatuses/0/restartCount", 0))
                            .isPositive();
                    assertThat(cluster.eventReasons("unlively")).contains("Unhealthy", "Killing");
                });
    }

    @Test
    void jwebserverServesAVolumeAndIsProbedOverHttp() throws Exception {
        cluster.client.create(
                Resource.CONFIG_MAPS,
                ApiObject.parse(
                        """
                        {"apiVersion":"v1","kind":"ConfigMap",
                         "metadata":{"name":"page","namespace":"default"},
                         "data":{"index.html":"hello from a pod"}}
                        """));
        cluster.create(
                "web",
                """
                "containers":[{"name":"c","image":"host","command":["jwebserver"],
                  "args":["-b","$(IP)","-p","8000","-d","$(KEMUDI_ROOT)/www"],
                  "env":[{"name":"IP","valueFrom":{"fieldRef":{"fieldPath":"status.podIP"}}}],
                  "ports":[{"name":"http","containerPort":8000}],
                  "startupProbe":{"tcpSocket":{"port":8000},"periodSeconds":1,"failureThreshold":30},
                  "readinessProbe":{"httpGet":{"path":"/index.html","port":"http"}},
                  "volumeMounts":[{"name":"www","mountPath":"/www"}]}],
                "volumes":[{"name":"www","configMap":{"name":"page"}}]
                """);
        cluster.awaitReady("web");
        String address = cluster.get("web").text("/status/podIP");
        try (var in =
                java.net
                        .URI
                        .create("http://" + address + ":8000/index.html")
                        .toURL()
                        .openStream()) {
            assertThat(new String(in.readAllBytes(), StandardCharsets.UTF_8))
                    .isEqualTo("hello from a pod");
        }
    }

    @Test
    void environmentComesFromReferencesAndIsExpandedAsKubernetesDoes() throws Exception {
        cluster.client.create(
                Resource.CONFIG_MAPS,
                ApiObject.parse(
                        """
                        {"apiVersion":"v1","kind":"ConfigMap",
                         "metadata":{"name":"conf","namespace":"default"},
                         "data":{"COLOUR":"blue","size":"9"}}
                        """));
        cluster.client.create(
                Resource.SECRETS,
                ApiObject.parse(
                        """
                        {"apiVersion":"v1","kind":"Secret","metadata":{"name":"sec","namespace":"default"},
                         "data":{"password":"czNjcmV0"}}
                        """));
        cluster.create(
                "env",
                """
                "restartPolicy":"Never","containers":[{"name":"c","image":"host",
                  "command":["sh","-c",
                    "echo $COLOUR $P_size $PW $NAME $NODE $LABEL $CPU \\"$ARG\\" $0 $1 ${GONE:-none}",
                    "$(COLOUR)"],
                  "args":["$$(COLOUR)"],
                  "resources":{"limits":{"cpu":"1500m"}},
                  "envFrom":[{"configMapRef":{"name":"conf"}},{"prefix":"P_","configMapRef":{"name":"conf"}},
                    {"secretRef":{"name":"absent","optional":true}}],
                  "env":[{"name":"PW","valueFrom":{"secretKeyRef":{"name":"sec","key":"password"}}},
                    {"name":"NAME","valueFrom":{"fieldRef":{"fieldPath":"metadata.name"}}},
                    {"name":"NODE","valueFrom":{"fieldRef":{"fieldPath":"spec.nodeName"}}},
                    {"name":"LABEL","valueFrom":{"fieldRef":{"fieldPath":"metadata.labels['app']"}}},
                    {"name":"CPU","valueFrom":{"resourceFieldRef":{"resource":"limits.cpu","divisor":"1m"}}},
                    {"name":"GONE","valueFrom":{"configMapKeyRef":{"name":"conf","key":"x","optional":true}}},
                    {"name":"ARG","value":"$(PW)-$(UNKNOWN)"}]}]
                """);
        cluster.awaitPhase("env", "Succeeded");
        Eventually.within(
                5,
                () ->
                        assertThat(cluster.logs("env"))
                                .isEqualTo(
                                        "blue 9 s3cret env %s env 1500 s3cret-$(UNKNOWN) blue "
                                                .concat("$(COLOUR) none%n")
                                                .formatted(cluster.nodeName)));
    }

    @Test
    void aMissingReferenceIsToldAndCuredWhenItAppears() throws Exception {
        cluster.create(
                "waiting",
                """
                "restartPolicy":"Never","containers":[{"name":"c","image":"host","command":["true"],
                  "envFrom":[{"configMapRef":{"name":"later"}}]}]
                """);
        Eventually.within(
                10,
                () ->
                        assertThat(
                                        cluster.get("waiting")
                                                .at("/status/containerStatuses/0/state/waiting")
                                                .toString())
                                .contains("CreateContainerConfigError")
                                .contains("later"));
        cluster.client.create(
                Resource.CONFIG_MAPS,
                ApiObject.parse(
                        """
                        {"apiVersion":"v1","kind":"ConfigMap",
                         "metadata":{"name":"later","namespace":"default"}}
                        """));
        cluster.awaitPhase("waiting", "Succeeded");
    }

    @Test
    void aPodPastItsDeadlineFails() throws Exception {
        cluster.sh(
                "late",
                "sleep 1000",
                ",\"activeDeadlineSeconds\":1,\"terminationGracePeriodSeconds\":1");
        cluster.awaitPhase("late", "Failed");
        assertThat(cluster.get("late").text("/status/reason")).isEqualTo("DeadlineExceeded");
    }

    @Test
    void aContainerBeyondItsMemoryLimitIsKilledWithReasonOomKilled() throws Exception {
        cluster.create(
                "greedy",
                """
                "restartPolicy":"Never","containers":[{"name":"c","image":"host",
                  "command":["sh","-c","x=$(head -c 120000000 /dev/zero | tr '\\\\0' 'x'); sleep 1000"],
                  "resources":{"limits":{"memory":"60Mi"}}}]
                """);
        cluster.awaitPhase("greedy", "Failed");
        assertThat(
                        cluster.get("greedy")
                                .text("/status/containerStatuses/0/state/terminated/reason"))
                .isEqualTo("OOMKilled");
    }

    @Test
    void twentyPodsStartQuickly() throws Exception {
        List<Long> millis = Collections.synchronizedList(new ArrayList<>());
        for (int i = 0; i < 20; i++) {
            String name = "quick-" + i;
            long began = System.nanoTime();
            cluster.sh(name, "sleep 1000");
            cluster.awaitReady(name);
            millis.add((System.nanoTime() - began) / 1_000_000);
        }
        for (int i = 0; i < 20; i++) {
            cluster.delete("quick-" + i, 0);
        }
        Collections.sort(millis);
        System.getLogger("test")
                .log(
                        System.Logger.Level.INFO,
                        "create to ready ms: p50 {0} max {1}",
                        millis.get(10),
                        millis.get(19));
        assertThat(millis.get(10)).isLessThan(1_000);
    }
}
