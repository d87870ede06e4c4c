package dev.kemudi.apiserver;

import dev.kemudi.api.ApiException;
import dev.kemudi.api.Status;

/** What a list's {@code resourceVersion} means: at least so new, or exactly of that revision. */
enum VersionMatch {
    NOT_OLDER_THAN,
    EXACT;

    /**
     * @throws ApiException 422 in Kubernetes' words when the parameters do not fit each other
     */
    static VersionMatch of(Params params) {
        String match = params.text("resourceVersionMatch");
        String version = params.text("resourceVersion");
        if (match.isEmpty()) {
            return NOT_OLDER_THAN;
        }
        if (!params.text("continue").isEmpty()) {
            throw invalid("Forbidden: resourceVersionMatch is forbidden when continue is provided");
        }
        if (version.isEmpty()) {
            throw invalid(
                    "Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided");
        }
        return switch (match) {
            case "NotOlderThan" -> NOT_OLDER_THAN;
            case "Exact" -> {
                if (version.equals("0")) {
                    throw invalid(
                            "Forbidden: resourceVersionMatch \"Exact\" is forbidden for resourceVersion"
                                    + " \"0\"");
                }
                yield EXACT;
            }
            default ->
                    throw invalid(
                            "Unsupported value: \""
                                    + match
                                    + "\": supported values: \"Exact\", \"NotOlderThan\"");
        };
    }

    private static ApiException invalid(String why) {
        return new ApiException(
                Status.of(
                        422,
                        "Invalid",
                        "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: " + why));
    }
}
