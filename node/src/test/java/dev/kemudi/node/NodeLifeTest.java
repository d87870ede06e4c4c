package dev.kemudi.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.api.ApiObject;
import dev.kemudi.api.DeleteOptions;
import dev.kemudi.api.ListOptions;
import dev.kemudi.api.Resource;
import dev.kemudi.kernel.EventBroker.Item;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
final class NodeLifeTest {
    @TempDir Path directory;

    @Test
    void afterACrashTheSameProcessIsAdoptedWithItsLogAndStillSupervised() throws Exception {
        try (Cluster cluster = new Cluster(directory)) {
            cluster.sh(
                    "kept",
                    "echo before; while [ ! -e go ]; do sleep 0.05; done; echo after; sleep 1000");
            cluster.awaitReady("kept");
            long pid = cluster.pid("kept");
            ApiObject before = cluster.get("kept");
            Eventually.within(5, () -> assertThat(cluster.logs("kept")).isEqualTo("before\n"));

            cluster.node.detach();
            Files.createFile(
                    cluster.pods
                            .resolve(before.uid())
                            .resolve("c/go")); // prints while nobody reads
            cluster.node = cluster.start(Limits.defaults());

            Eventually.within(
                    5, () -> assertThat(cluster.logs("kept")).isEqualTo("before\nafter\n"));
            assertThat(cluster.pid("kept")).isEqualTo(pid);
            assertThat(cluster.get("kept").text("/status/podIP"))
                    .isEqualTo(before.text("/status/podIP"));
            assertThat(cluster.get("kept").integer("/status/containerStatuses/0/restartCount", -1))
                    .isZero();
            assertThat(cluster.exec("kept", "", "pwd").code()).isZero();

            ProcessHandle.of(pid).orElseThrow().destroyForcibly();
            Eventually.within(
                    3,
                    () ->
                            assertThat(
                                            cluster.get("kept")
                                                    .integer(
                                                            "/status/containerStatuses/0/restartCount",
                                                            0))
                                    .isEqualTo(1));
            cluster.awaitReady("kept");
        }
    }

    @Test
    void afterACrashWhatDiedIsRestartedAndWhatNoPodOwnsIsKilled() throws Exception {
        try (Cluster cluster = new Cluster(directory)) {
            cluster.sh("died", "sleep 1000");
            cluster.sh("orphaned", "trap '' TERM; while :; do sleep 1; done");
            cluster.awaitReady("died");
            cluster.awaitReady("orphaned");
            String orphan = cluster.get("orphaned").uid();

            cluster.node.detach();
            ProcessHandle.of(cluster.pid("died")).orElseThrow().destroyForcibly();
            cluster.client.delete(
                    Resource.PODS, "default", "orphaned", DeleteOptions.BACKGROUND.graceSeconds(0));
            assertThat(cluster.find("orphaned")).isEmpty();
            cluster.node = cluster.start(Limits.defaults());

            assertThat(cluster.processes().stream().filter(e -> e.podUid().equals(orphan)))
                    .isEmpty();
            assertThat(cluster.pods.resolve(orphan)).doesNotExist();
            Eventually.within(
                    5,
                    () ->
                            assertThat(
                                            cluster.get("died")
                                                    .integer(
                                                            "/status/containerStatuses/0/restartCount",
                                                            0))
                                    .isEqualTo(1));
            cluster.awaitReady("died");
        }
    }

    @Test
    void aPodThatRanElsewhereGetsAnAddressOfItsOwnAndWhatWasLeftThereIsSwept() throws Exception {
        try (Cluster cluster = new Cluster(directory)) {
            cluster.sh("moved", "trap '' TERM; while :; do sleep 1; done");
            cluster.awaitReady("moved");
            ApiObject before = cluster.get("moved");
            ProcessHandle left = ProcessHandle.of(cluster.pid("moved")).orElseThrow();
            Path elsewhere = cluster.pods;

            cluster.node.detach();
            cluster.pods = directory.resolve("another").toAbsolutePath();
            cluster.node = cluster.start(Limits.defaults());
            Eventually.within(
                    10,
                    () ->
                            assertThat(cluster.get("moved").text("/status/podIP"))
                                    .isNotEqualTo(before.text("/status/podIP")));
            cluster.awaitReady("moved");
            assertThat(left.isAlive()).isTrue();

            Node.sweep(new Node.Config("another", elsewhere), Limits.defaults());
            assertThat(left.isAlive()).isFalse();
            assertThat(elsewhere.resolve(before.uid())).doesNotExist();
            cluster.awaitReady("moved");
        }
    }

