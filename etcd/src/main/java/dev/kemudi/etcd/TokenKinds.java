package dev.kemudi.etcd;

import dev.kemudi.kernel.TimeSource;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;

/** Reads etcd's {@code --auth-token}. */
final class TokenKinds {
    private static final long MILLIS_PER_SECOND = 1_000;

    private TokenKinds() {}

    /**
     * @throws IllegalArgumentException when it says something else than etcd's flag may
     * @throws IOException naming the key file that cannot be used
     */
    static Tokens of(Config.Accounts config, Limits limits, TimeSource time) throws IOException {
        String[] parts = config.token().split(",");
        Map<String, String> options = new HashMap<>();
        for (int i = 1; i < parts.length; i++) {
            String[] pair = parts[i].split("=", -1);
            if (pair.length != 2 || options.put(pair[0], pair[1]) != null) {
                throw new IllegalArgumentException(
                        "auth-token should be simple, or jwt with options NAME=VALUE once each, not \""
                                + config.token()
                                + "\"");
            }
        }
        return switch (parts[0]) {
            case "simple" ->
                    new SimpleTokens(
                            time,
                            config.simpleTokenSeconds() * MILLIS_PER_SECOND,
                            limits.tokenUsesMax());
            case "jwt" -> JwtTokens.of(options, time);
            default ->
                    throw new IllegalArgumentException(
                            "auth-token should begin with simple or jwt, not \"" + parts[0] + "\"");
        };
    }
}
