package dev.kemudi.conformance.testing;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Load on one API server over TLS; used by {@code conformance/apiserver.sh}. Arguments: the
 * server's data directory, port and process id, seconds, then lines with a number each: {@code crud
 * CLIENTS}, {@code watch WATCHES}, {@code pods COUNT}, {@code objects COUNT}. Prints one row of
 * Markdown a line: measure, result, to reach, whether it was reached.
 */
final class ApiLoad {
    private static final String WIDGETS = "/apis/load.kemudi.dev/v1/namespaces/default/widgets";
    private static final int WATCHES_PER_CONNECTION = 100;
    private static final int ROUNDS = 20;
    private static final int WRITERS = 32;
    private static final String FILLER = "0123456789abcdef".repeat(112);
    private static final String POD =
            """
            {"metadata":{"name":"pod-%d","labels":{"app":"load"}},
             "spec":{"schedulerName":"none","containers":[{"name":"c","image":"host",
              "command":["sleep","1000"],"resources":{"requests":{"cpu":"10m","memory":"10Mi"}}}]}}
            """;
    private static final byte[] NOTHING = {};

    private final Path data;
    private final int port;
    private final long pid;
    private final int seconds;

    private ApiLoad(Path data, int port, long pid, int seconds) {
        this.data = data;
        this.port = port;
        this.pid = pid;
        this.seconds = seconds;
    }

    public static void main(String[] arguments) throws Exception {
        ApiLoad load =
                new ApiLoad(
                        Path.of(arguments[0]),
                        Integer.parseInt(arguments[1]),
                        Long.parseLong(arguments[2]),
                        Integer.parseInt(arguments[3]));
        load.define();
        for (int i = 4; i < arguments.length; i += 2) {
            load.line(arguments[i], Integer.parseInt(arguments[i + 1]));
        }
    }

    private void line(String line, int count) throws Exception {
        switch (line) {
            case "crud" -> crud(count);
            case "watch" -> watch(count);
            case "pods" -> pods(count);
            case "objects" -> objects(count);
            default ->
                    throw new IllegalArgumentException(
                            "line: expected crud, watch, pods or objects, found " + line);
        }
    }

    private ApiConnection open() throws IOException, GeneralSecurityException {
        return ApiConnection.open(data, port);
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static void row(String measure, String result, String goal, boolean reached) {
        System.out.println(
                "| "
                        + measure
                        + " | "
                        + result
                        + " | "
                        + goal
                        + " | "
                        + (reached ? "yes" : "**no**")
                        + " |");
    }

    private static String text(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }

    /** Processor time of the server so far, all threads. */
    private double cpuSeconds() throws IOException {
        String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / 100.0;
    }

    /** What the server's heap holds after a collection. */
    private long heapBytes() throws IOException, InterruptedException {
        jcmd("GC.run");
        long kib = 0;
        for (String line : jcmd("GC.heap_info").split("\n")) {
            boolean generation = line.contains("def new") || line.contains("tenured");
            if (generation || line.contains("DefNew") || line.contains("Tenured")) {
                String used = line.substring(line.indexOf("used ") + 5);
                kib += Long.parseLong(used.substring(0, used.indexOf('K')));
            }
        }
        return kib << 10;
    }

    private String jcmd(String command) throws IOException, InterruptedException {
        String jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
        Process process = new ProcessBuilder(jcmd, Long.toString(pid), command).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException("jcmd " + command + ": " + said);
        }
        return said;
    }

    private void define() throws Exception {
        try (ApiConnection connection = open()) {
            connection.call(
                    "POST",
                    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
                    utf8(
                            """
                            {"apiVersion":"apiextensions.k8s.io/v1",
                             "kind":"CustomResourceDefinition",
                             "metadata":{"name":"widgets.load.kemudi.dev"},
                             "spec":{"group":"load.kemudi.dev","scope":"Namespaced",
                              "names":{"plural":"widgets","singular":"widget","kind":"Widget",
                               "listKind":"WidgetList"},
                              "versions":[{"name":"v1","served":true,"storage":true,"schema":
                               {"openAPIV3Schema":{"type":"object","properties":{"spec":
                                {"type":"object","properties":{"text":{"type":"string"},
                                 "size":{"type":"integer","minimum":0}}}}}}}]}}
                            """));
            long until = System.nanoTime() + 10_000_000_000L;
            while (status(connection.call("GET", WIDGETS, NOTHING)).equals("Failure")) {
                if (System.nanoTime() > until) {
                    throw new IOException("the definition of widgets is not served");
                }
            }
        }
    }

