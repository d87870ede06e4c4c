package dev.kemudi.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.Json;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Option;

/** The same rows for people and for programs. */
final class StoreOutput {
    enum Form {
        TEXT,
        JSON
    }

    @Option(
            names = {"--output", "-o"},
            paramLabel = "text|json",
            description = "How to print. Default: ${DEFAULT-VALUE}")
    private Form form = Form.TEXT;

    ObjectNode row() {
        return Json.MAPPER.createObjectNode();
    }

    /** Rows of equal fields: a table, or a JSON array. */
    void print(List<ObjectNode> rows, PrintWriter out) {
        if (form == Form.JSON) {
            ArrayNode all = Json.MAPPER.createArrayNode();
            rows.forEach(all::add);
            out.println(all.toPrettyString());
        } else if (!rows.isEmpty()) {
            List<String> columns = new ArrayList<>();
            rows.getFirst().fieldNames().forEachRemaining(columns::add);
            List<List<String>> lines = new ArrayList<>();
            lines.add(columns.stream().map(c -> c.toUpperCase(Locale.ROOT)).toList());
            rows.forEach(row -> lines.add(columns.stream().map(c -> text(row.path(c))).toList()));
            lines.forEach(line -> out.println(aligned(line, lines)));
        }
        out.flush();
    }

    /** One thing: {@code sentence} for people, the fields for programs. */
    void print(ObjectNode fields, String sentence, PrintWriter out) {
        out.println(form == Form.JSON ? fields.toPrettyString() : sentence);
        out.flush();
    }

    private static String text(JsonNode value) {
        String text = value.isArray() ? listed(value) : value.asText();
        return text.isEmpty() ? "-" : text;
    }

    private static String listed(JsonNode array) {
        List<String> parts = new ArrayList<>();
        array.forEach(part -> parts.add(part.asText()));
        return String.join(",", parts);
    }

    private static String aligned(List<String> line, List<List<String>> lines) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < line.size(); i++) {
            int column = i;
            int width = lines.stream().mapToInt(l -> l.get(column).length()).max().orElse(0);
            text.append(i == 0 ? "" : "  ").append(line.get(i));
            text.repeat(' ', i == line.size() - 1 ? 0 : width - line.get(i).length());
        }
        return text.toString();
    }
}
