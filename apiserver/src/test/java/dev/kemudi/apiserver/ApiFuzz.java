package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.Json;
import dev.kemudi.api.Strategy;
import dev.kemudi.cel.ValidationRules;
import dev.kemudi.schema.BuiltinSchemas;
import dev.kemudi.schema.PatchException;
import dev.kemudi.schema.Patches;
import dev.kemudi.schema.ProtobufCodec;
import dev.kemudi.schema.Schema;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Any bytes as what a client of the API may send: the first byte says as what. They are read, or
 * refused with a reason. Run by {@code conformance/fuzz.sh}, which knows the method by its name.
 */
public final class ApiFuzz {
    private static final BuiltinSchemas SCHEMAS = new BuiltinSchemas();
    private static final ProtobufCodec PROTOBUF =
            new ProtobufCodec(SCHEMAS, dev.kemudi.schema.Limits.defaults());
    private static final Schema DEPLOYMENT = SCHEMAS.of("apps/v1", "Deployment").orElseThrow();
    private static final String TARGET =
            """
            {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","labels":{"a":"b"}},
             "spec":{"replicas":2,"selector":{"matchLabels":{"a":"b"}},"template":{"spec":{"containers":[
              {"name":"c","image":"host","ports":[{"containerPort":80,"protocol":"TCP"}],
               "env":[{"name":"A","value":"1"}]}]}}}}
            """;

    /** What the bytes after the first are taken for. */
    private enum Entry {
        JSON,
        YAML,
        PROTOBUF,
        JSON_PATCH,
        MERGE_PATCH,
        STRATEGIC_PATCH,
        LABEL_SELECTOR,
        FIELD_SELECTOR,
        PATH,
        JSON_PATH,
        EXPRESSION,
        SCHEMA,
        CONTINUE,
        SIGNING_REQUEST,
        TOKEN
    }

    private ApiFuzz() {}

    /** One input. */
    public static void fuzzerTestOneInput(byte[] input) {
        if (input.length == 0) {
            return;
        }
        Entry entry = Entry.values()[(input[0] & 0xff) % Entry.values().length];
        byte[] rest = Arrays.copyOfRange(input, 1, input.length);
        try {
            read(entry, rest);
        } catch (ApiException | PatchException | IllegalArgumentException refused) {
            if (String.valueOf(refused.getMessage()).isBlank()) {
                throw new AssertionError(entry + " refused without a reason", refused);
            }
        }
    }

    private static void read(Entry entry, byte[] bytes) {
        String text = new String(bytes, StandardCharsets.UTF_8);
        switch (entry) {
            case JSON -> Bodies.object(bytes, "application/json");
            case YAML -> Bodies.object(bytes, "application/yaml");
            case PROTOBUF -> PROTOBUF.decode(bytes);
            case JSON_PATCH -> Patches.json(target(), Bodies.json(bytes));
            case MERGE_PATCH -> Patches.merge(target(), Bodies.json(bytes));
            case STRATEGIC_PATCH ->
                    Patches.strategic(
                            target(), Bodies.object(bytes, "application/json"), DEPLOYMENT);
            case LABEL_SELECTOR -> Selectors.labels(text);
            case FIELD_SELECTOR -> Selectors.fields(text, Set.of("spec.a"), Strategy.NONE);
            case PATH -> {
                RequestPath.parse(RequestPath.segments(text));
                Params.parse(text).number("limit", 0);
            }
            case JSON_PATH -> new JsonPath(text).find(target());
            case EXPRESSION -> rules(text);
            case SCHEMA -> schema(Bodies.object(bytes, "application/json"));
            case CONTINUE -> ContinueToken.parse(text);
            case SIGNING_REQUEST -> CertificateRequest.parse(text);
            case TOKEN -> Jwt.parse(text, Limits.defaults().headerBytesMax());
        }
    }

    private static ObjectNode target() {
        return Bodies.object(TARGET.getBytes(StandardCharsets.UTF_8), "application/json");
    }

