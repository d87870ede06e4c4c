package dev.kemudi.admission;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.admission.Attributes.Requester;
import dev.kemudi.api.ApiClient;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Resource;
import dev.kemudi.cel.Authorizer;
import dev.kemudi.schema.Schema;
import java.util.List;
import java.util.Optional;

/**
 * What admission needs to know of the API server that it serves. Reads come from the server's watch
 * caches and may be a moment old. Safe for use by many threads.
 */
public interface Cluster {
    /** Grows whenever the objects of {@code resource} may have become different. */
    long changes(Resource resource);

    /** All objects; none when the server does not serve the kind. */
    List<ApiObject> all(Resource resource);

    Optional<ApiObject> find(Resource resource, String namespace, String name);

    /** The served resource of a kind. */
    Optional<Resource> resource(String apiVersion, String kind);

    /** Any served version of a plural. */
    Optional<Resource> served(String group, String plural);

    /** All served versions of the same objects, the given one among them. */
    List<Resource> versions(Resource resource);

    /** The object in another of its versions. */
    ApiObject converted(ApiObject object, Resource to);

    /**
     * A changed object as a client of its kind could have sent it: defaults filled in, fields that
     * its schema does not know dropped. What belongs to a subresource comes back as it is.
     */
    ApiObject filled(Resource resource, String subresource, ObjectNode changed);

    /** What objects of the kind look like. */
    Optional<Schema> schema(Resource resource);

    Authorizer authorizer(Requester user);

    /** Reads and writes past the caches, as the server itself. */
    ApiClient client();
}
