package dev.kemudi.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;

/**
 * One run of a JSON patch (RFC 6902, pointers by RFC 6901) over a document that it owns. One use,
 * one thread.
 */
final class JsonPatch {
    private final Limits limits;
    private JsonNode document;
    private long copiedNodes;

    JsonPatch(JsonNode ownedDocument, Limits limits) {
        this.document = ownedDocument;
        this.limits = limits;
    }

    JsonNode run(JsonNode patch) {
        if (!patch.isArray()) {
            throw PatchException.malformed(
                    "JSON patch must be an array of operations, found: " + patch.getNodeType());
        }
        if (patch.size() > limits.jsonPatchOpsMax()) {
            throw PatchException.malformed(
                    "The allowed maximum operations in a JSON patch is "
                            + limits.jsonPatchOpsMax()
                            + ", got "
                            + patch.size());
        }
        for (int i = 0; i < patch.size(); i++) {
            operation(patch.get(i), i);
        }
        return document;
    }

    private void operation(JsonNode operation, int index) {
        String name = text(operation, "op", index);
        String path = text(operation, "path", index);
        Step step = new Step(index, name, path);
        switch (name) {
            case "add" -> add(step.pointer(path), value(operation, step).deepCopy(), step);
            case "remove" -> remove(step.pointer(path), step);
            case "replace" -> replace(step.pointer(path), value(operation, step).deepCopy(), step);
            case "test" -> {
                JsonNode found = find(step.pointer(path), step);
                if (!same(found, value(operation, step))) {
                    throw step.unfit(
                            "testing value " + path + " failed: found " + abbreviated(found));
                }
            }
            case "copy" -> {
                JsonNode source = find(step.pointer(text(operation, "from", index)), step);
                copiedNodes += countNodes(source);
                if (copiedNodes > limits.jsonPatchCopiedNodesMax()) {
                    throw step.malformed(
                            "copies more than " + limits.jsonPatchCopiedNodesMax() + " values");
                }
                add(step.pointer(path), source.deepCopy(), step);
            }
            case "move" -> {
                String from = text(operation, "from", index);
                if (path.startsWith(from + "/")) {
                    throw step.unfit("a value cannot be moved into itself");
                }
                List<String> source = step.pointer(from);
                JsonNode moved = find(source, step);
                remove(source, step);
                add(step.pointer(path), moved, step);
            }
            default ->
                    throw step.malformed(
                            "unknown operation; known are add, remove, replace, move, copy, test");
        }
    }

    private static String text(JsonNode operation, String member, int index) {
        JsonNode value = operation.path(member);
        if (!value.isTextual()) {
            throw PatchException.malformed(
                    "JSON patch operation " + index + " needs a string \"" + member + "\"");
        }
        return value.textValue();
    }

    private static JsonNode value(JsonNode operation, Step step) {
        JsonNode value = operation.get("value");
        if (value == null) {
            throw step.malformed("needs a \"value\"");
        }
        return value;
    }

    private JsonNode find(List<String> pointer, Step step) {
        JsonNode node = document;
        for (String token : pointer) {
            JsonNode next = child(node, token, step);
            if (next == null) {
                throw step.unfit("path does not exist: no \"" + token + "\"");
            }
            node = next;
        }
        return node;
    }

    private static @org.jspecify.annotations.Nullable JsonNode child(
            JsonNode node, String token, Step step) {
        if (node instanceof ArrayNode array) {
            return array.get(index(token, array.size() - 1, step));
        }
        return node.get(token);
    }

    private void add(List<String> pointer, JsonNode value, Step step) {
        if (pointer.isEmpty()) {
            document = value;
            return;
        }
        JsonNode parent = find(pointer.subList(0, pointer.size() - 1), step);
        String last = pointer.getLast();
        if (parent instanceof ArrayNode array) {
            array.insert(last.equals("-") ? array.size() : index(last, array.size(), step), value);
        } else if (parent instanceof ObjectNode object) {
            object.set(last, value);
        } else {
            throw step.unfit("parent is neither object nor array");
        }
    }

    private void replace(List<String> pointer, JsonNode value, Step step) {
        find(pointer, step);
        if (pointer.isEmpty()) {
            document = value;
            return;
        }
        JsonNode parent = find(pointer.subList(0, pointer.size() - 1), step);
        if (parent instanceof ArrayNode array) {
            array.set(index(pointer.getLast(), array.size() - 1, step), value);
        } else {
            ((ObjectNode) parent).set(pointer.getLast(), value);
        }
    }

    private void remove(List<String> pointer, Step step) {
        if (pointer.isEmpty()) {
            throw step.unfit("the whole document cannot be removed");
        }
        find(pointer, step);
        JsonNode parent = find(pointer.subList(0, pointer.size() - 1), step);
        if (parent instanceof ArrayNode array) {
            array.remove(index(pointer.getLast(), array.size() - 1, step));
        } else {
            ((ObjectNode) parent).remove(pointer.getLast());
        }
    }

    private static int index(String token, int max, Step step) {
        boolean digits =
                !token.isEmpty()
                        && token.length() <= 9
                        && token.chars().allMatch(c -> c >= '0' && c <= '9')
                        && (token.length() == 1 || token.charAt(0) != '0');
        if (!digits) {
            throw step.unfit("\"" + token + "\" is no array index");
        }
        int index = Integer.parseInt(token);
        if (index > max) {
            throw step.unfit(
                    "index " + index + " is out of bounds, the last one possible is " + max);
        }
        return index;
    }

    /** RFC 6902 §4.6: numbers are equal when their values are. */
    private static boolean same(JsonNode a, JsonNode b) {
        return a.equals(
                (x, y) ->
                        x.isNumber() && y.isNumber()
                                ? x.decimalValue().compareTo(y.decimalValue())
                                : (x.equals(y) ? 0 : 1),
                b);
    }

    private static long countNodes(JsonNode node) {
        long count = 1;
        for (JsonNode child : node) {
            count += countNodes(child);
        }
        return count;
    }

    private static String abbreviated(JsonNode node) {
        String text = node.toString();
        return text.length() <= 80 ? text : text.substring(0, 80) + "…";
    }

    /** The operation at work, for messages. */
    private record Step(int index, String name, String path) {
        List<String> pointer(String text) {
            List<String> tokens = new ArrayList<>();
            if (text.isEmpty()) {
                return tokens;
            }
            if (text.charAt(0) != '/') {
                throw malformed("pointer \"" + text + "\" must start with /");
            }
            for (String token : text.substring(1).split("/", -1)) {
                tokens.add(token.replace("~1", "/").replace("~0", "~"));
            }
            return tokens;
        }

        PatchException unfit(String why) {
            return PatchException.unfit(message(why));
        }

        PatchException malformed(String why) {
            return PatchException.malformed(message(why));
        }

        private String message(String why) {
            return "JSON patch operation %d (%s %s): %s".formatted(index, name, path, why);
        }
    }
}
