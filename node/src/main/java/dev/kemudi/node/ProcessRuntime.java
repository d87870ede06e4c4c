package dev.kemudi.node;

import dev.kemudi.api.PodStreams.ExecStreams;
import java.io.File;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;

/*
 * How a process is a container
 * ----------------------------
 * podsDirectory/UID/CONTAINER        working directory; mounts are symbolic links below it
 * podsDirectory/UID/_logs/CONTAINER  log files, see ContainerLog
 * podsDirectory/UID/_pipes           stdout, stderr and stdin of running attempts, see OutputPump and
 *                                    StdinPipe
 * podsDirectory/UID/_volumes/VOLUME  what volumes hold
 * podsDirectory/UID/state.json       what the node must know after kill -9, see PodRecord
 * (A container's name cannot begin with an underscore or hold a dot, so nothing collides.)
 *
 * A process is started through `setsid sh -c 'mkfifo …; exec COMMAND'`: a session of its own, so that
 * Ctrl-C in Kemudi's terminal reaches no pod, and pipes that outlive Kemudi. It opens the pipes for
 * writing alone first, which waits until the OutputPump has them open: otherwise what a short command
 * prints would vanish with its last holder. Both exec, so the pid that we know is the command's own.
 *
 * What holds always: when exited() completes, no process of that attempt is left; when removePod()
 * returns, no process of the pod is left that ProcTable can find.
 */
/**
 * Pods as supervised processes of the host, without root. Memory limits are watched, not enforced
 * by the kernel.
 */
final class ProcessRuntime implements ContainerRuntime {
    private static final System.Logger LOG = System.getLogger("dev.kemudi.node");
    private static final long REST_GRACE_MILLIS = 1_000;
    private static final long ADOPTED_LOOK_MILLIS = 100;
    private static final String SHIM =
            "exec 3>\"$1\" 4>\"$2\" && exec 1<>\"$1\" 2<>\"$2\" %s 3>&- 4>&- && shift 3 && exec \"$@\"";

    private final Path podsDirectory;
    private final Limits limits;
    private final NodeMetrics metrics;
    private final ProcTable processes;
    private final AddressPool addresses;
    private final ProcessExec exec;
    private final Optional<String> setsid = Executables.find("setsid", Executables.hostPath());
    private final Map<String, ContainerLog> logs = new ConcurrentHashMap<>();
    private final Map<Thread, Boolean> pumps = new ConcurrentHashMap<>();
    private volatile boolean closed;

    ProcessRuntime(Path podsDirectory, String addressPrefix, Limits limits, NodeMetrics metrics)
            throws IOException {
        Files.createDirectories(podsDirectory);
        this.podsDirectory = podsDirectory.toRealPath();
        Files.setPosixFilePermissions(
                this.podsDirectory, PosixFilePermissions.fromString("rwx------"));
        this.limits = limits;
        this.metrics = metrics;
        this.processes = new ProcTable(this.podsDirectory);
        this.addresses = new AddressPool(addressPrefix, this.podsDirectory);
        this.exec = new ProcessExec(processes, setsid, limits);
    }

    @Override
    public String name() {
        return "process";
    }

    Path podDirectory(String podUid) {
        return podsDirectory.resolve(podUid);
    }

    ProcTable processes() {
        return processes;
    }

    @Override
    public Optional<Refusal> refusal(String image) {
        return JavaLaunch.refusal(image);
    }

    @Override
    public String preparePod(String podUid, String previousAddress) throws IOException {
        Files.createDirectories(podDirectory(podUid).resolve("_pipes"));
        return addresses.take(podUid, previousAddress);
    }

    @Override
    public Map<String, String> environment(String podUid, String container) {
        Map<String, String> environment = new LinkedHashMap<>();
        String root = podDirectory(podUid).resolve(container).toString();
        environment.put("PATH", JavaLaunch.bin() + File.pathSeparator + Executables.hostPath());
        environment.put("HOME", root);
        environment.put("JAVA_HOME", JavaLaunch.home());
        environment.put("KEMUDI_ROOT", root);
        return environment;
    }

    private Map<String, String> fullEnvironment(ContainerSpec spec) {
        Map<String, String> full =
                new LinkedHashMap<>(environment(spec.podUid(), spec.container()));
        full.put("HOSTNAME", spec.hostname());
        full.putAll(spec.environment());
        full.put(ProcTable.NODE, processes.node());
        full.put(ProcTable.POD_UID, spec.podUid());
        full.put(ProcTable.CONTAINER, spec.container());
        full.put(ProcTable.ATTEMPT, Integer.toString(spec.attempt()));
        return full;
    }

