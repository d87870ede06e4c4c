package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.Json;

/** {@code /version}: the Kubernetes release whose API this is, and what it really is. */
final class Version {
    private static final String MINOR = "32";

    private Version() {}

    static ObjectNode tree() {
        return Json.MAPPER
                .createObjectNode()
                .put("major", "1")
                .put("minor", MINOR)
                .put("gitVersion", "v1." + MINOR + ".0+kemudi")
                .put("gitCommit", "")
                .put("gitTreeState", "clean")
                .put("buildDate", "1970-01-01T00:00:00Z")
                .put("goVersion", "none")
                .put("compiler", "javac")
                .put(
                        "platform",
                        System.getProperty("os.name").toLowerCase(java.util.Locale.ROOT)
                                + "/"
                                + System.getProperty("os.arch"));
    }
}
