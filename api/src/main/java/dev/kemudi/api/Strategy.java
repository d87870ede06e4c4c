package dev.kemudi.api;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The rules of one kind beyond its schema. Trees handed over for change are the server's own
 * copies. Implementations keep no state and are called by many threads.
 */
public interface Strategy {
    /** A kind with no rules of its own. */
    Strategy NONE = new Strategy() {};

    /** Fills in what the user left out; runs on every write, before validation. */
    default void applyDefaults(ObjectNode object) {}

    /**
     * Clears or sets what a creator may not choose. The server itself handles metadata, status and
     * generation.
     */
    default void prepareForCreate(ObjectNode object) {}

    /** Clears or carries over what an update may not change silently. */
    default void prepareForUpdate(ObjectNode object, ApiObject old) {}

    /**
     * What is wrong beyond the schema, including changes of immutable fields; empty when all is
     * well.
     */
    default List<Status.Cause> validate(ApiObject object, Optional<ApiObject> old) {
        return List.of();
    }

    /**
     * Fields that field selectors may name, beyond {@code metadata.name} and {@code
     * metadata.namespace}.
     */
    default Map<String, String> selectableFields(ApiObject object) {
        return Map.of();
    }

    /**
     * Seconds that a deletion leaves the object in place with a deletionTimestamp, for its owner (a
     * node) to finish; empty when the kind is removed at once. 0 removes at once as well.
     */
    default OptionalLong gracePeriodSeconds(ApiObject object) {
        return OptionalLong.empty();
    }

    /** Seconds after which the object disappears by itself, such as for events; empty for never. */
    default OptionalLong timeToLiveSeconds(ApiObject object) {
        return OptionalLong.empty();
    }

    /**
     * What objects of this kind are kept as, when it is another form of a kind that is kept; empty
     * for a kind that is kept as it is shown. {@link #selectableFields} is asked about kept
     * objects.
     */
    default Optional<StoredForm> storedForm() {
        return Optional.empty();
    }
}
