package dev.kemudi.admission;

import com.fasterxml.jackson.databind.node.ObjectNode;

/** One thing that is asked of a write. Refusals are {@code ApiException}s. */
interface Plugin {
    /**
     * Changes the object before it is validated.
     *
     * @return the same tree when nothing is to be changed; otherwise a copy
     */
    default ObjectNode mutate(Attributes attributes, ObjectNode object) {
        return object;
    }

    /** Looks at the object as it will be stored. */
    default void validate(Attributes attributes) {}
}