    private static String widget(String name, String version, int size) {
        String resourceVersion =
                version.isEmpty() ? "" : ",\"resourceVersion\":\"" + version + "\"";
        return "{\"apiVersion\":\"load.kemudi.dev/v1\",\"kind\":\"Widget\",\"metadata\":{\"name\":\""
                + name
                + "\",\"namespace\":\"default\",\"labels\":{\"app\":\"load\"}"
                + resourceVersion
                + "},\"spec\":{\"size\":"
                + size
                + ",\"text\":\""
                + FILLER
                + "\"}}";
    }

    /** The text after {@code "name":"}, or nothing: enough for what an answer must say. */
    private static String member(byte[] json, String name) {
        String text = new String(json, StandardCharsets.ISO_8859_1);
        String before = "\"" + name + "\":\"";
        int at = text.indexOf(before);
        return at < 0
                ? ""
                : text.substring(at + before.length(), text.indexOf('"', at + before.length()));
    }

    private static String status(byte[] answer) {
        return member(answer, "kind").equals("Status") ? member(answer, "status") : "";
    }

    private static byte[] good(byte[] answer) throws IOException {
        if (status(answer).equals("Failure")) {
            throw new IOException(new String(answer, StandardCharsets.UTF_8));
        }
        return answer;
    }

