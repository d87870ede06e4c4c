package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.admission.ObjectConversion;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Resource;
import dev.kemudi.api.ResourceDefinition;
import dev.kemudi.api.ResourceDefinition.Column;
import dev.kemudi.api.ResourceDefinition.Scale;
import dev.kemudi.api.Strategy;
import dev.kemudi.cel.ValidationRules;
import dev.kemudi.schema.BuiltinSchemas;
import dev.kemudi.schema.Schema;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/** Makes served kinds out of a CustomResourceDefinition: one for each served version. */
final class CustomKinds {
    private final Supplier<BuiltinSchemas> schemas;
    private final Function<JsonNode, ObjectConversion> conversions;

    /**
     * @param conversions from a webhook's clientConfig
     */
    CustomKinds(
            Supplier<BuiltinSchemas> schemas, Function<JsonNode, ObjectConversion> conversions) {
        this.schemas = schemas;
        this.conversions = conversions;
    }

    List<Kind> of(ApiObject crd, WatchCache cache) {
        JsonNode spec = crd.at("/spec");
        String group = spec.path("group").asText();
        String storage = "";
        for (JsonNode version : spec.path("versions")) {
            if (version.path("storage").asBoolean()) {
                storage = group + "/" + version.path("name").asText();
            }
        }
        Optional<ObjectConversion> conversion = conversion(spec.path("conversion"));
        List<Kind> kinds = new ArrayList<>();
        for (JsonNode version : spec.path("versions")) {
            if (version.path("served").asBoolean()) {
                JsonNode schema = version.path("schema").path("openAPIV3Schema");
                Supplier<Schema> lazy = Lazy.of(() -> schemas.get().customResource(schema));
                kinds.add(
                        new Kind(
                                definition(spec, version),
                                new Rules(lazy, true, schema, expressions(schema)),
                                cache,
                                spec.path("names").path("listKind").asText(),
                                storage,
                                true,
                                conversion));
            }
        }
        return kinds;
    }

    private Optional<ObjectConversion> conversion(JsonNode declared) {
        return declared.path("strategy").asText("").equals("Webhook")
                ? Optional.of(conversions.apply(declared.path("webhook").path("clientConfig")))
                : Optional.empty();
    }

    private static Optional<Supplier<ValidationRules>> expressions(JsonNode schema) {
        return ValidationRules.anyIn(schema)
                ? Optional.of(
                        Lazy.of(() ->
                                ValidationRules.compile(
                                                schema, "", dev.kemudi.cel.Limits.defaults())
                                        .rules()))
                : Optional.empty();
    }

    private static ResourceDefinition definition(JsonNode spec, JsonNode version) {
        JsonNode names = spec.path("names");
        Resource resource =
                new Resource(
                        spec.path("group").asText(),
                        version.path("name").asText(),
                        names.path("plural").asText(),
                        names.path("kind").asText(),
                        spec.path("scope").asText().equals("Namespaced"));
        JsonNode subresources = version.path("subresources");
        return new ResourceDefinition(
                resource,
                names.path("singular").asText(),
                texts(names.path("shortNames")),
                texts(names.path("categories")),
                subresources.has("status"),
                subresources.has("scale")
                        ? Optional.of(scale(subresources.path("scale")))
                        : Optional.empty(),
                columns(version.path("additionalPrinterColumns")),
                new SelectableFields(selectable(version.path("selectableFields"))));
    }

    private static List<String> texts(JsonNode array) {
        List<String> texts = new ArrayList<>();
        array.forEach(t -> texts.add(t.asText()));
        return texts;
    }

    private static Scale scale(JsonNode scale) {
        return new Scale(
                pointer(scale.path("specReplicasPath").asText()),
                pointer(scale.path("statusReplicasPath").asText()),
                pointer(scale.path("labelSelectorPath").asText("")));
    }

    private static String pointer(String path) {
        return path.replace('.', '/');
    }

    private static List<Column> columns(JsonNode declared) {
        if (declared.isEmpty()) {
            return List.of(
                    new Column(
                            "Age",
                            "date",
                            "",
                            "CreationTimestamp is when this object was created.",
                            0,
                            (object, now) ->
                                    Ages.since(object.text("/metadata/creationTimestamp"), now)));
        }
        List<Column> columns = new ArrayList<>();
        for (JsonNode column : declared) {
            JsonPath path = new JsonPath(column.path("jsonPath").asText());
            String type = column.path("type").asText();
            columns.add(
                    new Column(
                            column.path("name").asText(),
                            type,
                            column.path("format").asText(""),
                            column.path("description").asText(""),
                            column.path("priority").asInt(0),
                            (object, now) -> cell(path.find(object.tree()), type, now)));
        }
        return columns;
    }

    private static Object cell(List<JsonNode> values, String type, Instant now) {
        if (values.isEmpty()) {
            return type.equals("date") ? "<unknown>" : "";
        }
        JsonNode value = values.getFirst();
        return switch (type) {
            case "integer" -> value.isIntegralNumber() ? value.asLong() : value.asText();
            case "number" -> value.isNumber() ? value.asDouble() : value.asText();
            case "boolean" -> value.isBoolean() ? value.asBoolean() : value.asText();
            case "date" -> Ages.since(value.asText(), now);
            default -> {
                List<String> all = new ArrayList<>();
                values.forEach(v -> all.add(v.isValueNode() ? v.asText() : v.toString()));
                yield String.join(",", all);
            }
        };
    }

    private static Map<String, JsonPath> selectable(JsonNode declared) {
        Map<String, JsonPath> fields = new LinkedHashMap<>();
        declared.forEach(f -> {
            String path = f.path("jsonPath").asText();
            fields.put(path.startsWith(".") ? path.substring(1) : path, new JsonPath(path));
        });
        return fields;
    }

    private record SelectableFields(Map<String, JsonPath> fields) implements Strategy {
        @Override
        public Map<String, String> selectableFields(ApiObject object) {
            Map<String, String> values = new LinkedHashMap<>();
            fields.forEach((name, path) -> {
                List<JsonNode> found = path.find(object.tree());
                values.put(name, found.isEmpty() ? "" : found.getFirst().asText());
            });
            return values;
        }
    }

    static boolean isDefinition(Kind kind) {
        return kind.resource().equals(Resource.CUSTOM_RESOURCE_DEFINITIONS);
    }
}
