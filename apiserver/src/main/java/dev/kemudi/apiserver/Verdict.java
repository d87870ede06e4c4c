package dev.kemudi.apiserver;

import java.util.List;

/** What a token is worth. */
sealed interface Verdict {
    /**
     * @param audiences which of those that were asked for the token is meant for
     */
    record Known(User user, List<String> audiences) implements Verdict {}

    /**
     * @param why for whoever reviews tokens; the caller who presented it only hears "Unauthorized"
     */
    record Unknown(String why) implements Verdict {}
}
