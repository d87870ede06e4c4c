package dev.kemudi.schema;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.Descriptors.Descriptor;
import dev.kemudi.api.Json;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/*
 * Where the built-in schemas come from
 * ------------------------------------
 * Two published artifacts of one release of the official Java client, both generated from Kubernetes itself:
 *   client-java-api's sources   one class per type: JSON names, types, which are required, and all
 *                               descriptions
 *   client-java-proto           the descriptors, whose packages say which API group a type belongs to
 * and merge-rules.txt, which says what neither knows: how lists and maps merge.
 *
 * The model's source is generated text of one unvarying form, so it is read with patterns; whatever does not
 * fit the form fails the build. Output: one JSON file per definition, so that the running server loads only
 * what it touches, and index.json, which leads from group-version and kind to the definition.
 */
/** A step of this module's own build; the running system never calls it. */
public final class BuiltinSchemaGenerator {
    private static final String MODELS = "io/kubernetes/client/openapi/models/";
    private static final String TEXT = "\"((?:[^\"\\\\]|\\\\.)*+)\"";
    private static final Pattern FIELD =
            Pattern.compile(
                    "public static final String SERIALIZED_NAME_[\\w$]+ = "
                            + TEXT
                            + ";\\s+@SerializedName\\([\\w$]+\\)\\s+"
                            + "@jakarta\\.annotation\\.\\w+\\s+private ([\\w<>, \\[\\]]+?) [\\w$]+(?: = "
                            + ".*)?;");
    private static final Pattern PROPERTY =
            Pattern.compile(
                    "@ApiModelProperty\\((?:example = "
                            + TEXT
                            + ", )?(required = true, )?value = "
                            + TEXT
                            + "\\)");
    private static final Pattern MODEL =
            Pattern.compile("@ApiModel\\(description = " + TEXT + "\\)");
    private static final Pattern GENERIC = Pattern.compile("(List|Map)<(?:String, )?(.+)>");
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private final Map<String, String> definitionByClass = new HashMap<>();
    private final Map<String, String> groupVersionByPackage = new HashMap<>();
    private final Map<String, ObjectNode> definitions = new TreeMap<>();
    private final Map<String, List<String[]>> rules = new HashMap<>();
    private final List<String> unused = new ArrayList<>();

    private BuiltinSchemaGenerator() {}

    /**
     * Writes the schemas of the built-in kinds.
     *
     * @param args the sources archive of client-java-api; the folder to write to
     */
    public static void main(String[] args) throws IOException {
        if (args.length != 2) {
            throw new IllegalArgumentException(
                    "expected two arguments: model sources archive, output folder");
        }
        BuiltinSchemaGenerator generator = new BuiltinSchemaGenerator();
        try (ZipFile sources = new ZipFile(args[0])) {
            generator.readRules();
            generator.nameClasses(sources);
            for (Map.Entry<String, String> e : generator.definitionByClass.entrySet()) {
                ZipEntry entry = sources.getEntry(MODELS + e.getKey() + ".java");
                try (InputStream in = sources.getInputStream(entry)) {
                    String source = new String(in.readAllBytes(), StandardCharsets.UTF_8);
                    generator.definitions.put(
                            e.getValue(), generator.definition(e.getKey(), e.getValue(), source));
                }
            }
        }
        if (!generator.rules.isEmpty()) {
            throw new IllegalStateException(
                    "merge-rules.txt: no such type: " + generator.rules.keySet());
        }
        if (!generator.unused.isEmpty()) {
            throw new IllegalStateException("merge-rules.txt: no such field: " + generator.unused);
        }
        generator.write(Path.of(args[1]));
    }

