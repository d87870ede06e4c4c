package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/**
 * The JSONPath that printer columns and selectable fields use: {@code .a.b}, {@code ['a']}, {@code
 * [0]}, {@code [*]} and {@code [?(@.type=="Ready")]}. Compiled once; safe for use by many threads.
 */
final class JsonPath {
    private static final int STEPS_MAX = 64;

    private sealed interface Step {
        record Member(String name) implements Step {}

        record Index(int index) implements Step {}

        record All() implements Step {}

        record Where(List<Step> path, boolean equal, String value) implements Step {}
    }

    private final String text;
    private int at;
    private final List<Step> steps;

    /**
     * @throws IllegalArgumentException saying where it cannot be read
     */
    JsonPath(String path) {
        String trimmed =
                path.startsWith("{") && path.endsWith("}")
                        ? path.substring(1, path.length() - 1)
                        : path;
        text = trimmed.startsWith("$") ? trimmed.substring(1) : trimmed;
        steps = parse();
        if (at < text.length()) {
            throw bad("an end");
        }
    }

    private List<Step> parse() {
        List<Step> parsed = new ArrayList<>();
        while (at < text.length()) {
            char c = text.charAt(at);
            if (c == '.') {
                at++;
                parsed.add(new Step.Member(name()));
            } else if (c == '[') {
                at++;
                parsed.add(bracket());
            } else {
                break;
            }
            if (parsed.size() > STEPS_MAX) {
                throw bad("at most " + STEPS_MAX + " steps");
            }
        }
        return parsed;
    }

    private String name() {
        StringBuilder name = new StringBuilder();
        while (at < text.length() && ".[]=!) ".indexOf(text.charAt(at)) < 0) {
            if (text.charAt(at) == '\\' && at + 1 < text.length()) {
                at++;
            }
            name.append(text.charAt(at++));
        }
        if (name.isEmpty()) {
            throw bad("a field name");
        }
        return name.toString();
    }

    private Step bracket() {
        Step step;
        if (text.startsWith("?(@", at)) {
            at += 3;
            step = where();
        } else if (text.startsWith("*", at)) {
            at++;
            step = new Step.All();
        } else if (at < text.length() && (text.charAt(at) == '\'' || text.charAt(at) == '"')) {
            step = new Step.Member(quoted());
        } else {
            int end = text.indexOf(']', at);
            try {
                step = new Step.Index(Integer.parseInt(end < 0 ? "" : text.substring(at, end)));
            } catch (NumberFormatException e) {
                throw bad("an index");
            }
            at = end;
        }
        expect("]");
        return step;
    }

    private Step where() {
        List<Step> path = parse();
        skipBlanks();
        boolean equal = text.startsWith("==", at);
        if (!equal && !text.startsWith("!=", at)) {
            throw bad("== or !=");
        }
        at += 2;
        skipBlanks();
        String value =
                at < text.length() && (text.charAt(at) == '\'' || text.charAt(at) == '"')
                        ? quoted()
                        : name();
        skipBlanks();
        expect(")");
        return new Step.Where(path, equal, value);
    }

    private void skipBlanks() {
        while (at < text.length() && text.charAt(at) == ' ') {
            at++;
        }
    }

    private String quoted() {
        char quote = text.charAt(at);
        int end = text.indexOf(quote, at + 1);
        if (end < 0) {
            throw bad("a closing quote");
        }
        String value = text.substring(at + 1, end);
        at = end + 1;
        return value;
    }

    private void expect(String token) {
        if (!text.startsWith(token, at)) {
            throw bad("'" + token + "'");
        }
        at += token.length();
    }

    private IllegalArgumentException bad(String expected) {
        return new IllegalArgumentException(
                "expected "
                        + expected
                        + " at position "
                        + at
                        + " of the JSON path \""
                        + text
                        + "\"");
    }

    /** Everything the path reaches, in document order. */
    List<JsonNode> find(JsonNode root) {
        return find(root, steps);
    }

    private static List<JsonNode> find(JsonNode root, List<Step> steps) {
        List<JsonNode> found = List.of(root);
        for (Step step : steps) {
            List<JsonNode> next = new ArrayList<>();
            for (JsonNode node : found) {
                step(node, step, next);
            }
            found = next;
        }
        return found;
    }

    private static void step(JsonNode node, Step step, List<JsonNode> next) {
        switch (step) {
            case Step.Member member -> addPresent(node.path(member.name()), next);
            case Step.Index index ->
                    addPresent(
                            node.path(
                                    index.index() < 0
                                            ? node.size() + index.index()
                                            : index.index()),
                            next);
            case Step.All all -> node.forEach(next::add);
            case Step.Where where ->
                    node.forEach(item -> {
                        List<JsonNode> values = find(item, where.path());
                        boolean is =
                                !values.isEmpty()
                                        && values.getFirst().asText().equals(where.value());
                        if (is == where.equal()) {
                            next.add(item);
                        }
                    });
        }
    }

    private static void addPresent(JsonNode node, List<JsonNode> next) {
        if (!node.isMissingNode() && !node.isNull()) {
            next.add(node);
        }
    }
}
