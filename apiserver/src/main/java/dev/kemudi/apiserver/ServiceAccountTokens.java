package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Json;
import dev.kemudi.api.Resource;
import dev.kemudi.kernel.TimeSource;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;

/*
 * What a token is believed for
 * ----------------------------
 * A token says who its bearer is, for whom it is meant, until when, and to which object it is bound. The
 * signature and the form are checked once and remembered by the token's hash, for they never change. All
 * that may change is asked every time: the clock, and whether the account and the bound object are still
 * the ones of then (by uid, so that whoever comes after them under the same name inherits nothing). An
 * object that is being deleted still counts for a minute: a pod needs its token to say goodbye.
 */
/**
 * Issues and checks ServiceAccount tokens. Safe for use by many threads. Source: Kubernetes
 * documentation, "Managing Service Accounts".
 */
final class ServiceAccountTokens {
    /** As in clusters made by kubeadm; also the audience of tokens for this server. */
    static final String ISSUER = "https://kubernetes.default.svc.cluster.local";

    static final String LEGACY_ISSUER = "kubernetes/serviceaccount";

    /**
     * What the projected volumes of pods ask for; such a token lives on, so that old clients do.
     */
    static final long POD_SECONDS = 3_607;

    private static final long EXTENDED_SECONDS = 365L * 24 * 3_600;
    private static final Duration GOODBYE = Duration.ofSeconds(60);
    private static final String LEGACY_CLAIM = "kubernetes.io/serviceaccount/";
    private static final String EXTRA = "authentication.kubernetes.io/";
    private static final String SUBJECT = "system:serviceaccount:";

    private final Registry registry;
    private final Storage storage;
    private final Supplier<TokenKeys> keys;
    private final TimeSource time;
    private final Limits limits;
    private final Map<String, ObjectNode> remembered;

    /**
     * What a token stands and falls with.
     *
     * @param word the claim's name: pod, secret or node
     * @param node where a bound pod runs
     */
    record Bond(String word, ApiObject object, Optional<ApiObject> node) {}

    /** A new token. */
    record Issued(String token, Instant expires) {}

    /**
     * @param keys opened at first use: a server without tokens needs none
     */
    ServiceAccountTokens(
            Registry registry,
            Storage storage,
            Supplier<TokenKeys> keys,
            TimeSource time,
            Limits limits) {
        this.registry = registry;
        this.storage = storage;
        this.keys = keys;
        this.time = time;
        this.limits = limits;
        remembered =
                new LinkedHashMap<>(16, 0.75f, true) {
                    @Override
                    protected boolean removeEldestEntry(Map.Entry<String, ObjectNode> eldest) {
                        return size() > limits.tokensRememberedMax();
                    }
                };
    }

    TokenKeys keys() {
        return keys.get();
    }

    Issued issue(ApiObject account, List<String> audiences, long seconds, Optional<Bond> bond) {
        Instant now = Instant.ofEpochSecond(time.now().getEpochSecond());
        boolean extended =
                seconds == POD_SECONDS && bond.isPresent() && audiences.equals(List.of(ISSUER));
        ObjectNode claims = Json.MAPPER.createObjectNode();
        audiences.forEach(claims.putArray("aud")::add);
        claims.put("exp", now.getEpochSecond() + (extended ? EXTENDED_SECONDS : seconds));
        claims.put("iat", now.getEpochSecond());
        claims.put("iss", ISSUER);
        claims.put("jti", UUID.randomUUID().toString());
        ObjectNode own = claims.putObject("kubernetes.io").put("namespace", account.namespace());
        bond.ifPresent(held -> {
            held.node().ifPresent(node -> reference(own, "node", node));
            reference(own, held.word(), held.object());
        });
        reference(own, "serviceaccount", account);
        if (extended) {
            own.put("warnafter", now.getEpochSecond() + seconds);
        }
        claims.put("nbf", now.getEpochSecond());
        claims.put("sub", SUBJECT + account.namespace() + ":" + account.name());
        return new Issued(Jwt.signed(keys.get(), claims), now.plusSeconds(seconds));
    }

    private static void reference(ObjectNode own, String word, ApiObject object) {
        own.putObject(word).put("name", object.name()).put("uid", object.uid());
    }

    /** A token without an end, for a Secret that holds it. */
    String issueForSecret(ApiObject account, String secretName) {
        ObjectNode claims = Json.MAPPER.createObjectNode();
        claims.put("iss", LEGACY_ISSUER);
        claims.put(LEGACY_CLAIM + "namespace", account.namespace());
        claims.put(LEGACY_CLAIM + "secret.name", secretName);
        claims.put(LEGACY_CLAIM + "service-account.name", account.name());
        claims.put(LEGACY_CLAIM + "service-account.uid", account.uid());
        claims.put("sub", SUBJECT + account.namespace() + ":" + account.name());
        return Jwt.signed(keys.get(), claims);
    }

    /**
     * Whose {@code token} is, if it is good for one of {@code audiences}.
     *
     * @param audiences never empty
     */
    Verdict check(String token, List<String> audiences) {
        Optional<ObjectNode> found = claims(token);
        if (found.isEmpty()) {
            return new Verdict.Unknown("");
        }
        ObjectNode claims = found.get();
        return claims.path("iss").asText().equals(LEGACY_ISSUER)
                ? checkForSecret(token, claims, audiences)
                : checkIssued(claims, audiences);
    }

