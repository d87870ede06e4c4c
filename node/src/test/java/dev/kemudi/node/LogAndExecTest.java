package dev.kemudi.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kemudi.api.ApiException;
import dev.kemudi.api.PodStreams.ExecStreams;
import dev.kemudi.api.PodStreams.LogOptions;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(90)
final class LogAndExecTest {
    @TempDir static Path directory;
    static Cluster cluster;

    @BeforeAll
    static void start() throws Exception {
        cluster = new Cluster(directory);
    }

    @AfterAll
    static void stop() {
        cluster.close();
    }

    private static LogOptions options(boolean follow, int tail, long limit) {
        return new LogOptions(follow, false, false, tail, limit, -1);
    }

    @Test
    void logsAreCutByTailAndBytesAndShowTimesWhenAsked() throws Exception {
        cluster.sh(
                "lines",
                "for i in 1 2 3 4 5; do echo line $i; done; echo oops >&2; printf open",
                ",\"restartPolicy\":\"Never\"");
        cluster.awaitPhase("lines", "Succeeded");
        Eventually.within(
                5, () -> assertThat(cluster.logs("lines")).contains("oops\n").endsWith("open\n"));
        Eventually.within(5, () -> assertThat(cluster.logs("lines").lines()).hasSize(7));
        assertThat(cluster.logs("lines", options(false, 0, -1))).isEmpty();
        assertThat(cluster.logs("lines", options(false, 2, -1)).lines()).hasSize(2);
        assertThat(cluster.logs("lines", options(false, -1, 10))).hasSize(10);
        assertThat(cluster.logs("lines", new LogOptions(false, false, true, -1, -1, -1)).lines())
                .allMatch(l ->
                        l.matches(
                                "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{9}Z (line \\d|oops|open)"));
        assertThat(cluster.logs("lines", new LogOptions(false, false, false, -1, -1, 3600)).lines())
                .hasSize(7);
        Eventually.within(
                5,
                () ->
                        assertThat(
                                        cluster.logs(
                                                "lines",
                                                new LogOptions(false, false, false, -1, -1, 1)))
                                .isEmpty());
    }

    @Test
    void followedLogsArriveAsTheyAreWrittenAndEndWithTheContainer() throws Exception {
        cluster.sh(
                "followed",
                "echo first; while [ ! -e go ]; do sleep 0.05; done; echo second",
                ",\"restartPolicy\":\"Never\"");
        cluster.awaitPhase("followed", "Running");
        PipedInputStream in = new PipedInputStream(1 << 16);
        PipedOutputStream out = new PipedOutputStream(in);
        var pod = cluster.get("followed");
        Thread follower =
                Thread.ofVirtual()
                        .start(() -> {
                            try (out) {
                                cluster.node.streams().logs(pod, "c", options(true, -1, -1), out);
                            } catch (java.io.IOException | InterruptedException e) {
                                throw new IllegalStateException(e);
                            }
                        });
        byte[] first = in.readNBytes(6);
        assertThat(new String(first, StandardCharsets.UTF_8)).isEqualTo("first\n");
        Files.createFile(cluster.pods.resolve(pod.uid()).resolve("c/go"));
        assertThat(new String(in.readAllBytes(), StandardCharsets.UTF_8)).isEqualTo("second\n");
        follower.join();
    }

    @Test
    void theLogOfThePreviousAttemptIsKept() throws Exception {
        cluster.sh(
                "again",
                "echo attempt $KEMUDI_ATTEMPT; [ $KEMUDI_ATTEMPT = 1 ] && sleep 1000; exit 1");
        Eventually.within(10, () -> assertThat(cluster.logs("again")).isEqualTo("attempt 1\n"));
        assertThat(cluster.logs("again", new LogOptions(false, true, false, -1, -1, -1)))
                .isEqualTo("attempt 0\n");
    }