    /** Everybody's results, or the first failure. */
    private static <T> List<T> together(List<Callable<T>> tasks) throws Exception {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<T> results = new ArrayList<>();
            for (Future<T> each : threads.invokeAll(tasks)) {
                results.add(each.get());
            }
            return results;
        } catch (ExecutionException e) {
            throw e.getCause() instanceof Exception cause ? cause : e;
        }
    }

    // ---- create, get, update, delete

    private void crud(int clients) throws Exception {
        crud(clients, seconds, "warm"); // compilers must have seen the work
        double cpu = cpuSeconds();
        long began = System.nanoTime();
        long[] nanos = crud(clients, seconds, "load");
        double took = (System.nanoTime() - began) / 1e9;
        double used = cpuSeconds() - cpu;
        Arrays.sort(nanos);
        double p99 = nanos[(int) (nanos.length * 0.99)] / 1e6;
        if (clients == 1) { // alone, none waits for another: what is slow is the way
            double p50 = nanos[nanos.length / 2] / 1e6;
            row(
                    "one client: p50 of a write",
                    text("%.1f ms (p99 %.1f)", p50, p99),
                    "≤ 20 ms",
                    p50 <= 20);
            return;
        }
        double perCore = nanos.length / used;
        row(
                text(
                        "create, get, update, delete of 2 KB, %d clients: writes a second and core",
                        clients),
                text(
                        "%.0f (%.0f/s, %.0f µs of CPU a write and a third of a get)",
                        perCore, nanos.length / took, used / nanos.length * 1e6),
                "≥ 5,000",
                perCore >= 5_000);
        row(
                "the same: p99 of a write",
                text("%.1f ms (p50 %.1f)", p99, nanos[nanos.length / 2] / 1e6),
                "≤ 20 ms",
                p99 <= 20);
    }

    /** How long each write took. */
    private long[] crud(int clients, int seconds, String prefix) throws Exception {
        long until = System.nanoTime() + seconds * 1_000_000_000L;
        List<Callable<long[]>> tasks = new ArrayList<>();
        for (int i = 0; i < clients; i++) {
            String mine = prefix + "-" + i + "-";
            tasks.add(() -> crudOf(mine, until));
        }
        return together(tasks).stream().flatMapToLong(Arrays::stream).toArray();
    }

    private long[] crudOf(String prefix, long until) throws Exception {
        long[] nanos = new long[1 << 20];
        int count = 0;
        try (ApiConnection connection = open()) {
            for (int n = 0; System.nanoTime() < until && count + 3 <= nanos.length; n++) {
                String path = WIDGETS + "/" + prefix + n;
                long at = System.nanoTime();
                good(connection.call("POST", WIDGETS, utf8(widget(prefix + n, "", n))));
                nanos[count++] = System.nanoTime() - at;
                byte[] got = good(connection.call("GET", path, NOTHING));
                String version = member(got, "resourceVersion");
                at = System.nanoTime();
                good(connection.call("PUT", path, utf8(widget(prefix + n, version, n + 1))));
                nanos[count++] = System.nanoTime() - at;
                at = System.nanoTime();
                good(connection.call("DELETE", path, NOTHING));
                nanos[count++] = System.nanoTime() - at;
            }
        }
        return Arrays.copyOf(nanos, count);
    }

    // ---- watches

    private void watch(int watches) throws Exception {
        String maps = "/api/v1/namespaces/default/configmaps";
        AtomicInteger heard = new AtomicInteger();
        AtomicLong last = new AtomicLong();
        try (ApiConnection writer = open()) {
            String object = "{\"metadata\":{\"name\":\"watched\"},\"data\":{\"k\":\"%s\"}}";
            good(writer.call("POST", maps, utf8(object.formatted("0"))));
            String revision = member(writer.call("GET", maps, NOTHING), "resourceVersion");
            long before = heapBytes();
            List<ApiConnection> connections = new ArrayList<>();
            for (int i = 0; i < watches; i++) {
                if (i % WATCHES_PER_CONNECTION == 0) {
                    ApiConnection connection = open();
                    connections.add(connection);
                    Thread.ofVirtual().start(() -> listen(connection, heard, last));
                }
                connections
                        .getLast()
                        .begin("GET", maps + "?watch=1&resourceVersion=" + revision, NOTHING);
            }
            double[] millis = new double[ROUNDS];
            double cpu = 0;
            long heap = 0;
            for (int round = 0; round <= ROUNDS; round++) {
                heard.set(0);
                double cpuBefore = cpuSeconds();
                long at = System.nanoTime();
                good(writer.call("PUT", maps + "/watched", utf8(object.formatted("r" + round))));
                await(heard, watches);
                if (round == 0) { // which shows that all are open
                    heap = heapBytes() - before;
                } else {
                    millis[round - 1] = (last.get() - at) / 1e6;
                    cpu += cpuSeconds() - cpuBefore;
                }
            }
            Arrays.sort(millis);
            row(
                    text("one object changed, %,d watches: the last one informed", watches),
                    text(
                            "median of %d: %.0f ms, longest %.0f ms; %.1f µs of CPU a watch",
                            ROUNDS,
                            millis[ROUNDS / 2],
                            millis[ROUNDS - 1],
                            cpu / ROUNDS / watches * 1e6),
                    "≤ 100 ms",
                    millis[ROUNDS / 2] <= 100);
            row(
                    "the same: heap an idle watch holds",
                    text("%.1f KB", heap / 1024.0 / watches),
                    "≤ 15 KB",
                    heap / 1024.0 / watches <= 15);
            for (ApiConnection each : connections) {
                each.close();
            }
        }
    }

    private static void listen(ApiConnection connection, AtomicInteger heard, AtomicLong last) {
        try {
            while (true) {
                connection.take((stream, bytes) -> {
                    last.accumulateAndGet(System.nanoTime(), Math::max);
                    heard.incrementAndGet();
                });
            }
        } catch (IOException e) {
            // closed at the end of the line; what was not heard is missed by then
        }
    }

    private static void await(AtomicInteger heard, int count) throws IOException {
        long until = System.nanoTime() + 120_000_000_000L;
        while (heard.get() < count) {
            if (System.nanoTime() > until) {
                throw new IOException(heard.get() + " of " + count + " watches were informed");
            }
            java.util.concurrent.locks.LockSupport.parkNanos(1_000_000);
        }
    }

    // ---- lists and memory

    private void fill(int count, String collection, java.util.function.IntFunction<String> object)
            throws Exception {
        AtomicInteger next = new AtomicInteger();
        List<Callable<Integer>> tasks = new ArrayList<>();
        for (int i = 0; i < WRITERS; i++) {
            tasks.add(() -> {
                try (ApiConnection connection = open()) {
                    for (int n = next.getAndIncrement(); n < count; n = next.getAndIncrement()) {
                        good(connection.call("POST", collection, utf8(object.apply(n))));
                    }
                }
                return 0;
            });
        }
        together(tasks);
    }

    private void pods(int count) throws Exception {
        String pods = "/api/v1/namespaces/default/pods";
        fill(count, pods, POD::formatted);
        try (ApiConnection connection = open()) {
            for (int i = 0; i < ROUNDS; i++) {
                good(connection.call("GET", pods, NOTHING));
            }
            double cpu = cpuSeconds();
            int bytes = 0;
            for (int i = 0; i < ROUNDS; i++) {
                bytes = good(connection.call("GET", pods, NOTHING)).length;
            }
            double millis = (cpuSeconds() - cpu) / ROUNDS * 1_000;
            row(
                    text("list %,d pods, JSON: CPU", count),
                    text("%.0f ms (%.1f MB)", millis, bytes / 1e6),
                    "≤ 60 ms",
                    millis <= 60);
        }
    }

    private void objects(int count) throws Exception {
        long before = heapBytes();
        long began = System.nanoTime();
        fill(count, WIDGETS, n -> widget("object-" + n, "", n));
        double took = (System.nanoTime() - began) / 1e9;
        long heap = heapBytes();
        row(
                text("%,d objects of 2 KB: heap", count),
                text("%,d MB, %,d MB before; written in %.0f s", heap >> 20, before >> 20, took),
                "≤ 600 MB",
                heap >> 20 <= 600);
    }
}
