package dev.kemudi.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;
import org.snakeyaml.engine.v2.schema.CoreSchema;
import org.snakeyaml.engine.v2.schema.Schema;

/**
 * Reads manifest files (YAML or JSON, many documents each) and remembers on which line each field
 * stands.
 */
final class Manifests {
    /** A manifest is written by people; larger files are accidents. */
    static final int FILE_BYTES_MAX = 16 << 20;

    /** Objects of people stay below 20 levels. */
    static final int DEPTH_MAX = 64;

    /** Aliases in a document: hand-written anchors are few. */
    static final int ALIASES_MAX = 50;

    /** Fields of a document with its aliases written out, which stops the "billion laughs". */
    static final int FIELDS_MAX = 1_000_000;

    private Manifests() {}

    /**
     * Reads every given file, and every {@code .yaml}, {@code .yml} and {@code .json} file directly
     * in every given folder.
     *
     * @throws UsageException naming file, line and what is wrong
     */
    static List<Manifest> read(List<Path> paths) {
        List<Manifest> manifests = new ArrayList<>();
        for (Path path : paths) {
            for (Path file : files(path)) {
                manifests.addAll(readFile(file));
            }
        }
        return manifests;
    }

    private static List<Path> files(Path path) {
        if (Files.isRegularFile(path)) {
            return List.of(path);
        }
        if (!Files.isDirectory(path)) {
            throw new UsageException("%s: no such file or folder".formatted(path));
        }
        try (Stream<Path> listing = Files.list(path)) {
            List<Path> files = listing.filter(Manifests::isManifest).sorted().toList();
            if (files.isEmpty()) {
                throw new UsageException(
                        "%s: no .yaml, .yml or .json file in this folder".formatted(path));
            }
            return files;
        } catch (IOException e) {
            throw new UsageException("%s: cannot be listed: %s".formatted(path, e), e);
        }
    }

    private static boolean isManifest(Path file) {
        String name = file.getFileName().toString();
        return Files.isRegularFile(file)
                && (name.endsWith(".yaml") || name.endsWith(".yml") || name.endsWith(".json"));
    }

    private static List<Manifest> readFile(Path file) {
        LoadSettings settings =
                LoadSettings.builder()
                        .setLabel(file.toString())
                        .setSchema(new CoreSchema())
                        .setAllowDuplicateKeys(false)
                        .setMaxAliasesForCollections(ALIASES_MAX)
                        .setCodePointLimit(FILE_BYTES_MAX)
                        .build();
        try {
            List<Manifest> manifests = new ArrayList<>();
            String text = Files.readString(file);
            checkDepth(file, settings, text);
            for (Node root : new Compose(settings).composeAllFromString(text)) {
                if (!isEmptyDocument(root)) {
                    manifests.addAll(document(file, root));
                }
            }
            return manifests;
        } catch (MarkedYamlEngineException e) {
            int line = e.getProblemMark().map(Mark::getLine).orElse(0) + 1;
            throw new UsageException(
                    "%s:%d: not valid YAML: %s".formatted(file, line, e.getProblem()), e);
        } catch (YamlEngineException e) {
            throw new UsageException("%s:1: not valid YAML: %s".formatted(file, e.getMessage()), e);
        } catch (MalformedInputException e) {
            throw new UsageException("%s: not UTF-8 text".formatted(file), e);
        } catch (IOException e) {
            throw new UsageException("%s: cannot be read: %s".formatted(file, e), e);
        }
    }

    /** Before anything recurses into the document: the reader of nodes would run out of stack. */
    private static void checkDepth(Path file, LoadSettings settings, String text) {
        int depth = 0;
        for (Event event : new Parse(settings).parseString(text)) {
            switch (event.getEventId()) {
                case MappingStart, SequenceStart -> depth++;
                case MappingEnd, SequenceEnd -> depth--;
                default -> {}
            }
            if (depth > DEPTH_MAX) {
                int line = event.getStartMark().map(Mark::getLine).orElse(0) + 1;
                throw new UsageException(
                        "%s:%d: nested deeper than %d levels".formatted(file, line, DEPTH_MAX));
            }
        }
    }

    private static boolean isEmptyDocument(Node root) {
        return root instanceof ScalarNode scalar && scalar.getTag().equals(Tag.NULL);
    }

    private static List<Manifest> document(Path file, Node root) {
        if (!(root instanceof MappingNode)) {
            throw new UsageException(
                    "%s:%d: expected an object with apiVersion and kind"
                            .formatted(file, line(root)));
        }
        Map<String, Integer> lines = new HashMap<>();
        ObjectNode tree = (ObjectNode) new Trees(file, lines).convert(root, "");
        if (tree.path("kind").asText().equals("List") && tree.path("items").isArray()) {
            return items(file, root, tree, lines);
        }
        return List.of(manifest(file, line(root), tree, lines));
    }

