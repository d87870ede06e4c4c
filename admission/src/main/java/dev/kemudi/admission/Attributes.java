package dev.kemudi.admission;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Resource;
import dev.kemudi.api.Status;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * One request as admission sees it. Trees are for reading only; a changed object comes as a new
 * {@code Attributes}.
 *
 * @param resource what the URL names, in the version that the client speaks
 * @param subresource empty for the object itself
 * @param name empty while the server has not made one from {@code generateName}
 * @param object as it would be stored; empty for deletions
 * @param old as it is stored; empty for creations and connections
 * @param options makes the CreateOptions, UpdateOptions, PatchOptions or DeleteOptions
 */
public record Attributes(
        Operation operation,
        Resource resource,
        String subresource,
        String namespace,
        String name,
        Optional<ApiObject> object,
        Optional<ApiObject> old,
        Requester user,
        boolean dryRun,
        Supplier<ObjectNode> options,
        Feedback feedback) {

    /** What is to be done. */
    public enum Operation {
        CREATE,
        UPDATE,
        DELETE,
        CONNECT
    }

    /** Who asks. */
    public record Requester(
            String name, String uid, List<String> groups, Map<String, List<String>> extra) {}

    /** Hears what is said of a request besides yes and no. Used by one thread at a time. */
    public interface Feedback {
        /** For requests that nobody sent. */
        Feedback NONE =
                new Feedback() {
                    @Override
                    public void warn(String text) {}

                    @Override
                    public void annotate(String key, String value) {}
                };

        /** For whoever sent the request. */
        void warn(String text);

        /** For the audit log. */
        void annotate(String key, String value);
    }

    /** The object that is about to be, or else the one that was. */
    ApiObject either() {
        return object.or(() -> old).orElseGet(() -> ApiObject.named(resource, namespace, name));
    }

    Attributes with(ObjectNode changed) {
        return with(resource, Optional.of(ApiObject.of(changed)), old);
    }

    /** The same request in another version. */
    Attributes with(Resource version, Optional<ApiObject> changed, Optional<ApiObject> before) {
        return new Attributes(
                operation,
                version,
                subresource,
                namespace,
                name,
                changed,
                before,
                user,
                dryRun,
                options,
                feedback);
    }

    /** Whether the object itself is created, rather than a part of it. */
    boolean creates(Resource kind) {
        return operation == Operation.CREATE && about(kind);
    }

    boolean about(Resource kind) {
        return subresource.isEmpty() && resource.equals(kind);
    }

    Status forbidden(String why) {
        String shown = name.isEmpty() ? either().name() : name;
        return Status.forbidden(
                resource, shown.isEmpty() ? either().text("/metadata/generateName") : shown, why);
    }
}
