package dev.kemudi.apiserver;

import dev.kemudi.api.ApiException;
import dev.kemudi.api.Status;
import java.io.IOException;

/** Parts of an object that have a path of their own. */
final class SubresourceHandler {
    int handle(Exchange exchange, RequestPath path, Kind kind, User user) throws IOException, InterruptedException {
        throw new ApiException(Status.of(404, "NotFound", "the server could not find the requested resource"));
    }
}