    @Override
    public RunningContainer start(ContainerSpec spec) throws StartException, IOException {
        Path root = podDirectory(spec.podUid()).resolve(spec.container());
        Files.createDirectories(root);
        for (Mount mount : spec.mounts()) {
            link(root, mount);
        }
        Map<String, String> environment = fullEnvironment(spec);
        Path directory = workingDirectory(root, spec.workingDir());
        List<String> command = JavaLaunch.command(spec);
        Executables.require(command.getFirst(), directory, environment.getOrDefault("PATH", ""));
        Path pipes = podDirectory(spec.podUid()).resolve("_pipes");
        Path out = pipes.resolve(spec.container() + "." + spec.attempt() + ".out");
        Path err = pipes.resolve(spec.container() + "." + spec.attempt() + ".err");
        Path in = pipes.resolve(spec.container() + "." + spec.attempt() + ".in");
        for (Path pipe : List.of(out, err, in)) {
            Files.deleteIfExists(pipe);
        }
        ContainerLog log =
                ContainerLog.open(
                        logFolder(spec.podUid(), spec.container()), spec.attempt(), limits);
        List<String> line = new ArrayList<>();
        setsid.ifPresent(line::add);
        line.addAll(List.of("/bin/sh", "-c", shim(spec.stdin()), "kemudi"));
        line.addAll(List.of(out.toString(), err.toString(), in.toString()));
        line.addAll(command);
        Process process = spawn(line, directory, environment, log);
        long startTicks = ProcTable.stat(process.pid()).map(ProcTable.Stat::startTicks).orElse(-1L);
        ProcessContainer container =
                new ProcessContainer(
                        id(spec.podUid(), process.pid(), startTicks),
                        process.pid(),
                        startTicks,
                        stdin(spec.stdin(), in));
        logs.put(key(spec.podUid(), spec.container()), log);
        pump(container, out, err, log);
        container.stdin().ifPresent(stdin -> hold(stdin, container));
        var _ =
                process.onExit()
                        .thenAcceptAsync(
                                ended ->
                                        ended(
                                                container,
                                                spec.podUid(),
                                                spec.container(),
                                                spec.attempt(),
                                                exit(container, ended.exitValue())),
                                task ->
                                        Thread.ofVirtual()
                                                .name("exit-" + process.pid())
                                                .start(task));
        return container;
    }

    /** The process makes its pipes and opens them; its stdin may have to wait for a writer. */
    private static String shim(Stdin stdin) {
        return switch (stdin) {
            case NONE -> "mkfifo -m 600 \"$1\" \"$2\" && " + SHIM.formatted("</dev/null");
            case OPEN -> "mkfifo -m 600 \"$3\" \"$1\" \"$2\" && " + SHIM.formatted("<>\"$3\"");
            case ONCE -> "mkfifo -m 600 \"$3\" \"$1\" \"$2\" && " + SHIM.formatted("<\"$3\"");
        };
    }

    private static Optional<StdinPipe> stdin(Stdin stdin, Path pipe) {
        return switch (stdin) {
            case NONE -> Optional.empty();
            case OPEN -> Optional.of(new StdinPipe(pipe, false));
            case ONCE -> Optional.of(new StdinPipe(pipe, true));
        };
    }

    private static void hold(StdinPipe stdin, ProcessContainer container) {
        Thread.ofVirtual()
                .name("stdin-" + container.pid)
                .start(() -> {
                    try {
                        stdin.hold(() -> container.exited().isDone());
                    } catch (IOException e) {
                        LOG.log(System.Logger.Level.ERROR, "a container cannot get its stdin", e);
                    } catch (InterruptedException _) {
                        Thread.currentThread().interrupt();
                    }
                });
    }

    private static Process spawn(
            List<String> line, Path directory, Map<String, String> environment, ContainerLog log)
            throws IOException {
        ProcessBuilder builder =
                new ProcessBuilder(line)
                        .directory(directory.toFile())
                        .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .redirectError(ProcessBuilder.Redirect.DISCARD);
        builder.environment().clear();
        builder.environment().putAll(environment);
        try {
            return builder.start();
        } catch (IOException e) {
            log.close();
            throw e;
        }
    }

    private void pump(ProcessContainer container, Path out, Path err, ContainerLog log) {
        OutputPump pump =
                new OutputPump(out, err, log, () -> container.exited().isDone(), metrics::logBytes);
        Thread thread =
                Thread.ofVirtual()
                        .name("log-" + container.pid)
                        .unstarted(() -> {
                            try {
                                pump.run();
                            } finally {
                                pumps.remove(Thread.currentThread());
                            }
                        });
        pumps.put(thread, true);
        thread.start();
    }

    private static Exit exit(ProcessContainer container, int code) {
        return new Exit(code, container.killReason(), "");
    }

