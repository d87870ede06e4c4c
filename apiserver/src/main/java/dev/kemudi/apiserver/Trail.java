package dev.kemudi.apiserver;

import java.util.Optional;

/** What is noted of one request, while it is answered. One thread. */
interface Trail {
    /** Nothing is noted. */
    Trail OFF =
            new Trail() {
                @Override
                public Exchange watched(Exchange exchange) {
                    return exchange;
                }

                @Override
                public void asked(Access access, Optional<RequestPath> path) {}

                @Override
                public void acting(User user) {}

                @Override
                public void decided(Rbac.Decision decision) {}

                @Override
                public void answered(int code) {}
            };

    /** The exchange to answer by, so that bodies are seen. */
    Exchange watched(Exchange exchange);

    /** Who wants what; before this nothing is noted. */
    void asked(Access access, Optional<RequestPath> path);

    /** Whom the user is taken for. */
    void acting(User user);

    void decided(Rbac.Decision decision);

    /**
     * The answer is out.
     *
     * @param code 0 when the client did not get the end of it
     */
    void answered(int code);
}
