package dev.kemudi.apiserver;

import dev.kemudi.api.ApiException;
import dev.kemudi.api.Status;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/**
 * Where the next page of a list begins: opaque to clients, bound to the revision of the first page.
 *
 * @param after the last key that was listed, relative to the collection
 */
record ContinueToken(long revision, String after) {
    String encoded() {
        String text = revision + "\n" + after;
        return Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    static ContinueToken parse(String encoded) {
        try {
            String text =
                    new String(Base64.getUrlDecoder().decode(encoded), StandardCharsets.UTF_8);
            int newline = text.indexOf('\n');
            long revision = Long.parseLong(text.substring(0, Math.max(newline, 0)));
            if (revision > 0) {
                return new ContinueToken(revision, text.substring(newline + 1));
            }
        } catch (IllegalArgumentException e) {
            // falls through to the one answer for every token that we did not write
        }
        throw new ApiException(
                Status.badRequest(
                        "continue key is not valid: it is not one that this server gave out"));
    }
}
