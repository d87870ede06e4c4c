package dev.kemudi.apiserver;

import dev.kemudi.schema.BuiltinSchemas;
import java.util.function.Supplier;

/** {@code /openapi/v2}. */
final class OpenApiV2 {
    OpenApiV2(Registry registry, OpenApi openApi, Supplier<BuiltinSchemas> schemas) {}

    boolean handle(Exchange exchange) {
        return false;
    }
}
