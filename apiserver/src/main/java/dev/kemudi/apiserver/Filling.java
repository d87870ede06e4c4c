package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import java.util.Optional;

/** Puts into objects of some kind, as they are written, what only the server may say or knows. */
interface Filling {
    /**
     * @param tree what is to be stored, with its defaults, not validated yet
     * @param old empty when {@code tree} is created
     * @throws dev.kemudi.api.ApiException when this user may not write this
     */
    void fill(
            Kind kind,
            String subresource,
            ObjectNode tree,
            Optional<ApiObject> old,
            WriteOptions options);
}
