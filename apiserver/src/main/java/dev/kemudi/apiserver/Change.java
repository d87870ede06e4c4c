package dev.kemudi.apiserver;

import dev.kemudi.api.ApiObject;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One change of one object in the window of a watch cache.
 *
 * @param before absent when the object was created
 * @param after absent when it was deleted
 * @param last the object's last state, carrying the revision of this change
 * @param bytes what the states before and after weigh as stored JSON; a measure of the memory held
 */
record Change(
        long revision,
        String key,
        Optional<ApiObject> before,
        Optional<ApiObject> after,
        ApiObject last,
        int bytes,
        @Nullable Notice[] notices) {

    static Change of(
            long revision,
            String key,
            Optional<ApiObject> before,
            Optional<ApiObject> after,
            ApiObject last,
            int bytes) {
        return new Change(
                revision, key, before, after, last, bytes, new Notice[Notice.Type.values().length]);
    }

    /** This change as seen through {@code filter}; absent when neither state matches. */
    Optional<Notice> through(WatchFilter filter) {
        boolean was = before.isPresent() && filter.test(key, before.get());
        boolean is = after.isPresent() && filter.test(key, after.get());
        if (is) {
            return Optional.of(notice(was ? Notice.Type.MODIFIED : Notice.Type.ADDED));
        }
        return was ? Optional.of(notice(Notice.Type.DELETED)) : Optional.empty();
    }

    private Notice notice(Notice.Type type) {
        synchronized (notices) {
            Notice known = notices[type.ordinal()];
            if (known == null) {
                known = new Notice(type, last, bytes);
                notices[type.ordinal()] = known;
            }
            return known;
        }
    }
}