    /** The main process is gone: so must be the rest, before anybody hears of it. */
    private void ended(
            ProcessContainer container, String podUid, String name, int attempt, Exit exit) {
        try {
            if (container.gentle() && !attemptEntries(podUid, name, attempt).isEmpty()) {
                attemptEntries(podUid, name, attempt)
                        .forEach(e -> ProcTable.signal(e.pid(), e.startTicks(), false));
                long until = System.nanoTime() + REST_GRACE_MILLIS * 1_000_000;
                while (container.gentle()
                        && System.nanoTime() < until
                        && !attemptEntries(podUid, name, attempt).isEmpty()) {
                    Thread.sleep(10);
                }
            }
            int left = kill(() -> attemptEntries(podUid, name, attempt));
            if (left > 0) {
                LOG.log(
                        System.Logger.Level.ERROR,
                        "{0} processes of pod {1} cannot be killed",
                        left,
                        podUid);
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        } finally {
            container.exited().complete(exit);
            container.stdin().ifPresent(ProcessRuntime::remove);
        }
    }

    private static void remove(StdinPipe stdin) {
        try {
            stdin.remove();
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "the pipe to a container stays", e);
        }
    }

    private List<ProcTable.Entry> attemptEntries(String podUid, String container, int attempt) {
        return processes.ofPod(podUid).stream()
                .filter(e ->
                        e.container().equals(container)
                                && (e.attempt() == attempt || e.attempt() == -1))
                .toList();
    }

    /**
     * Kills what {@code find} finds until it finds nothing; answers what is left when the time is
     * over.
     */
    private int kill(java.util.function.Supplier<List<ProcTable.Entry>> find)
            throws InterruptedException {
        long until = System.nanoTime() + limits.sweepMillisMax() * 1_000_000L;
        List<ProcTable.Entry> left = find.get();
        long pauseMillis = 1;
        while (!left.isEmpty() && System.nanoTime() < until) {
            left.forEach(e -> ProcTable.signal(e.pid(), e.startTicks(), true));
            metrics.swept(left.size());
            Thread.sleep(pauseMillis);
            pauseMillis = Math.min(50, pauseMillis * 2);
            left = find.get();
        }
        return left.size();
    }

    @Override
    public int sweep(String podUid) throws InterruptedException {
        return kill(() -> processes.ofPod(podUid));
    }

    @Override
    public Optional<RunningContainer> adopt(String podUid, String container, int attempt) {
        // The leader of its session is the command itself: everything else was forked by it.
        Optional<ProcTable.Entry> leader =
                attemptEntries(podUid, container, attempt).stream()
                        .filter(e -> e.attempt() == attempt && e.exec().isEmpty())
                        .filter(e -> setsid.isEmpty() || e.session() == e.pid())
                        .min(java.util.Comparator.comparingLong(ProcTable.Entry::startTicks));
        return leader.map(e -> adopt(podUid, container, attempt, e));
    }

