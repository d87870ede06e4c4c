package dev.kemudi.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Resource;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Base64;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Jars, volumes, sidecars, hooks. */
@Timeout(60)
final class ContainerShapesTest {
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

    /** The program of the jar. */
    public static final class Program {
        public static void main(String[] args) throws Exception {
            String text =
                    "%d %d %s"
                            .formatted(
                                    Runtime.getRuntime().maxMemory() / 1024 / 1024,
                                    Runtime.getRuntime().availableProcessors(),
                                    String.join(",", args));
            Files.writeString(Path.of("out"), text);
        }
    }

    private static Path jar() throws Exception {
        Path jar = directory.resolve("app.jar");
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().put(Attributes.Name.MAIN_CLASS, Program.class.getName());
        String path = Program.class.getName().replace('.', '/') + ".class";
        try (OutputStream file = Files.newOutputStream(jar);
                JarOutputStream out = new JarOutputStream(file, manifest);
                var bytes = Program.class.getClassLoader().getResourceAsStream(path)) {
            out.putNextEntry(new JarEntry(path));
            java.util.Objects.requireNonNull(bytes).transferTo(out);
        }
        return jar;
    }

    @Test
    void aJarRunsOnKemudisOwnJdkWithinItsLimits() throws Exception {
        cluster.create(
                "jar",
                """
                "restartPolicy":"Never","containers":[{"name":"c","image":"file:%s","args":["a","$(HOME)"],
                  "env":[{"name":"HOME","value":"h"}],
                  "resources":{"limits":{"memory":"256Mi","cpu":"1200m"}}}]
                """
                        .formatted(jar()));
        cluster.awaitPhase("jar", "Succeeded");
        Path out = cluster.pods.resolve(cluster.get("jar").uid()).resolve("c/out");
        String[] told = Files.readString(out).split(" ");
        assertThat(Integer.parseInt(told[0]))
                .isBetween(150, 200); // three quarters, less a survivor space
        assertThat(told[1]).isEqualTo("2");
        assertThat(told[2]).isEqualTo("a,h");
    }

