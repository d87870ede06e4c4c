package dev.kemudi.store;

import java.util.Iterator;
import java.util.List;

/**
 * What a store is made of: all of a {@link Store.Snapshot}, or of another store's backup.
 *
 * @param revision the newest
 * @param compactedRevision 0 when nothing was compacted
 * @param events every retained change in the order of revisions: the states that were alive at the
 *     compacted revision, then every change from it on
 * @param leases a key that names another lease belongs to none
 * @param areas each with its revision, so that what was permitted under it stays so
 */
public record Contents(
        long revision,
        long compactedRevision,
        Iterator<Watcher.Event> events,
        List<Store.Lease> leases,
        List<Area> areas) {}
