package dev.kemudi.etcd;

import io.grpc.Context;

/**
 * What a call says about who makes it; nothing of it is believed yet.
 *
 * @param token from the call's headers; empty when there is none
 * @param commonName of the client's certificate, which the transport has verified; empty when there
 *     is none
 */
record Credential(String token, String commonName) {
    static final Credential NONE = new Credential("", "");

    static final Context.Key<Credential> KEY = Context.keyWithDefault("etcd-credential", NONE);

    /** The credential of the call whose thread this is. */
    static Credential current() {
        return KEY.get();
    }
}