    /** The claims of a token that we have signed. */
    private Optional<ObjectNode> claims(String token) {
        String hash = hash(token);
        synchronized (remembered) {
            ObjectNode known = remembered.get(hash);
            if (known != null) {
                return Optional.of(known);
            }
        }
        Optional<Jwt> parsed = Jwt.parse(token, limits.headerBytesMax());
        boolean ours =
                parsed.filter(
                                jwt -> {
                                    String issuer = jwt.claims().path("iss").asText();
                                    return issuer.equals(ISSUER) || issuer.equals(LEGACY_ISSUER);
                                })
                        .filter(jwt -> keys.get().vouchesFor(jwt))
                        .isPresent();
        if (!ours) {
            return Optional.empty();
        }
        ObjectNode claims = parsed.orElseThrow().claims();
        synchronized (remembered) {
            remembered.put(hash, claims);
        }
        return Optional.of(claims);
    }

    private static String hash(String token) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            return HexFormat.of().formatHex(digest.digest(token.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    private Verdict checkIssued(ObjectNode claims, List<String> audiences) {
        long now = time.now().getEpochSecond();
        if (now > claims.path("exp").asLong(0)) {
            return new Verdict.Unknown("service account token has expired");
        }
        if (now < claims.path("nbf").asLong(Long.MAX_VALUE)) {
            return new Verdict.Unknown("service account token is not valid yet");
        }
        List<String> meant = new ArrayList<>();
        claims.path("aud").forEach(audience -> meant.add(audience.asText()));
        List<String> shared = audiences.stream().filter(meant::contains).toList();
        if (shared.isEmpty()) {
            return new Verdict.Unknown(
                    "token audiences %s is invalid for the target audiences %s"
                            .formatted(quoted(meant), quoted(audiences)));
        }
        JsonNode own = claims.path("kubernetes.io");
        String namespace = own.path("namespace").asText();
        if (!stands(Resource.SERVICE_ACCOUNTS, namespace, own.path("serviceaccount"))
                || own.has("secret") && !stands(Resource.SECRETS, namespace, own.path("secret"))
                || own.has("pod") && !stands(Resource.PODS, namespace, own.path("pod"))
                || own.has("node")
                        && !own.has("pod")
                        && !stands(Resource.NODES, "", own.path("node"))) {
            return new Verdict.Unknown("service account token has been invalidated");
        }
        Map<String, List<String>> extra = new LinkedHashMap<>();
        extra.put(EXTRA + "credential-id", List.of("JTI=" + claims.path("jti").asText()));
        for (String word : List.of("pod", "node")) {
            if (own.has(word)) {
                extra.put(EXTRA + word + "-name", List.of(own.path(word).path("name").asText()));
                extra.put(EXTRA + word + "-uid", List.of(own.path(word).path("uid").asText()));
            }
        }
        JsonNode account = own.path("serviceaccount");
        return new Verdict.Known(
                user(namespace, account.path("name").asText(), account.path("uid").asText(), extra),
                shared);
    }

    private static String quoted(List<String> texts) {
        return "[" + String.join(" ", texts.stream().map(t -> "\"" + t + "\"").toList()) + "]";
    }

    private static User user(
            String namespace, String name, String uid, Map<String, List<String>> extra) {
        User plain = User.named(User.serviceAccountName(namespace, name), List.of());
        return new User(plain.name(), uid, plain.groups(), extra);
    }

    private Verdict checkForSecret(String token, ObjectNode claims, List<String> audiences) {
        String namespace = claims.path(LEGACY_CLAIM + "namespace").asText();
        String name = claims.path(LEGACY_CLAIM + "service-account.name").asText();
        String uid = claims.path(LEGACY_CLAIM + "service-account.uid").asText();
        if (!audiences.contains(ISSUER)) {
            return new Verdict.Unknown(
                    "token audiences %s is invalid for the target audiences %s"
                            .formatted(quoted(List.of(ISSUER)), quoted(audiences)));
        }
        Optional<ApiObject> secret =
                find(
                        Resource.SECRETS,
                        namespace,
                        claims.path(LEGACY_CLAIM + "secret.name").asText());
        boolean held =
                secret.filter(this::standing)
                        .filter(s -> s.text("/data/token").equals(TokenSecrets.base64(token)))
                        .isPresent();
        boolean stands =
                find(Resource.SERVICE_ACCOUNTS, namespace, name)
                        .filter(account -> account.uid().equals(uid) && standing(account))
                        .isPresent();
        return held && stands
                ? new Verdict.Known(user(namespace, name, uid, Map.of()), List.of(ISSUER))
                : new Verdict.Unknown("service account token has been invalidated");
    }

    private boolean stands(Resource resource, String namespace, JsonNode reference) {
        return find(resource, namespace, reference.path("name").asText())
                .filter(o -> o.uid().equals(reference.path("uid").asText()) && standing(o))
                .isPresent();
    }

    private boolean standing(ApiObject object) {
        return !object.deleting()
                || Instant.parse(object.text("/metadata/deletionTimestamp"))
                        .isAfter(time.now().minus(GOODBYE));
    }

    private Optional<ApiObject> find(Resource resource, String namespace, String name) {
        return registry.find(resource.group(), resource.version(), resource.plural())
                .flatMap(kind -> storage.read(kind, namespace, name));
    }
}
