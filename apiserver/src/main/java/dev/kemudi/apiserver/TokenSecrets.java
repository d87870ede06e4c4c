package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Resource;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Fills Secrets of the type {@code kubernetes.io/service-account-token}, as they are written: the
 * old way to a token, for software outside the cluster. Such a token has no end; it ends with its
 * Secret. A Secret whose account there is not stays empty.
 */
final class TokenSecrets implements Filling {
    static final String TYPE = "kubernetes.io/service-account-token";

    private static final String NAME = "kubernetes.io/service-account.name";
    private static final String UID = "kubernetes.io/service-account.uid";

    private final Registry registry;
    private final Storage storage;
    private final ServiceAccountTokens tokens;
    private final Supplier<String> authority;

    /**
     * @param authority our certificate authority's certificate, as PEM
     */
    TokenSecrets(
            Registry registry,
            Storage storage,
            ServiceAccountTokens tokens,
            Supplier<String> authority) {
        this.registry = registry;
        this.storage = storage;
        this.tokens = tokens;
        this.authority = authority;
    }

    @Override
    public void fill(
            Kind kind,
            String subresource,
            ObjectNode tree,
            Optional<ApiObject> old,
            WriteOptions options) {
        if (!kind.resource().equals(Resource.SECRETS) || !tree.path("type").asText().equals(TYPE)) {
            return;
        }
        ObjectNode metadata = ObjectMeta.of(tree);
        String namespace = metadata.path("namespace").asText();
        String name = metadata.path("annotations").path(NAME).asText("");
        Optional<ApiObject> account =
                name.isEmpty()
                        ? Optional.empty()
                        : registry.any("", Resource.SERVICE_ACCOUNTS.plural())
                                .flatMap(accounts -> storage.read(accounts, namespace, name));
        if (account.isEmpty()) {
            return;
        }
        metadata.withObjectProperty("annotations").put(UID, account.get().uid());
        ObjectNode data = tree.withObjectProperty("data");
        put(data, "ca.crt", authority.get());
        put(data, "namespace", namespace);
        if (data.path("token").asText("").isEmpty()) {
            String secret = metadata.path("name").asText();
            put(data, "token", tokens.issueForSecret(account.get(), secret));
        }
    }

    private static void put(ObjectNode data, String key, String text) {
        if (data.path(key).asText("").isEmpty()) {
            data.put(key, base64(text));
        }
    }

    static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }
}