    private RunningContainer adopt(
            String podUid, String name, int attempt, ProcTable.Entry leader) {
        Path pipes = podDirectory(podUid).resolve("_pipes");
        Path in = pipes.resolve(name + "." + attempt + ".in");
        // One that ends with its first client has ended with our earlier life.
        ProcessContainer container =
                new ProcessContainer(
                        id(podUid, leader.pid(), leader.startTicks()),
                        leader.pid(),
                        leader.startTicks(),
                        stdin(Files.exists(in) ? Stdin.OPEN : Stdin.NONE, in));
        container.stdin().ifPresent(stdin -> hold(stdin, container));
        try {
            ContainerLog log = ContainerLog.open(logFolder(podUid, name), attempt, limits);
            logs.put(key(podUid, name), log);
            pump(
                    container,
                    pipes.resolve(name + "." + attempt + ".out"),
                    pipes.resolve(name + "." + attempt + ".err"),
                    log);
        } catch (IOException e) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "no log for the adopted container " + name + " of pod " + podUid,
                    e);
        }
        Thread.ofVirtual()
                .name("exit-" + leader.pid())
                .start(() -> watchAdopted(container, podUid, name, attempt));
        return container;
    }

    /** Not our child: nobody tells us its exit code, so we look whether it is there. */
    private void watchAdopted(ProcessContainer container, String podUid, String name, int attempt) {
        try {
            while (ProcTable.alive(container.pid, container.startTicks)) {
                if (closed) {
                    return;
                }
                Thread.sleep(ADOPTED_LOOK_MILLIS);
            }
            String reason =
                    container.killReason().isEmpty()
                            ? "ContainerStatusUnknown"
                            : container.killReason();
            String message =
                    "started by an earlier life of this node, which alone could learn its exit code";
            ended(container, podUid, name, attempt, new Exit(137, reason, message));
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public int exec(ContainerSpec spec, List<String> command, ExecStreams streams)
            throws IOException, InterruptedException {
        Path root = podDirectory(spec.podUid()).resolve(spec.container());
        try {
            return exec.run(
                    spec.podUid(),
                    fullEnvironment(spec),
                    workingDirectory(root, spec.workingDir()),
                    command,
                    streams);
        } catch (StartException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    @Override
    public Optional<ContainerLog> log(String podUid, String container, OptionalInt attempt) {
        ContainerLog live = logs.get(key(podUid, container));
        if (live != null && (attempt.isEmpty() || attempt.getAsInt() == live.attempt())) {
            return Optional.of(live);
        }
        Path folder = logFolder(podUid, container);
        ContainerLog ended =
                ContainerLog.ended(
                        folder, attempt.orElseGet(() -> ContainerLog.lastAttempt(folder)), limits);
        return ended.exists() ? Optional.of(ended) : Optional.empty();
    }

    @Override
    public void removePod(String podUid) throws IOException, InterruptedException {
        int left = sweep(podUid);
        if (left > 0) {
            LOG.log(
                    System.Logger.Level.ERROR,
                    "{0} processes of pod {1} cannot be killed",
                    left,
                    podUid);
        }
        logs.keySet().removeIf(key -> key.startsWith(podUid + "/"));
        delete(podDirectory(podUid));
        addresses.give(podUid);
    }

    /** Deletes a tree without following links out of it. */
    private static void delete(Path tree) throws IOException {
        if (!Files.exists(tree, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        Files.walkFileTree(
                tree,
                new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                            throws IOException {
                        Files.deleteIfExists(file);
                        return FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult postVisitDirectory(
                            Path directory, @org.jspecify.annotations.Nullable IOException e)
                            throws IOException {
                        Files.deleteIfExists(directory);
                        return FileVisitResult.CONTINUE;
                    }
                });
    }

    @Override
    public Set<String> podUids() throws IOException {
        Set<String> uids = new TreeSet<>();
        try (DirectoryStream<Path> pods =
                Files.newDirectoryStream(podsDirectory, Files::isDirectory)) {
            pods.forEach(pod -> uids.add(pod.getFileName().toString()));
        }
        processes.scan().forEach(e -> uids.add(e.podUid()));
        return uids;
    }

    @Override
    public void close() {
        closed = true;
        pumps.keySet().forEach(Thread::interrupt);
    }

    private Path logFolder(String podUid, String container) {
        return podDirectory(podUid).resolve("_logs").resolve(container);
    }

    private static String key(String podUid, String container) {
        return podUid + "/" + container;
    }

    private static String id(String podUid, long pid, long startTicks) {
        return "process://"
                + podUid.substring(0, Math.min(8, podUid.length()))
                + "-"
                + pid
                + "-"
                + startTicks;
    }

    /** Shows a mount below the container's root, as a link: there is no mount namespace here. */
    private static void link(Path root, Mount mount) throws IOException, StartException {
        Path link = inside(root, mount.mountPath());
        if (link.equals(root)) {
            throw new StartException(
                    "RunContainerError", "a volume cannot be mounted at / by the process runtime");
        }
        Files.createDirectories(java.util.Objects.requireNonNull(link.getParent()));
        Path target = Path.of(mount.hostPath());
        if (Files.isSymbolicLink(link)) {
            if (Files.readSymbolicLink(link).equals(target)) {
                return;
            }
            Files.delete(link);
        }
        if (Files.exists(link, LinkOption.NOFOLLOW_LINKS)) {
            throw new StartException(
                    "RunContainerError",
                    "cannot mount a volume at %s: the container has something of its own there"
                            .formatted(mount.mountPath()));
        }
        Files.createSymbolicLink(link, target);
    }

    private static Path inside(Path root, String path) throws StartException {
        Path inside = root.resolve(path.replaceFirst("^/+", "")).normalize();
        if (!inside.startsWith(root)) {
            throw new StartException(
                    "RunContainerError", "the path " + path + " leads out of the container");
        }
        return inside;
    }

    /**
     * A path that is mounted wins over one of the host; a path that is neither is made, as
     * Kubernetes does.
     */
    private static Path workingDirectory(Path root, String path)
            throws IOException, StartException {
        if (path.isEmpty()) {
            return root;
        }
        Path inside = inside(root, path);
        if (Files.isDirectory(inside)) {
            return inside;
        }
        Path host = Path.of(path);
        return host.isAbsolute() && Files.isDirectory(host)
                ? host
                : Files.createDirectories(inside);
    }
}