    @Test
    void aContainerThatNeverRanHasNoLogs() throws Exception {
        cluster.create("norun", "\"containers\":[{\"name\":\"c\",\"image\":\"nginx\"}]");
        Eventually.within(
                10,
                () ->
                        assertThatThrownBy(() -> cluster.logs("norun"))
                                .isInstanceOf(ApiException.class)
                                .hasMessageContaining("ErrImageNeverPull"));
    }

    @Test
    void aPodThatPrintsOneGibibyteIsBoundedOnDiskAndInMemory() throws Exception {
        cluster.sh(
                "loud",
                """
                yes "$(printf '%0999d' 7)" | head -c 1073741824; echo; echo the end; touch done
                sleep 1000
                """);
        cluster.awaitReady("loud");
        Path logs = cluster.pods.resolve(cluster.get("loud").uid()).resolve("_logs/c");
        long[] most = {0};
        Eventually.within(
                60,
                () -> {
                    most[0] = Math.max(most[0], bytes(logs));
                    assertThat(logs.resolve("../../c/done")).exists();
                });
        Eventually.within(
                5,
                () ->
                        assertThat(cluster.logs("loud", options(false, 1, -1)))
                                .isEqualTo("the end\n"));
        assertThat(Math.max(most[0], bytes(logs))).isLessThanOrEqualTo(32L * 1024 * 1024);
        assertThat(cluster.get("loud").integer("/status/containerStatuses/0/restartCount", -1))
                .isZero();
        cluster.delete("loud", 0);
        cluster.awaitGone("loud");
    }

