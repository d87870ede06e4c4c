package dev.kemudi.etcd;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * Any bytes as the body of a request to any path of the JSON gateway: answered in time, and never
 * as a bug. The first byte chooses the path. Run by {@code conformance/fuzz.sh}, which knows the
 * method by its name.
 */
public final class JsonFuzz {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    /** These may go on without end, by contract. */
    private static final List<String> WAITING =
            List.of("watch", "lock/lock", "campaign", "observe");

    private static final List<String> PATHS =
            JsonPaths.all().keySet().stream()
                    .filter(path -> WAITING.stream().noneMatch(path::endsWith))
                    .toList();
    private static final HttpClient CLIENT =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private JsonFuzz() {}

    /** One input. */
    public static void fuzzerTestOneInput(byte[] input) throws IOException, InterruptedException {
        if (input.length == 0) {
            return;
        }
        String path = PATHS.get((input[0] & 0xff) % PATHS.size());
        byte[] body = Arrays.copyOfRange(input, 1, input.length);
        URI uri = FuzzedServer.RUNNING.url(path);
        HttpResponse<String> answer =
                CLIENT.send(
                        HttpRequest.newBuilder(uri)
                                .timeout(PATIENCE)
                                .POST(HttpRequest.BodyPublishers.ofByteArray(body))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
        // etcd itself tells a few refusals as UNKNOWN, with a text; a bug has none or gRPC's own.
        String said = answer.body();
        if (bug(said) || answer.statusCode() < 200) {
            throw new AssertionError(
                    path
                            + " answered "
                            + answer.statusCode()
                            + " "
                            + said
                            + " to: "
                            + new String(body, StandardCharsets.UTF_8));
        }
        FuzzedServer.check();
    }

    /** Read, not searched: what is wrong with a request repeats parts of it. */
    private static boolean bug(String said) {
        JsonElement answer = JsonParser.parseString(said.lines().findFirst().orElse("{}"));
        if (!(answer instanceof JsonObject object) || !object.has("error")) {
            return false;
        }
        String error =
                object.get("error").isJsonPrimitive() ? object.get("error").getAsString() : said;
        boolean internal = object.has("code") && object.get("code").getAsInt() == 13;
        return internal || error.isEmpty() || error.equals("Application error processing RPC");
    }

    /** A request to each path. */
    static List<byte[]> seeds() {
        return Stream.iterate(0, i -> i < PATHS.size(), i -> i + 1)
                .map(i -> (char) (int) i + body(PATHS.get(i)))
                .map(text -> text.getBytes(StandardCharsets.ISO_8859_1))
                .toList();
    }

    private static String body(String path) {
        if (path.endsWith("txn")) {
            return """
            {"compare":[{"key":"YQ==","result":"EQUAL","target":"VALUE","value":"YQ=="}],\
            "success":[{"requestPut":{"key":"YQ==","value":"Yg=="}}],\
            "failure":[{"request_range":{"key":"AA==","range_end":"AA=="}}]}\
            """;
        }
        return """
        {"key":"YQ==","range_end":"AA==","value":"Yg==","lease":"7","ID":"7","TTL":"60",\
        "limit":"3","revision":"1","name":"root","password":"x"}\
        """;
    }

    /** Writes the seeds into a folder, from which the fuzzer begins. */
    public static void main(String[] arguments) throws IOException {
        List<byte[]> seeds = seeds();
        for (int i = 0; i < seeds.size(); i++) {
            Files.write(Path.of(arguments[0], "seed-" + i), seeds.get(i));
        }
    }
}
