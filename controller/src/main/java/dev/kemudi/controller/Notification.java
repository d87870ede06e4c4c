package dev.kemudi.controller;

import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ObjectKey;
import java.util.Optional;

/** What waits for one handler. */
sealed interface Notification {
    ObjectKey key();

    record Added(ObjectKey key, ApiObject object, boolean initial) implements Notification {}

    record Updated(ObjectKey key, ApiObject old, ApiObject now) implements Notification {}

    /**
     * The object is gone.
     *
     * @param heard the state that the handler will have heard of before this
     */
    record Deleted(ObjectKey key, ApiObject last, boolean stateUnknown, ApiObject heard)
            implements Notification {}

    /** The initial list ends here. Its key is one that no object can have. */
    record InitialListEnd(ObjectKey key) implements Notification {
        InitialListEnd() {
            this(new ObjectKey("", ""));
        }
    }

    /**
     * What two notifications of one object come to for someone who heard neither; empty when they
     * cancel out.
     */
    static Optional<Notification> fold(Notification older, Notification newer) {
        return switch (older) {
            case Added added ->
                    switch (newer) {
                        case Added again ->
                                Optional.of(
                                        new Added(added.key(), again.object(), added.initial()));
                        case Updated updated ->
                                Optional.of(new Added(added.key(), updated.now(), added.initial()));
                        case Deleted _ -> Optional.empty();
                        case InitialListEnd _ -> throw unfoldable(older, newer);
                    };
            case Updated first ->
                    switch (newer) {
                        case Added again ->
                                Optional.of(new Updated(first.key(), first.old(), again.object()));
                        case Updated updated ->
                                Optional.of(new Updated(first.key(), first.old(), updated.now()));
                        case Deleted deleted ->
                                Optional.of(
                                        new Deleted(
                                                first.key(),
                                                deleted.last(),
                                                deleted.stateUnknown(),
                                                first.old()));
                        case InitialListEnd _ -> throw unfoldable(older, newer);
                    };
            case Deleted deleted ->
                    switch (newer) {
                        case Added again ->
                                Optional.of(
                                        new Updated(
                                                deleted.key(), deleted.heard(), again.object()));
                        case Updated updated ->
                                Optional.of(
                                        new Updated(deleted.key(), deleted.heard(), updated.now()));
                        case Deleted again -> Optional.of(deleted.stateUnknown() ? again : deleted);
                        case InitialListEnd _ -> throw unfoldable(older, newer);
                    };
            case InitialListEnd _ -> throw unfoldable(older, newer);
        };
    }

    private static IllegalStateException unfoldable(Notification older, Notification newer) {
        return new IllegalStateException(
                "an initial list ends once, found: " + older + " then " + newer);
    }
}
