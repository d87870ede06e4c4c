package dev.kemudi.cel;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.primitives.UnsignedLong;
import dev.cel.common.values.CelByteString;
import dev.cel.common.values.NullValue;
import java.util.Base64;
import java.util.Collection;
import java.util.Map;

/** Values of the language as JSON. */
final class JsonValues {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private JsonValues() {}

    /**
     * @throws ExpressionException when a value has no form in JSON
     */
    static JsonNode of(Object value) throws ExpressionException {
        return switch (value) {
            case NullValue _ -> NODES.nullNode();
            case String text -> NODES.textNode(text);
            case Boolean truth -> NODES.booleanNode(truth);
            case Long number -> whole(number);
            case UnsignedLong number -> NODES.numberNode(number.bigIntegerValue());
            case Double number -> NODES.numberNode(number);
            case CelByteString bytes ->
                    NODES.textNode(Base64.getEncoder().encodeToString(bytes.toByteArray()));
            case Map<?, ?> map -> object(map);
            case Collection<?> list -> array(list);
            default ->
                    throw new ExpressionException(
                            "a value of type %s cannot be written as JSON"
                                    .formatted(value.getClass().getSimpleName()));
        };
    }

    /** As the reader makes it, so that equal numbers are equal trees. */
    private static JsonNode whole(long number) {
        return number == (int) number ? NODES.numberNode((int) number) : NODES.numberNode(number);
    }

    private static ObjectNode object(Map<?, ?> map) throws ExpressionException {
        ObjectNode object = NODES.objectNode();
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            object.set(String.valueOf(entry.getKey()), of(entry.getValue()));
        }
        return object;
    }

    private static ArrayNode array(Collection<?> list) throws ExpressionException {
        ArrayNode array = NODES.arrayNode();
        for (Object element : list) {
            array.add(of(element));
        }
        return array;
    }
}