    /** A rule about an object that has it, judged on such an object. */
    private static void rules(String expression) {
        ObjectNode schema =
                Bodies.object(
                        """
                        {"type":"object","properties":{"a":{"type":"string","maxLength":10},
                         "l":{"type":"array","maxItems":5,"items":{"type":"integer"}}}}
                        """
                                .getBytes(StandardCharsets.UTF_8),
                        "application/json");
        schema.putArray("x-kubernetes-validations").addObject().put("rule", expression);
        ObjectNode object = Json.MAPPER.createObjectNode().put("a", "text");
        object.putArray("l").add(1).add(2);
        ValidationRules.compile(schema, "schema", dev.kemudi.cel.Limits.defaults())
                .rules()
                .validate(object, Optional.of(object));
    }

    /** A CustomResourceDefinition's schema, upon an object. */
    private static void schema(JsonNode openApi) {
        Schema schema = SCHEMAS.customResource(openApi);
        ObjectNode object = target();
        schema.applyDefaults(object);
        schema.validate(schema.prune(object));
    }

    /** At least one input of each sort. */
    static List<byte[]> seeds() {
        List<byte[]> seeds = new ArrayList<>();
        for (Entry entry : Entry.values()) {
            for (byte[] sample : samples(entry)) {
                byte[] seed = new byte[sample.length + 1];
                seed[0] = (byte) entry.ordinal();
                System.arraycopy(sample, 0, seed, 1, sample.length);
                seeds.add(seed);
            }
        }
        return seeds;
    }

    private static List<byte[]> samples(Entry entry) {
        return switch (entry) {
            case PROTOBUF -> List.of(PROTOBUF.encode(target()));
            case JSON -> texts(TARGET);
            case YAML ->
                    texts(
                            "apiVersion: v1\nkind: ConfigMap\ndata: {a: &x [1, 2], b: *x, c: |\n  t}\n");
            case JSON_PATCH ->
                    texts(
                            "[{\"op\":\"test\",\"path\":\"/spec/replicas\",\"value\":2},"
                                    + "{\"op\":\"copy\",\"from\":\"/spec\",\"path\":\"/metadata/labels/c\"},"
                                    + "{\"op\":\"move\",\"from\":\"/metadata\",\"path\":\"/m\"}]");
            case MERGE_PATCH -> texts("{\"spec\":{\"replicas\":null,\"paused\":true}}");
            case STRATEGIC_PATCH ->
                    texts(
                            """
                            {"spec":{"template":{"spec":{"containers":[{"name":"c","$patch":"delete"}],
                             "$setElementOrder/containers":[{"name":"d"}]}},
                             "strategy":{"$retainKeys":["type"]}}}
                            """);
            case LABEL_SELECTOR -> texts("a=b,c!=d,e in (f,g),h notin (i),!j,k");
            case FIELD_SELECTOR -> texts("metadata.name=a,spec.a!=b");
            case PATH -> texts("/api/v1/namespaces/a%20b/pods/c/log?limit=5&watch=true");
            case JSON_PATH -> texts(".spec.template.spec.containers[?(@.name==\"c\")].image");
            case EXPRESSION ->
                    texts(
                            "self.a.matches('^(a+)+$') && self.l.all(x, x > 0) || oldSelf.a == self.a",
                            "[1,2].map(x, x * 2).sum() > quantity('1Ki').asInteger() && has(self.a)");
            case SCHEMA ->
                    texts(
                            """
                            {"type":"object","properties":{"spec":{"type":"object","properties":
                             {"replicas":{"type":"integer","maximum":1,"default":3}},"required":["x"]}}}
                            """);
            case CONTINUE -> texts("eyJydiI6MSwic3RhcnQiOiJhIn0=");
            case SIGNING_REQUEST ->
                    texts(
                            """
                            -----BEGIN CERTIFICATE REQUEST-----
                            MAMCAQA=
                            -----END CERTIFICATE REQUEST-----
                            """);
            case TOKEN -> texts("eyJhbGciOiJFUzI1NiIsImtpZCI6ImEifQ.eyJpc3MiOiJhIn0.AAAA");
        };
    }

    private static List<byte[]> texts(String... texts) {
        return Arrays.stream(texts).map(t -> t.getBytes(StandardCharsets.UTF_8)).toList();
    }

    /** Writes the seeds into a folder, from which the fuzzer begins. */
    public static void main(String[] arguments) throws IOException {
        List<byte[]> seeds = seeds();
        for (int i = 0; i < seeds.size(); i++) {
            Files.write(Path.of(arguments[0], "seed-" + i), seeds.get(i));
        }
    }
}
