package dev.kemudi.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/**
 * OpenAPI v3 JSON to v2. What v2 cannot say (oneOf, anyOf, not, nullable) is left out, as
 * Kubernetes leaves it out.
 */
final class OpenApiV2 {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final List<String> INEXPRESSIBLE =
            List.of("oneOf", "anyOf", "not", "nullable", "allOf");
    private static final String PRESERVE = "x-kubernetes-preserve-unknown-fields";

    private OpenApiV2() {}

    static ObjectNode definition(String name, JsonNode v3) {
        ObjectNode definition = schema(v3);
        if (name.equals(BuiltinSchemas.QUANTITY) || name.equals(BuiltinSchemas.INT_OR_STRING)) {
            definition.put("type", "string");
        }
        return definition;
    }

    private static ObjectNode schema(JsonNode v3) {
        ObjectNode v2 = NODES.objectNode();
        v3.properties()
                .forEach(e -> {
                    String keyword = e.getKey();
                    if (keyword.equals("properties")) {
                        ObjectNode properties = v2.putObject(keyword);
                        e.getValue()
                                .properties()
                                .forEach(p -> properties.set(p.getKey(), schema(p.getValue())));
                    } else if (e.getValue().isObject()
                            && (keyword.equals("items")
                                    || keyword.equals("additionalProperties"))) {
                        v2.set(keyword, schema(e.getValue()));
                    } else if (keyword.equals("$ref")) {
                        v2.put("$ref", reference(e.getValue()));
                    } else if (!INEXPRESSIBLE.contains(keyword)) {
                        v2.set(keyword, e.getValue());
                    }
                });
        JsonNode allOf = v3.path("allOf");
        if (allOf.size() == 1 && allOf.get(0).has("$ref")) {
            v2.put("$ref", reference(allOf.get(0).get("$ref")));
        }
        if (v3.path(PRESERVE).asBoolean(false)) {
            v2.remove(List.of("properties", "items", "additionalProperties", "required"));
        }
        return v2;
    }

    private static String reference(JsonNode v3) {
        return v3.asText().replace("#/components/schemas/", "#/definitions/");
    }

    static ObjectNode path(JsonNode v3) {
        ObjectNode path = NODES.objectNode();
        v3.properties()
                .forEach(e -> {
                    if (e.getKey().equals("parameters")) {
                        ArrayNode parameters = path.putArray("parameters");
                        e.getValue().forEach(p -> parameters.add(parameter(p)));
                    } else {
                        path.set(e.getKey(), operation(e.getValue()));
                    }
                });
        return path;
    }

    private static ObjectNode operation(JsonNode v3) {
        ObjectNode operation = NODES.objectNode();
        JsonNode body = v3.at("/requestBody/content");
        ArrayNode parameters = NODES.arrayNode();
        if (body.isObject()) {
            ArrayNode consumes = operation.putArray("consumes");
            body.fieldNames().forEachRemaining(consumes::add);
            ObjectNode parameter =
                    parameters
                            .addObject()
                            .put("in", "body")
                            .put("name", "body")
                            .put("required", true);
            parameter.set("schema", schema(body.iterator().next().path("schema")));
        }
        operation.putArray("produces").add("application/json");
        v3.path("parameters").forEach(p -> parameters.add(parameter(p)));
        if (!parameters.isEmpty()) {
            operation.set("parameters", parameters);
        }
        ObjectNode responses = operation.putObject("responses");
        v3.path("responses")
                .properties()
                .forEach(e -> {
                    ObjectNode response = responses.putObject(e.getKey());
                    response.put("description", e.getValue().path("description").asText());
                    response.set(
                            "schema", schema(e.getValue().at("/content/application~1json/schema")));
                });
        v3.properties()
                .forEach(e -> {
                    if (e.getKey().startsWith("x-")) {
                        operation.set(e.getKey(), e.getValue());
                    }
                });
        return operation;
    }

    private static ObjectNode parameter(JsonNode v3) {
        ObjectNode parameter = NODES.objectNode();
        v3.properties()
                .forEach(e -> {
                    if (!e.getKey().equals("schema")) {
                        parameter.set(e.getKey(), e.getValue());
                    }
                });
        v3.path("schema").properties().forEach(e -> parameter.set(e.getKey(), e.getValue()));
        return parameter;
    }
}
