package dev.kemudi.etcd;

import java.util.Optional;

/**
 * Makes and checks what a client shows after it has authenticated. Safe for use by many threads.
 */
interface Tokens {
    /**
     * Who a token is for.
     *
     * @param revision the revision of the accounts that the token speaks of; 0: nobody
     */
    record Identity(String user, long revision) {
        static final Identity NOBODY = new Identity("", 0);
    }

    /** A token for a user whose password has been checked against {@code now}. */
    String issue(String user, Accounts now);

    /** Empty when the token is not, or no longer, valid. */
    Optional<Identity> verify(String token, Accounts now);
}
