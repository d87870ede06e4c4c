package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.Status;
import dev.kemudi.schema.ProtobufCodec;
import java.util.function.Supplier;

/**
 * Reads an object out of a request, whatever format it came in: JSON, YAML or Kubernetes protobuf.
 */
final class RequestBodies {
    private final Supplier<ProtobufCodec> protobuf;

    /**
     * @param protobuf made when the first protobuf body comes
     */
    RequestBodies(Supplier<ProtobufCodec> protobuf) {
        this.protobuf = protobuf;
    }

    ObjectNode read(Exchange exchange) {
        byte[] body = exchange.body();
        if (body.length == 0) {
            throw new ApiException(Status.badRequest("the request has no body"));
        }
        return parse(exchange, body);
    }

    ObjectNode parse(Exchange exchange, byte[] body) {
        String contentType = exchange.header("Content-Type").orElse("");
        if (!Bodies.mediaType(contentType).equals(ProtobufCodec.MEDIA_TYPE)) {
            return Bodies.object(body, contentType);
        }
        try {
            return protobuf.get().decode(body);
        } catch (IllegalArgumentException e) {
            throw new ApiException(Status.badRequest("the body cannot be read: " + e.getMessage()));
        }
    }
}