    private static List<Manifest> items(
            Path file, Node root, ObjectNode list, Map<String, Integer> lines) {
        List<Manifest> manifests = new ArrayList<>();
        for (int i = 0; i < list.path("items").size(); i++) {
            String prefix = "items[" + i + "]";
            Map<String, Integer> own = new HashMap<>();
            lines.forEach((path, line) -> {
                if (path.startsWith(prefix + ".")) {
                    own.put(path.substring(prefix.length() + 1), line);
                }
            });
            int line = lines.getOrDefault(prefix, line(root));
            if (!(list.path("items").get(i) instanceof ObjectNode item)) {
                throw new UsageException(
                        "%s:%d: expected an object with apiVersion and kind".formatted(file, line));
            }
            manifests.add(manifest(file, line, item, own));
        }
        return manifests;
    }

    private static Manifest manifest(
            Path file, int line, ObjectNode tree, Map<String, Integer> lines) {
        for (String field : List.of("apiVersion", "kind")) {
            if (!tree.path(field).isTextual()) {
                throw new UsageException(
                        "%s:%d: field %s is missing; every document needs one"
                                .formatted(file, line, field));
            }
        }
        if (tree.path("metadata").path("name").asText().isEmpty()) {
            throw new UsageException("%s:%d: field metadata.name is missing".formatted(file, line));
        }
        return new Manifest(file, line, ApiObject.of(tree), lines);
    }

    private static int line(Node node) {
        return node.getStartMark().map(Mark::getLine).orElse(0) + 1;
    }

    /**
     * YAML nodes to JSON trees, noting lines on the way. Aliases become copies; cycles are refused
     * by depth.
     */
    private record Trees(Path file, Map<String, Integer> lines) {
        private static final Schema SCALARS = new CoreSchema();

        JsonNode convert(Node node, String path) {
            return convert(node, path, 0);
        }

        private JsonNode convert(Node node, String path, int depth) {
            if (depth > DEPTH_MAX) {
                throw new UsageException(
                        "%s:%d: nested deeper than %d levels"
                                .formatted(file, line(node), DEPTH_MAX));
            }
            if (lines.size() > FIELDS_MAX) {
                throw new UsageException(
                        "%s:%d: aliases stand for more than %d fields"
                                .formatted(file, line(node), FIELDS_MAX));
            }
            return switch (node) {
                case MappingNode mapping -> object(mapping, path, depth);
                case SequenceNode sequence -> array(sequence, path, depth);
                case ScalarNode scalar -> scalar(scalar);
                default ->
                        throw new UsageException(
                                "%s:%d: unexpected YAML construct".formatted(file, line(node)));
            };
        }

        private ObjectNode object(MappingNode mapping, String path, int depth) {
            ObjectNode object = JsonNodeFactory.instance.objectNode();
            for (NodeTuple member : mapping.getValue()) {
                if (!(member.getKeyNode() instanceof ScalarNode key)) {
                    throw new UsageException(
                            "%s:%d: a field's name must be text".formatted(file, line(mapping)));
                }
                String child = path.isEmpty() ? key.getValue() : path + "." + key.getValue();
                lines.put(child, line(key));
                if (object.has(key.getValue())) {
                    throw new UsageException(
                            "%s:%d: field %s is given twice; keep one"
                                    .formatted(file, line(key), child));
                }
                object.set(key.getValue(), convert(member.getValueNode(), child, depth + 1));
            }
            return object;
        }

        private ArrayNode array(SequenceNode sequence, String path, int depth) {
            ArrayNode array = JsonNodeFactory.instance.arrayNode();
            for (Node item : sequence.getValue()) {
                String child = path + "[" + array.size() + "]";
                lines.put(child, line(item));
                array.add(convert(item, child, depth + 1));
            }
            return array;
        }

        private JsonNode scalar(ScalarNode scalar) {
            JsonNodeFactory nodes = JsonNodeFactory.instance;
            String text = scalar.getValue();
            Object value =
                    SCALARS.getSchemaTagConstructors()
                            .getOrDefault(scalar.getTag(), n -> text)
                            .construct(scalar);
            return switch (value) {
                case null -> nodes.nullNode();
                case Boolean bool -> nodes.booleanNode(bool);
                case Integer number -> nodes.numberNode(number.longValue());
                case Long number -> nodes.numberNode(number);
                case java.math.BigInteger number -> nodes.numberNode(number);
                case Double number -> nodes.numberNode(number);
                default -> nodes.textNode(text);
            };
        }
    }
}
