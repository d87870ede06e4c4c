package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Resource;
import dev.kemudi.api.Status;
import dev.kemudi.api.Status.Cause;
import dev.kemudi.kernel.TimeSource;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/*
 * How a certificate is issued
 * ---------------------------
 * Whoever creates a request cannot say who they are: that is put in here. Whoever may `approve` for the
 * request's signer writes its approval. With that very write, when the signer is one of ours, the request
 * is judged by the signer's rules and either signed or marked as failed: no controller has to come by.
 * Requests to other signers are theirs: who may `sign` for them puts the certificate into the status.
 */
/**
 * The server's part in CertificateSigningRequests. Source: Kubernetes documentation, "Certificates
 * and Certificate Signing Requests", Kubernetes signers.
 */
final class SigningRequests implements Filling {
    /** The subresource through which requests are approved and denied. */
    static final String APPROVAL = "approval";

    private static final String CLIENT = "kubernetes.io/kube-apiserver-client";
    private static final String KUBELET_CLIENT = "kubernetes.io/kube-apiserver-client-kubelet";
    private static final String KUBELET_SERVING = "kubernetes.io/kubelet-serving";
    private static final Set<String> OURS = Set.of(CLIENT, KUBELET_CLIENT, KUBELET_SERVING);
    private static final String ENCIPHERMENT = "key encipherment";
    private static final Duration LIFE = Duration.ofDays(365);
    private static final String NODES = "system:nodes";
    private static final String NODE = "system:node:";

    private final Pki pki;
    private final Rbac rbac;
    private final TimeSource time;

    SigningRequests(Pki pki, Rbac rbac, TimeSource time) {
        this.pki = pki;
        this.rbac = rbac;
        this.time = time;
    }

    @Override
    public void fill(
            Kind kind,
            String subresource,
            ObjectNode tree,
            Optional<ApiObject> old,
            WriteOptions options) {
        if (!kind.resource().equals(Resource.CERTIFICATE_SIGNING_REQUESTS)) {
            return;
        }
        ObjectNode spec = tree.withObjectProperty("spec");
        if (old.isEmpty()) {
            asked(tree, spec, options.user());
            return;
        }
        switch (subresource) {
            case APPROVAL -> {
                require("approve", spec, tree, options.user());
                ObjectNode status = tree.withObjectProperty("status");
                JsonNode certificate = old.get().at("/status/certificate");
                status.remove("certificate");
                if (certificate.isTextual()) {
                    status.set("certificate", certificate);
                }
                stamp(status);
                settle(spec, status);
            }
            case "status" -> {
                ObjectNode status = tree.withObjectProperty("status");
                if (!status.path("certificate").equals(old.get().at("/status/certificate"))) {
                    require("sign", spec, tree, options.user());
                }
                keepDecision(old.get(), status);
                stamp(status);
            }
            default -> {}
        }
    }

    private static void asked(ObjectNode tree, ObjectNode spec, User user) {
        spec.put("username", user.name());
        spec.remove(List.of("uid", "groups", "extra"));
        if (!user.uid().isEmpty()) {
            spec.put("uid", user.uid());
        }
        user.groups().forEach(spec.withArrayProperty("groups")::add);
        user.extra()
                .forEach((key, values) ->
                        values.forEach(
                                spec.withObjectProperty("extra").withArrayProperty(key)::add));
        if (spec.path("request").asText("").isEmpty()) {
            return; // validation says so
        }
        String name = ObjectMeta.of(tree).path("name").asText();
        try {
            CertificateRequest request = request(spec);
            if (spec.path("signerName").asText().equals(CLIENT)
                    && request.subject().organizations().contains(User.MASTERS)) {
                throw new ApiException(
                        Status.forbidden(
                                Resource.CERTIFICATE_SIGNING_REQUESTS,
                                name,
                                "use of kubernetes.io/kube-apiserver-client signer with"
                                        + " system:masters group is not allowed"));
            }
        } catch (IllegalArgumentException e) {
            throw new ApiException(
                    Status.invalid(
                            Resource.CERTIFICATE_SIGNING_REQUESTS,
                            name,
                            List.of(
                                    new Cause(
                                            "FieldValueInvalid",
                                            "Invalid value: \"<request>\": " + e.getMessage(),
                                            "spec.request"))));
        }
    }

    private static CertificateRequest request(JsonNode spec) {
        byte[] pem = Base64.getMimeDecoder().decode(spec.path("request").asText());
        return CertificateRequest.parse(new String(pem, StandardCharsets.ISO_8859_1));
    }