    @Test
    void closingStopsLowPrioritiesFirstAndTheNextLifeStartsThePodsAgain() throws Exception {
        try (Cluster cluster = new Cluster(directory)) {
            String script =
                    "trap 'echo %s >> ../../order; exit 0' TERM; touch ready; while :; do sleep 0.05; done";
            String probe =
                    ",\"readinessProbe\":{\"exec\":{\"command\":[\"test\",\"-e\",\"ready\"]}}";
            for (String name : new String[] {"important", "idle"}) {
                ApiObject priority = ApiObject.named(Resource.PRIORITY_CLASSES, "", name);
                priority.tree().put("value", name.equals("important") ? 100 : 0);
                cluster.client.create(Resource.PRIORITY_CLASSES, priority);
                cluster.create(
                        name,
                        "\"priorityClassName\":\"%s\",\"containers\":[%s]"
                                .formatted(
                                        name,
                                        Cluster.containerOf("c", script.formatted(name), probe)));
            }
            cluster.sh("stubborn", "trap '' TERM; while :; do sleep 1; done");
            for (String name : new String[] {"important", "idle", "stubborn"}) {
                cluster.awaitReady(name);
            }
            long began = System.nanoTime();
            cluster.node.close();
            assertThat(System.nanoTime() - began).isLessThan(TimeUnit.SECONDS.toNanos(9));
            assertThat(cluster.processes()).isEmpty();
            assertThat(cluster.pods.resolve("order")).hasContent("idle\nimportant");
            assertThat(cluster.condition("important", "Ready")).isEqualTo("False");
            ApiObject node = cluster.client.get(Resource.NODES, "", cluster.nodeName);
            assertThat(node.at("/status/conditions").toString()).contains("KemudiStopped");

            cluster.node = cluster.start(Limits.defaults());
            for (String name : new String[] {"important", "idle", "stubborn"}) {
                cluster.awaitReady(name);
            }
        }
    }

    @Test
    void podsBeyondTheNodesCapacityFail() throws Exception {
        Limits d = Limits.defaults();
        Limits one =
                new Limits(
                        1,
                        d.containersPerPodMax(),
                        d.startsAtOnceMax(),
                        d.execsAtOnceMax(),
                        d.probesAtOnceMax(),
                        d.logFileBytesMax(),
                        d.logFilesMax(),
                        d.logLineBytesMax(),
                        d.attachBufferBytesMax(),
                        d.connectMillisMax(),
                        d.backoffFirstMillis(),
                        d.backoffMillisMax(),
                        d.backoffResetMillis(),
                        d.sweepMillisMax(),
                        d.closeMillisMax(),
                        d.lifecycleSubscriberEventsMax(),
                        d.probeAnswerBytesMax(),
                        d.volumeBytesMax(),
                        d.volumeRefreshMillis(),
                        d.usageWindowMillis());
        try (Cluster cluster = new Cluster(directory, one)) {
            cluster.sh("fits", "sleep 1000");
            cluster.awaitReady("fits");
            cluster.sh("toomany", "sleep 1000");
            cluster.awaitPhase("toomany", "Failed");
            assertThat(cluster.get("toomany").text("/status/reason")).isEqualTo("OutOfpods");
        }
    }

    @Test
    void whatContainersUseIsMeasuredWhenSomebodyAsks() throws Exception {
        try (Cluster cluster = new Cluster(directory)) {
            cluster.sh("busy", "while :; do :; done");
            cluster.sh("idle", "sleep 1000");
            cluster.awaitReady("busy");
            cluster.awaitReady("idle");
            String busy = cluster.get("busy").uid();
            Node.Usage unknown = new Node.Usage(-1, -1);
            assertThat(cluster.node.usage(busy)).isEmpty(); // a rate takes two looks
            Eventually.within(
                    20,
                    () -> {
                        Node.Usage used = cluster.node.usage(busy).getOrDefault("c", unknown);
                        assertThat(used.cpuMillis()).isBetween(50L, 1_100L);
                        assertThat(used.memoryBytes()).isPositive();
                    });
            Node.Usage idle =
                    cluster.node.usage(cluster.get("idle").uid()).getOrDefault("c", unknown);
            assertThat(idle.cpuMillis()).isBetween(0L, 20L);
            assertThat(cluster.node.usage("nobody")).isEmpty();
        }
    }

    @Test
    void theLifecycleBrokerTellsStartReadinessExitAndRemoval() throws Exception {
        try (Cluster cluster = new Cluster(directory);
                var subscription = cluster.node.lifecycle().subscribe()) {
            cluster.sh("told", "sleep 1000");
            cluster.awaitReady("told");
            cluster.delete("told", 5);
            cluster.awaitGone("told");
            var kinds = new java.util.ArrayList<PodEvent.Kind>();
            while (!kinds.contains(PodEvent.Kind.REMOVED)) {
                if (subscription.poll(5_000).orElseThrow() instanceof Item.Event<PodEvent> event) {
                    kinds.add(event.event().kind());
                }
            }
            assertThat(kinds)
                    .containsExactly(
                            PodEvent.Kind.STARTED,
                            PodEvent.Kind.READY,
                            PodEvent.Kind.UNREADY,
                            PodEvent.Kind.EXITED,
                            PodEvent.Kind.REMOVED);
        }
    }

    @Test
    void twoHundredPodsComeAndGoWithoutLeavingAProcessOrAFolder() throws Exception {
        try (Cluster cluster = new Cluster(directory)) {
            for (int wave = 0; wave < 10; wave++) {
                for (int i = 0; i < 20; i++) {
                    cluster.sh(
                            "churn-" + wave + "-" + i, "sleep 1000 & (setsid sleep 1000 &) ; wait");
                }
                cluster.awaitReady("churn-" + wave + "-19"); // others are still starting
                for (int i = 0; i < 20; i++) {
                    cluster.delete("churn-" + wave + "-" + i, i % 2);
                }
                Eventually.within(20, () -> assertThat(cluster.pods).isEmptyDirectory());
            }
            assertThat(cluster.client.list(Resource.PODS, "default", ListOptions.ALL).items())
                    .isEmpty();
            assertThat(cluster.processes()).isEmpty();
        }
    }
}
