package dev.kemudi.controller;

import dev.kemudi.api.ApiObject;
import java.util.List;

/** What the reflector tells the cache, in the order the server told it. */
sealed interface Delta {
    /** ADDED or MODIFIED: the cache itself knows which of the two it is. */
    record Upsert(ApiObject object) implements Delta {}

    record Delete(ApiObject last) implements Delta {}

    /** A list: everything there is at {@code revision}, and nothing else. */
    record ReplacedAll(List<ApiObject> objects, String revision) implements Delta {}

    /** Tell {@code handler} everything again. */
    record SyncAll(HandlerQueue handler) implements Delta {}

    record Bookmark(String revision) implements Delta {}
}