    private static long bytes(Path folder) throws java.io.IOException {
        long sum = 0;
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                sum += file.toFile().length();
            }
        }
        return sum;
    }

    @Test
    void aLineWithoutEndIsCutIntoPartsAndReadBackWhole() throws Exception {
        cluster.sh(
                "long",
                "head -c 100000 /dev/zero | tr '\\0' 'y'; echo",
                ",\"restartPolicy\":\"Never\"");
        cluster.awaitPhase("long", "Succeeded");
        Eventually.within(
                5, () -> assertThat(cluster.logs("long")).isEqualTo("y".repeat(100_000) + "\n"));
    }

    @Test
    void execRunsBesideTheContainerWithItsEnvironmentStreamsAndExitCode() throws Exception {
        cluster.container(
                "exec", "sleep 1000", ",\"env\":[{\"name\":\"COLOUR\",\"value\":\"green\"}]");
        cluster.awaitReady("exec");
        Cluster.Ran ran =
                cluster.exec(
                        "exec",
                        "from stdin",
                        "sh",
                        "-c",
                        "cat; echo $COLOUR; pwd; echo bad >&2; exit 42");
        assertThat(ran.code()).isEqualTo(42);
        assertThat(ran.out())
                .startsWith("from stdingreen\n")
                .contains(cluster.get("exec").uid() + "/c");
        assertThat(ran.err()).isEqualTo("bad\n");
        assertThatThrownBy(() -> cluster.exec("exec", "", "no-such-program"))
                .hasMessageContaining("no-such-program");
    }

    @Test
    void interruptingAnExecKillsItAndWhatItForked() throws Exception {
        cluster.sh("cut", "sleep 1000");
        cluster.awaitReady("cut");
        var pod = cluster.get("cut");
        ExecStreams streams =
                new ExecStreams(
                        InputStream.nullInputStream(),
                        OutputStream.nullOutputStream(),
                        OutputStream.nullOutputStream());
        Thread exec =
                Thread.ofVirtual()
                        .start(() -> {
                            try {
                                cluster.node
                                        .streams()
                                        .exec(
                                                pod,
                                                "c",
                                                List.of("sh", "-c", "sleep 999 & sleep 999"),
                                                streams);
                            } catch (java.io.IOException | InterruptedException _) {
                                Thread.currentThread().interrupt();
                            }
                        });
        Eventually.within(5, () -> assertThat(execs(pod.uid())).hasSizeGreaterThanOrEqualTo(3));
        exec.interrupt();
        exec.join();
        Eventually.within(2, () -> assertThat(execs(pod.uid())).isEmpty());
        assertThat(cluster.condition("cut", "Ready")).isEqualTo("True");
    }

    private static List<ProcTable.Entry> execs(String uid) throws java.io.IOException {
        return cluster.processes().stream()
                .filter(e -> e.podUid().equals(uid) && !e.exec().isEmpty())
                .toList();
    }

    /** What an attached client received and can still send. */
    private record Attached(ByteArrayOutputStream out, PipedOutputStream in, Thread thread) {
        String text() {
            return out.toString(StandardCharsets.UTF_8);
        }

        void send(String text) throws java.io.IOException {
            in.write(text.getBytes(StandardCharsets.UTF_8));
            in.flush();
        }
    }

    private static Attached attach(String name) throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        PipedOutputStream in = new PipedOutputStream();
        PipedInputStream stdin = new PipedInputStream(in);
        var pod = cluster.get(name);
        Thread thread =
                Thread.ofVirtual()
                        .start(() -> {
                            try {
                                cluster.node
                                        .streams()
                                        .attach(
                                                pod,
                                                "c",
                                                new ExecStreams(
                                                        stdin,
                                                        out,
                                                        OutputStream.nullOutputStream()));
                            } catch (java.io.IOException | InterruptedException e) {
                                throw new IllegalStateException(e);
                            }
                        });
        return new Attached(out, in, thread);
    }

    private static void reading(String name, String more) throws Exception {
        cluster.create(
                name,
                """
                "restartPolicy":"Never","containers":[{"name":"c","image":"host","stdin":true%s,
                "command":["sh","-c","while read line; do echo got $line; done; echo end"]}]
                """
                        .formatted(more));
        cluster.awaitPhase(name, "Running");
    }

    @Test
    void whoAttachesToAContainerWithStdinOnceFeedsItAndItsLeavingIsTheEnd() throws Exception {
        reading("once", ",\"stdinOnce\":true");
        Attached client = attach("once");
        client.send("one\n");
        Eventually.within(10, () -> assertThat(client.text()).isEqualTo("got one\n"));
        client.in().close();
        client.thread().join();
        assertThat(client.text()).isEqualTo("got one\nend\n");
        cluster.awaitPhase("once", "Succeeded");
    }

    @Test
    void stdinStaysOpenForTheNextClientUnlessItIsDeclaredOnce() throws Exception {
        reading("open", "");
        Attached first = attach("open");
        first.send("one\n");
        Eventually.within(10, () -> assertThat(first.text()).isEqualTo("got one\n"));
        first.in().close();
        Attached second = attach("open");
        second.send("two\n");
        Eventually.within(10, () -> assertThat(second.text()).isEqualTo("got two\n"));
        assertThat(cluster.logs("open")).isEqualTo("got one\ngot two\n");
    }

    @Test
    void aClientThatReadsTooSlowlyIsCutOffAndTheContainerGoesOn() throws Exception {
        Attachment slow = new Attachment(10);
        slow.offer(false, "12345".getBytes(StandardCharsets.UTF_8), 5);
        slow.offer(true, "123456".getBytes(StandardCharsets.UTF_8), 6);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        assertThatThrownBy(() ->
                        slow.copyTo(
                                new ExecStreams(
                                        InputStream.nullInputStream(),
                                        out,
                                        OutputStream.nullOutputStream())))
                .hasMessageContaining("faster than this client reads");
        assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("12345");
    }

    @Test
    void aForwardedConnectionReachesThePodsOwnAddress() throws Exception {
        cluster.sh("addressed", "sleep 1000");
        cluster.awaitReady("addressed");
        var pod = cluster.get("addressed");
        var address = java.net.InetAddress.getByName(pod.text("/status/podIP"));
        try (var server = new java.net.ServerSocket(0, 1, address);
                var client = cluster.node.streams().connect(pod, server.getLocalPort());
                var accepted = server.accept()) {
            assertThat(accepted.getRemoteSocketAddress()).isEqualTo(client.getLocalSocketAddress());
            assertThat(accepted.getLocalAddress()).isEqualTo(address);
        }
    }
}