    /** A right on the signer, or on all signers of its domain. */
    private void require(String verb, JsonNode spec, ObjectNode tree, User user) {
        String signer = spec.path("signerName").asText();
        String domain = signer.substring(0, Math.max(0, signer.indexOf('/'))) + "/*";
        for (String name : List.of(signer, domain)) {
            Access access =
                    new Access(user, verb, "certificates.k8s.io", "signers", "", "", name, "");
            if (rbac.decide(access).allowed()) {
                return;
            }
        }
        throw new ApiException(
                Status.forbidden(
                        Resource.CERTIFICATE_SIGNING_REQUESTS,
                        ObjectMeta.of(tree).path("name").asText(),
                        "user not permitted to %s requests with signerName \"%s\""
                                .formatted(verb, signer)));
    }

    private void stamp(ObjectNode status) {
        String now = ObjectMeta.timestamp(time.now());
        for (JsonNode condition : status.path("conditions")) {
            if (condition instanceof ObjectNode known) {
                if (known.path("lastUpdateTime").asText("").isEmpty()) {
                    known.put("lastUpdateTime", now);
                }
                if (known.path("lastTransitionTime").asText("").isEmpty()) {
                    known.put("lastTransitionTime", now);
                }
            }
        }
    }

    /** Who signs does not decide: conditions of the decision stay as they were. */
    private static void keepDecision(ApiObject old, ObjectNode status) {
        Set<String> decisions = Set.of("Approved", "Denied");
        ArrayNode kept = status.arrayNode();
        for (JsonNode condition : old.at("/status/conditions")) {
            if (decisions.contains(condition.path("type").asText())) {
                kept.add(condition);
            }
        }
        for (JsonNode condition : status.path("conditions")) {
            if (!decisions.contains(condition.path("type").asText())) {
                kept.add(condition);
            }
        }
        status.remove("conditions");
        if (!kept.isEmpty()) {
            status.set("conditions", kept);
        }
    }

    /** Signs what is approved and asks one of our signers. */
    private void settle(JsonNode spec, ObjectNode status) {
        Set<String> conditions = new HashSet<>();
        status.path("conditions").forEach(c -> conditions.add(c.path("type").asText()));
        String signer = spec.path("signerName").asText();
        if (!conditions.contains("Approved")
                || conditions.contains("Denied")
                || conditions.contains("Failed")
                || status.has("certificate")
                || !OURS.contains(signer)) {
            return;
        }
        CertificateRequest request = request(spec);
        List<String> usages = new ArrayList<>();
        spec.path("usages").forEach(usage -> usages.add(usage.asText()));
        String wrong = wrong(signer, request, usages);
        if (!wrong.isEmpty()) {
            status.withArrayProperty("conditions")
                    .addObject()
                    .put("type", "Failed")
                    .put("status", "True")
                    .put("reason", "SignerValidationFailure")
                    .put("message", wrong);
            stamp(status);
            return;
        }
        Certificates.Wanted wanted =
                new Certificates.Wanted(
                        request.name(),
                        request.key(),
                        usages.contains(ENCIPHERMENT),
                        List.of(
                                signer.equals(KUBELET_SERVING)
                                        ? Certificates.SERVER_AUTH
                                        : Certificates.CLIENT_AUTH),
                        request.alternatives());
        long seconds = spec.path("expirationSeconds").asLong(LIFE.toSeconds());
        Duration life = Duration.ofSeconds(Math.min(seconds, LIFE.toSeconds()));
        status.put("certificate", TokenSecrets.base64(pki.certify(wanted, time.now(), life)));
    }

    /** Empty when the signer signs that. */
    private static String wrong(String signer, CertificateRequest request, List<String> usages) {
        boolean serving = signer.equals(KUBELET_SERVING);
        String purpose = serving ? "server auth" : "client auth";
        Set<String> allowed = Set.of("digital signature", "signing", ENCIPHERMENT, purpose);
        boolean fitting =
                allowed.containsAll(usages)
                        && usages.contains(purpose)
                        && (signer.equals(CLIENT) || usages.contains("digital signature"));
        if (!fitting) {
            return "usages did not match [digital signature, key encipherment, " + purpose + "]";
        }
        if (signer.equals(CLIENT)) {
            return "";
        }
        if (!request.subject().organizations().equals(List.of(NODES))) {
            return "subject organization is not system:nodes";
        }
        if (!request.subject().commonName().startsWith(NODE)) {
            return "subject common name does not begin with system:node:";
        }
        if (request.names(CertificateRequest.EMAIL)) {
            return "email subjectAltNames are not allowed";
        }
        if (request.names(CertificateRequest.URI)) {
            return "URI subjectAltNames are not allowed";
        }
        boolean hosts = request.names(CertificateRequest.DNS);
        boolean addresses = request.names(CertificateRequest.ADDRESS);
        if (serving) {
            return hosts || addresses ? "" : "DNS or IP subjectAltName is required";
        }
        return hosts
                ? "DNS subjectAltNames are not allowed"
                : addresses ? "IP subjectAltNames are not allowed" : "";
    }
}
