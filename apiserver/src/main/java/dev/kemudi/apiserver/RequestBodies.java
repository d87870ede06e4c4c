package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.Status;

/** Reads an object out of a request, whatever format it came in. */
final class RequestBodies {
    ObjectNode read(Exchange exchange) {
        byte[] body = exchange.body();
        if (body.length == 0) {
            throw new ApiException(Status.badRequest("the request has no body"));
        }
        return parse(exchange, body);
    }

    ObjectNode read(Exchange exchange, Kind kind, WriteOptions options) {
        return read(exchange);
    }

    ObjectNode parse(Exchange exchange, byte[] body) {
        return Bodies.object(body, exchange.header("Content-Type").orElse(""));
    }
}