    @Test
    void volumesShowFilesWithTheirModesBelowTheWorkingDirectory() throws Exception {
        cluster.client.create(
                Resource.SECRETS,
                ApiObject.parse(
                        """
                        {"apiVersion":"v1","kind":"Secret","metadata":{"name":"key","namespace":"default"},
                         "data":{"a":"QQ==","b":"Qg=="}}
                        """));
        Path host = Files.createDirectory(directory.resolve("onhost"));
        Files.writeString(host.resolve("f"), "H");
        cluster.create(
                "volumes",
                """
                "restartPolicy":"Never","containers":[{"name":"c","image":"host",
                  "command":["sh","-c","cat s/x/only p/a p/name h/f sub; ls s; stat -L -c %%a s/x/only"],
                  "volumeMounts":[{"name":"s","mountPath":"/s"},{"name":"p","mountPath":"/p"},
                    {"name":"h","mountPath":"/h"},{"name":"p","mountPath":"/sub","subPath":"b"}]}],
                "volumes":[
                  {"name":"s","secret":{"secretName":"key","defaultMode":256,
                    "items":[{"key":"a","path":"x/only"}]}},
                  {"name":"p","projected":{"sources":[{"secret":{"name":"key"}},
                    {"downwardAPI":{"items":[{"path":"name","fieldRef":{"fieldPath":"metadata.name"}}]}}]}},
                  {"name":"h","hostPath":{"path":"%s","type":"Directory"}}]
                """
                        .formatted(host));
        cluster.awaitPhase("volumes", "Succeeded");
        Eventually.within(
                5, () -> assertThat(cluster.logs("volumes")).isEqualTo("AAvolumesHBx\n400\n"));
        Path secret =
                cluster.pods.resolve(cluster.get("volumes").uid()).resolve("_volumes/s/x/only");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(secret)))
                .isEqualTo("r--------");
    }

    @Test
    void aPodReadsATokenThatIsItsOwn() throws Exception {
        cluster.client.create(
                Resource.SERVICE_ACCOUNTS,
                ApiObject.named(Resource.SERVICE_ACCOUNTS, "default", "robot"));
        cluster.create(
                "tokens",
                """
                "restartPolicy":"Never","serviceAccountName":"robot",
                "containers":[{"name":"c","image":"host","command":["sh","-c",
                    "cut -d. -f2 < var/run/t/token"],
                  "volumeMounts":[{"name":"t","mountPath":"/var/run/t"}]}],
                "volumes":[{"name":"t","projected":{"sources":[
                  {"serviceAccountToken":{"path":"token","expirationSeconds":600,"audience":"vault"}}]}}]
                """);
        cluster.awaitPhase("tokens", "Succeeded");
        Eventually.within(5, () -> assertThat(cluster.logs("tokens")).endsWith("\n"));
        String claims =
                new String(
                        Base64.getUrlDecoder().decode(cluster.logs("tokens").strip()),
                        StandardCharsets.UTF_8);

        assertThat(claims)
                .contains("\"aud\":[\"vault\"]")
                .contains("\"sub\":\"system:serviceaccount:default:robot\"")
                .contains("\"pod\":{\"name\":\"tokens\",\"uid\":\"" + cluster.get("tokens").uid());
    }

    @Test
    void aVolumeThisNodeHasNotIsNamedInAnEvent() throws Exception {
        cluster.create(
                "claims",
                """
                "containers":[%s],"volumes":[{"name":"d","persistentVolumeClaim":{"claimName":"x"}}]
                """
                        .formatted(Cluster.containerOf("c", "true", "")));
        Eventually.within(
                10,
                () -> {
                    assertThat(cluster.eventReasons("claims")).contains("FailedMount");
                    assertThat(cluster.get("claims").text("/status/phase")).isEqualTo("Pending");
                });
    }

    @Test
    void aSidecarStartsFirstAndDoesNotKeepAFinishedPodAlive() throws Exception {
        cluster.create(
                "sidecar",
                """
                "restartPolicy":"Never","volumes":[{"name":"v","emptyDir":{}}],
                "initContainers":[{"name":"s","image":"host","restartPolicy":"Always",
                  "command":["sh","-c","touch v/up; sleep 1000"],
                  "startupProbe":{"exec":{"command":["test","-e","v/up"]}},
                  "volumeMounts":[{"name":"v","mountPath":"/v"}]}],
                "containers":[%s]
                """
                        .formatted(
                                Cluster.containerOf(
                                        "c",
                                        "test -e v/up",
                                        ",\"volumeMounts\":[{\"name\":\"v\",\"mountPath\":\"/v\"}]")));
        cluster.awaitPhase("sidecar", "Succeeded");
        String uid = cluster.get("sidecar").uid();
        Eventually.within(
                5,
                () ->
                        assertThat(cluster.processes().stream().filter(e -> e.podUid().equals(uid)))
                                .isEmpty());
    }

    @Test
    void hooksRunAfterTheStartAndBeforeTheEnd() throws Exception {
        cluster.container(
                "hooked",
                "sleep 1000",
                """
                ,"lifecycle":{"postStart":{"exec":{"command":["sh","-c","echo post > ../../hooks"]}},
                  "preStop":{"exec":{"command":["sh","-c","echo pre >> ../../hooks"]}}}
                """);
        cluster.awaitReady("hooked");
        assertThat(cluster.pods.resolve("hooks")).hasContent("post");
        cluster.delete("hooked", 10);
        cluster.awaitGone("hooked");
        assertThat(cluster.pods.resolve("hooks")).hasContent("post\npre");
    }

    @Test
    void aTerminalPodsLogCanBeReadByTheNextLifeOfTheNode() throws Exception {
        cluster.sh("finished", "echo done", ",\"restartPolicy\":\"Never\"");
        cluster.awaitPhase("finished", "Succeeded");
        cluster.crashAndRestart();
        Eventually.within(5, () -> assertThat(cluster.logs("finished")).isEqualTo("done\n"));
    }
}