    private void readRules() throws IOException {
        try (InputStream in = BuiltinSchemaGenerator.class.getResourceAsStream("merge-rules.txt")) {
            if (in == null) {
                throw new IOException("merge-rules.txt is not on the class path");
            }
            new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.isBlank() && !line.startsWith("#"))
                    .map(line -> line.split("\\s+"))
                    .forEach(words ->
                            rules.computeIfAbsent(words[0], t -> new ArrayList<>()).add(words));
        }
    }

    /**
     * Pairs model classes with definition names: V1Pod is io.k8s.api.core.v1.Pod because core's
     * descriptors have a Pod.
     */
    private void nameClasses(ZipFile sources) {
        namePackage("meta.v1", ProtobufTypes.metaFile().getMessageTypes(), "", sources);
        for (String groupVersion : ProtobufTypes.GROUP_VERSIONS) {
            var file = ProtobufTypes.file(groupVersion).orElseThrow();
            namePackage(groupVersion, file.getMessageTypes(), file.getPackage(), sources);
        }
    }

    private void namePackage(
            String groupVersion, List<Descriptor> messages, String proto, ZipFile sources) {
        String protoPackage = messages.getFirst().getFile().getPackage();
        String[] labels = protoPackage.split("\\.");
        String version = labels[labels.length - 1];
        String group = labels[labels.length - 2];
        String openApiPackage =
                protoPackage.replaceFirst("^k8s\\.io\\.", "io.k8s.").replace('_', '-');
        if (!proto.isEmpty()) {
            groupVersionByPackage.put(openApiPackage, groupVersion);
        }
        String versionPrefix = capitalized(version);
        for (Descriptor message : messages) {
            String plain = versionPrefix + message.getName();
            String prefixed = capitalized(group) + plain;
            String className =
                    sources.getEntry(MODELS + prefixed + ".java") != null ? prefixed : plain;
            if (sources.getEntry(MODELS + className + ".java") != null) {
                String definition = openApiPackage + "." + message.getName();
                String before = definitionByClass.putIfAbsent(className, definition);
                // A few meta types have an abandoned namesake in core: the model has only the meta
                // one.
                if (before != null && !before.contains(".meta.")) {
                    throw new IllegalStateException(
                            className + " is both " + before + " and " + definition);
                }
            }
        }
    }

    private ObjectNode definition(String className, String name, String source) {
        ObjectNode definition = NODES.objectNode();
        Matcher model = MODEL.matcher(source);
        if (model.find()) {
            definition.put("description", unescaped(model.group(1)));
        }
        definition.put("type", "object");
        Matcher field = FIELD.matcher(source);
        Matcher property = PROPERTY.matcher(source);
        ObjectNode properties = NODES.objectNode();
        List<String> required = new ArrayList<>();
        while (field.find()) {
            if (!property.find()) {
                throw new IllegalStateException(
                        className + ": no @ApiModelProperty for field " + field.group(1));
            }
            ObjectNode schema = type(field.group(2), className);
            String description = unescaped(property.group(3));
            if (!description.isEmpty()) {
                schema.put("description", description);
            }
            String jsonName = unescaped(field.group(1));
            properties.set(jsonName, schema);
            if (property.group(2) != null) {
                required.add(jsonName);
            }
        }
        if (property.find() || (properties.isEmpty() && source.contains("@SerializedName"))) {
            throw new IllegalStateException(
                    className + ": the model's source has another form than expected");
        }
        if (!properties.isEmpty()) {
            definition.set("properties", properties);
        }
        if (!required.isEmpty()) {
            required.stream().sorted().forEach(definition.withArray("required")::add);
        }
        applyRules(name, definition);
        groupVersionKind(name, definition);
        return definition;
    }

    private void groupVersionKind(String name, ObjectNode definition) {
        int dot = name.lastIndexOf('.');
        String kind = name.substring(dot + 1);
        JsonNode properties = definition.path("properties");
        boolean hasType = properties.has("apiVersion") && properties.has("kind");
        String groupVersion = groupVersionByPackage.getOrDefault(name.substring(0, dot), "v1");
        if (hasType && (properties.has("metadata") || kind.equals("DeleteOptions"))) {
            int slash = groupVersion.indexOf('/');
            definition
                    .putArray("x-kubernetes-group-version-kind")
                    .addObject()
                    .put("group", slash < 0 ? "" : groupVersion.substring(0, slash))
                    .put("kind", kind)
                    .put("version", groupVersion.substring(slash + 1));
        }
    }

    private ObjectNode type(String javaType, String className) {
        ObjectNode schema = NODES.objectNode();
        Matcher generic = GENERIC.matcher(javaType);
        if (generic.matches()) {
            boolean list = generic.group(1).equals("List");
            schema.put("type", list ? "array" : "object");
            schema.set(list ? "items" : "additionalProperties", type(generic.group(2), className));
            return schema;
        }
        return switch (javaType) {
            case "String" -> schema.put("type", "string");
            case "Boolean" -> schema.put("type", "boolean");
            case "Integer" -> schema.put("type", "integer").put("format", "int32");
            case "Long" -> schema.put("type", "integer").put("format", "int64");
            case "Double" -> schema.put("type", "number").put("format", "double");
            case "OffsetDateTime" -> schema.put("type", "string").put("format", "date-time");
            case "byte[]" -> schema.put("type", "string").put("format", "byte");
            case "IntOrString" -> reference(schema, BuiltinSchemas.INT_OR_STRING);
            case "Quantity" -> reference(schema, BuiltinSchemas.QUANTITY);
            case "Object" -> schema;
            default -> {
                String definition = definitionByClass.get(javaType);
                if (definition == null) {
                    throw new IllegalStateException(
                            className + " refers to " + javaType + ", which has no definition");
                }
                yield reference(schema, definition);
            }
        };
    }

    private static ObjectNode reference(ObjectNode schema, String definition) {
        return schema.put("$ref", "#/components/schemas/" + definition);
    }

    private void applyRules(String name, ObjectNode definition) {
        String[] labels = name.split("\\.");
        int n = labels.length;
        List<String[]> own =
                rules.remove(labels[n - 3] + "." + labels[n - 2] + "." + labels[n - 1]);
        if (own == null) {
            return;
        }
        for (String[] words : own) {
            boolean ofType = words[1].contains("=");
            JsonNode target = ofType ? definition : definition.path("properties").path(words[1]);
            if (!(target instanceof ObjectNode schema)) {
                unused.add(words[0] + " " + words[1]);
                continue;
            }
            for (int i = ofType ? 1 : 2; i < words.length; i++) {
                applyRule(schema, words[i]);
            }
        }
    }

    private static void applyRule(ObjectNode schema, String rule) {
        int equals = rule.indexOf('=');
        String[] value = rule.substring(equals + 1).split(":", 2);
        switch (rule.substring(0, equals)) {
            case "list" -> {
                schema.put("x-kubernetes-list-type", value[0]);
                if (value.length > 1) {
                    List.of(value[1].split(","))
                            .forEach(schema.withArray("x-kubernetes-list-map-keys")::add);
                }
            }
            case "map" -> schema.put("x-kubernetes-map-type", value[0]);
            case "patch" -> {
                schema.put("x-kubernetes-patch-strategy", value[0]);
                if (value.length > 1) {
                    schema.put("x-kubernetes-patch-merge-key", value[1]);
                }
            }
            case "default" -> schema.set("default", parsed(rule.substring(equals + 1)));
            default -> throw new IllegalStateException("merge-rules.txt: unknown rule " + rule);
        }
    }

    private static JsonNode parsed(String json) {
        try {
            return Json.MAPPER.readTree(json);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("merge-rules.txt: not JSON: " + json, e);
        }
    }

    private void write(Path folder) throws IOException {
        Files.createDirectories(folder);
        scalarDefinitions();
        ObjectNode index = NODES.objectNode();
        for (Map.Entry<String, ObjectNode> e : definitions.entrySet()) {
            Files.write(
                    folder.resolve(e.getKey() + ".json"),
                    Json.MAPPER.writeValueAsBytes(e.getValue()));
            JsonNode kind = e.getValue().path("x-kubernetes-group-version-kind").path(0);
            if (kind.isObject()) {
                String group = kind.path("group").asText();
                String version = kind.path("version").asText();
                index.withObjectProperty(group.isEmpty() ? version : group + "/" + version)
                        .put(kind.path("kind").asText(), e.getKey());
            }
        }
        Files.write(folder.resolve("index.json"), Json.MAPPER.writeValueAsBytes(index));
    }

    private void scalarDefinitions() {
        ObjectNode intOrString = NODES.objectNode().put("format", "int-or-string");
        intOrString.put(
                "description",
                "IntOrString holds an int32 or a string: a number, or a name or percentage such as \"10%\".");
        intOrString
                .putArray("oneOf")
                .add(NODES.objectNode().put("type", "integer"))
                .add(NODES.objectNode().put("type", "string"));
        definitions.put(BuiltinSchemas.INT_OR_STRING, intOrString);
        ObjectNode quantity = NODES.objectNode();
        quantity.put(
                "description",
                "Quantity is a fixed-point number with an optional suffix: decimal (m, k, M, G, T, P, E),"
                        + " binary (Ki, Mi, "
                        + "Gi, Ti, Pi, Ei) or an exponent, such as \"500m\", \"1.5\" or \"128Mi\".");
        quantity.putArray("oneOf")
                .add(NODES.objectNode().put("type", "string"))
                .add(NODES.objectNode().put("type", "number"));
        definitions.put(BuiltinSchemas.QUANTITY, quantity);
    }

    private static String capitalized(String word) {
        return Character.toUpperCase(word.charAt(0)) + word.substring(1);
    }

    private static String unescaped(String literal) {
        return literal.translateEscapes();
    }
}
