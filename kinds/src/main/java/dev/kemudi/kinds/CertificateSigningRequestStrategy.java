package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ResourceDefinition.Column;
import dev.kemudi.api.Status;
import dev.kemudi.api.Strategy;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * CertificateSigningRequests: a key that wants a certificate, and who approved it. Requests go away
 * by themselves: an hour after they were settled, a day after they were made.
 */
final class CertificateSigningRequestStrategy implements Strategy {
    private static final long SETTLED_SECONDS = 3_600;
    private static final long PENDING_SECONDS = 86_400;
    private static final int SECONDS_MIN = 600;
    private static final int SIGNER_MAX = 571;
    private static final String LEGACY = "kubernetes.io/legacy-unknown";
    private static final String SIGNER_RULE =
            "must be a fully qualified domain and path of the form 'example.com/signer-name'";
    private static final Pattern SIGNER =
            Pattern.compile("[a-z0-9]([-a-z0-9.]*[a-z0-9])?/[a-z0-9]([-a-z0-9.]*[a-z0-9])?");
    private static final Set<String> USAGES =
            Set.of(
                    "any",
                    "cert sign",
                    "client auth",
                    "code signing",
                    "content commitment",
                    "crl sign",
                    "data encipherment",
                    "decipher only",
                    "digital signature",
                    "email protection",
                    "encipher only",
                    "ipsec end system",
                    "ipsec tunnel",
                    "ipsec user",
                    "key agreement",
                    "key encipherment",
                    "microsoft sgc",
                    "netscape sgc",
                    "ocsp signing",
                    "s/mime",
                    "server auth",
                    "signing",
                    "timestamping");

    static final List<Column> COLUMNS =
            List.of(
                    Columns.NAME,
                    Columns.AGE,
                    Columns.text(
                            "SignerName",
                            "Who is to sign the certificate.",
                            o -> o.text("/spec/signerName")),
                    Columns.text("Requestor", "Who asks.", o -> o.text("/spec/username")),
                    Columns.text(
                            "RequestedDuration",
                            "How long the certificate is to hold.",
                            CertificateSigningRequestStrategy::duration),
                    Columns.text(
                            "Condition",
                            "Whether it is approved and issued.",
                            CertificateSigningRequestStrategy::state));

    private static String duration(ApiObject request) {
        JsonNode seconds = request.at("/spec/expirationSeconds");
        return seconds.isNumber() ? Age.human(Duration.ofSeconds(seconds.asLong())) : Columns.NONE;
    }

    private static String state(ApiObject request) {
        String state =
                has(request, "Denied")
                        ? "Denied"
                        : has(request, "Approved") ? "Approved" : "Pending";
        return state
                + (has(request, "Failed") ? ",Failed" : "")
                + (request.text("/status/certificate").isEmpty() ? "" : ",Issued");
    }

    private static boolean has(ApiObject request, String condition) {
        for (JsonNode known : request.at("/status/conditions")) {
            if (known.path("type").asText().equals(condition)) {
                return true;
            }
        }
        return false;
    }

    /** What was asked for does not change. */
    @Override
    public void prepareForUpdate(ObjectNode request, ApiObject old) {
        request.set("spec", old.at("/spec"));
    }

    @Override
    public List<Status.Cause> validate(ApiObject request, Optional<ApiObject> old) {
        Problems problems = new Problems();
        if (request.text("/spec/request").isEmpty()) {
            problems.required("spec.request");
        }
        signer(request.text("/spec/signerName"), problems);
        usages(request.at("/spec/usages"), problems);
        JsonNode seconds = request.at("/spec/expirationSeconds");
        if (seconds.isNumber() && seconds.asLong() < SECONDS_MIN) {
            problems.invalid(
                    "spec.expirationSeconds",
                    seconds.asLong(),
                    "may not specify a duration less than 600 seconds (10 minutes)");
        }
        conditions(request.at("/status/conditions"), problems);
        old.ifPresent(before -> {
            for (String type : List.of("Approved", "Denied", "Failed")) {
                if (has(before, type) && !has(request, type)) {
                    problems.forbidden(
                            "status.conditions",
                            "updates may not remove a condition of type \"" + type + "\"");
                }
            }
        });
        return problems.causes();
    }

    private static void signer(String name, Problems problems) {
        if (name.isEmpty()) {
            problems.required("spec.signerName");
        } else if (name.length() > SIGNER_MAX || !SIGNER.matcher(name).matches()) {
            problems.invalid("spec.signerName", name, SIGNER_RULE);
        } else if (name.equals(LEGACY)) {
            problems.invalid(
                    "spec.signerName",
                    name,
                    "the legacy signerName is not allowed via this API version");
        }
    }

    private static void usages(JsonNode usages, Problems problems) {
        if (usages.isEmpty()) {
            problems.required("spec.usages");
        }
        Set<String> seen = new HashSet<>();
        int i = 0;
        for (JsonNode usage : usages) {
            String at = "spec.usages[" + i++ + "]";
            if (!USAGES.contains(usage.asText())) {
                problems.notSupported(at, usage.asText(), USAGES);
            } else if (!seen.add(usage.asText())) {
                problems.duplicate(at, usage.asText());
            }
        }
    }

    private static void conditions(JsonNode conditions, Problems problems) {
        Set<String> seen = new HashSet<>();
        int i = 0;
        for (JsonNode condition : conditions) {
            String at = "status.conditions[" + i++ + "]";
            String type = condition.path("type").asText("");
            String status = condition.path("status").asText("");
            if (type.isEmpty()) {
                problems.required(at + ".type");
            } else if (!seen.add(type)) {
                problems.duplicate(at + ".type", type);
            }
            if (status.isEmpty()) {
                problems.required(at + ".status");
            } else if (!status.equals("True")
                    && Set.of("Approved", "Denied", "Failed").contains(type)) {
                problems.notSupported(at + ".status", status, Set.of("True"));
            }
        }
        if (seen.containsAll(Set.of("Approved", "Denied"))) {
            problems.invalid(
                    "status.conditions",
                    "Denied",
                    "Approved and Denied conditions are mutually exclusive");
        }
    }

    @Override
    public Map<String, String> selectableFields(ApiObject request) {
        return Map.of("spec.signerName", request.text("/spec/signerName"));
    }

    @Override
    public OptionalLong timeToLiveSeconds(ApiObject request) {
        boolean settled =
                has(request, "Denied")
                        || has(request, "Failed")
                        || !request.text("/status/certificate").isEmpty();
        return OptionalLong.of(settled ? SETTLED_SECONDS : PENDING_SECONDS);
    }
}
