package dev.kemudi.api;

/**
 * What a watch asks for.
 *
 * @param resourceVersion events after this one; empty or {@code 0}: the present state as Added
 *     first, then changes
 * @param bookmarks whether Bookmark events may come
 * @param timeoutSeconds the server ends the watch after this long; 0 leaves the choice to the
 *     server
 * @param sendInitialEvents the WatchList protocol: present state first, then a bookmark annotated
 *     {@code k8s.io/initial-events-end}
 */
public record WatchOptions(
        String labelSelector,
        String fieldSelector,
        String resourceVersion,
        boolean bookmarks,
        int timeoutSeconds,
        boolean sendInitialEvents) {
    public static WatchOptions from(String resourceVersion) {
        return new WatchOptions("", "", resourceVersion, true, 0, false);
    }
}
