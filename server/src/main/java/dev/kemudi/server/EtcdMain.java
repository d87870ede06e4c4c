package dev.kemudi.server;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The command {@code etcd}: Kemudi's store alone, started, spoken to and stopped as etcd is. Exit
 * codes as etcd's: 1 cannot start, 2 wrong usage; a stop that was asked for ends with 0.
 */
public final class EtcdMain {
    private static final System.Logger MAIN = System.getLogger("etcdmain");
    private static final int FAILED = 1;
    private static final int USAGE = 2;

    private EtcdMain() {}

    public static void main(String[] arguments) throws IOException, InterruptedException {
        List<String> given = List.of(arguments);
        if (!given.isEmpty() && List.of("gateway", "grpc-proxy").contains(given.getFirst())) {
            fail(
                    "etcd %s is not served: clients of Kemudi need no proxy; put any TCP balancer in front"
                            .formatted(given.getFirst()),
                    FAILED);
        }
        if (given.equals(List.of("train"))) {
            EtcdTrain.run();
            System.exit(0);
        }
        EtcdSettings settings;
        try {
            settings = EtcdSettings.read(given, System.getenv());
            if (settings.isOn("help") || settings.isOn("h")) {
                System.out.print(EtcdFlags.help());
                return;
            }
            if (settings.isOn("version")) {
                System.out.print(versions());
                return;
            }
            EtcdLine.speak(settings);
        } catch (UsageException e) {
            fail(String.valueOf(e.getMessage()), USAGE);
            return;
        }
        try {
            run(settings);
        } catch (UsageException | IOException e) {
            MAIN.log(Level.ERROR, e.getMessage());
            System.exit(FAILED);
        }
    }

    private static void run(EtcdSettings settings) throws IOException, InterruptedException {
        versions().lines().forEach(line -> MAIN.log(Level.INFO, line));
        settings.remarks().forEach(remark -> MAIN.log(Level.WARNING, remark));
        AtomicBoolean removed = new AtomicBoolean();
        EtcdNode node =
                EtcdNode.start(
                        settings,
                        () -> {
                            removed.set(true);
                            Runtime.getRuntime().exit(0);
                        });
        CountDownLatch stopped = new CountDownLatch(1);
        Runtime.getRuntime()
                .addShutdownHook(
                        Thread.ofPlatform()
                                .name("etcd-stop")
                                .unstarted(() -> {
                                    if (!removed.get()) {
                                        MAIN.log(Level.INFO, "received a signal, shutting down...");
                                    }
                                    node.close();
                                    stopped.countDown();
                                    // The JVM would report 128 + signal for a stop that went well.
                                    Runtime.getRuntime().halt(0);
                                }));
        node.awaitReady();
        stopped.await();
    }

    private static void fail(String message, int code) {
        System.err.println("etcd: " + message);
        System.exit(code);
    }

    private static String versions() {
        return """
        etcd Version: %s
        Kemudi Version: %s
        Java Version: %s
        Java OS/Arch: %s/%s
        """
                .formatted(
                        EtcdNode.API_VERSION,
                        VersionCommand.version(),
                        System.getProperty("java.version"),
                        System.getProperty("os.name").toLowerCase(java.util.Locale.ROOT),
                        System.getProperty("os.arch"));
    }
}
