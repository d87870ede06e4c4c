package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.api.ApiObject;
import java.util.List;

/**
 * What ConfigMaps and Secrets share: a bound on their size, and staying as they are once marked
 * immutable.
 */
final class StoredFiles {
    /** Kubernetes' own bound: what is larger belongs in a volume, not in every watcher's memory. */
    static final int BYTES_MAX = 1_048_576;

    private static final String SET = "field is immutable when `immutable` is set";

    private StoredFiles() {}

    static void unchanged(ApiObject now, ApiObject before, List<String> fields, Problems problems) {
        if (!before.bool("/immutable")) {
            return;
        }
        if (!now.bool("/immutable")) {
            problems.forbidden("immutable", SET);
        }
        for (String field : fields) {
            if (!same(now.at("/" + field), before.at("/" + field))) {
                problems.forbidden(field, SET);
            }
        }
    }

    private static boolean same(JsonNode a, JsonNode b) {
        return a.equals(b) || (a.isEmpty() && b.isEmpty());
    }
}
