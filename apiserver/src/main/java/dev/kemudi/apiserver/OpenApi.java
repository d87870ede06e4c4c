package dev.kemudi.apiserver;

import java.util.List;

/** {@code /openapi/v3} and {@code /openapi/v2}: the schemas of what is served. */
final class OpenApi {
    boolean handle(Exchange exchange, List<String> segments) {
        return false;
    }
}
