package dev.kemudi.store;

import java.util.Map;
import java.util.Optional;

/**
 * A change of an {@link Area}, all or nothing.
 *
 * @param expectedRevision the area's revision that the change was made from; when it moved on the
 *     change is refused with {@link Answer.Reason#GUARD_STALE}
 * @param rows new values; empty: the row goes
 */
public record AreaChange(String area, long expectedRevision, Map<Bytes, Optional<Bytes>> rows) {}
