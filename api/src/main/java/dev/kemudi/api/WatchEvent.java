package dev.kemudi.api;

/** What a watch tells. */
public sealed interface WatchEvent {
    record Added(ApiObject object) implements WatchEvent {}

    record Modified(ApiObject object) implements WatchEvent {}

    /**
     * The object is gone.
     *
     * @param object its last state, with the resourceVersion of the deletion
     */
    record Deleted(ApiObject object) implements WatchEvent {}

    /** Nothing changed up to {@code resourceVersion}. */
    record Bookmark(String resourceVersion, boolean initialEventsEnd) implements WatchEvent {}

    /** The watch is over; {@code status.code() == 410} means list again. */
    record Failed(Status status) implements WatchEvent {}
}
