package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.DeleteOptions.Propagation;
import dev.kemudi.api.Status;
import dev.kemudi.kernel.TimeSource;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Deletion: at once when nothing holds the object; otherwise marked with a deletionTimestamp until
 * the last finalizer and the grace period are gone.
 */
final class Deletes {
    private static final String FOREGROUND = "foregroundDeletion";
    private static final String ORPHAN = "orphan";

    private final Storage storage;
    private final Limits limits;
    private final TimeSource time;
    private final CustomResources customResources;
    private final Admitting admission;

    /**
     * What the client asked for.
     *
     * @param propagation empty to keep the finalizers that are there
     * @param options who asks, and whom to warn
     */
    record Request(
            Optional<Propagation> propagation,
            OptionalLong graceSeconds,
            String uid,
            String resourceVersion,
            boolean dryRun,
            WriteOptions options) {
        /** The same for what {@code object} has become since the preconditions were checked. */
        Request about(ApiObject object) {
            String version = resourceVersion.isEmpty() ? "" : object.resourceVersion();
            return new Request(propagation, graceSeconds, object.uid(), version, dryRun, options);
        }
    }

    /**
     * @param gone whether the object left with this call; otherwise {@code object} is how it now
     *     stands
     */
    record Outcome(ApiObject object, boolean gone) {}

    Deletes(
            Storage storage,
            Limits limits,
            TimeSource time,
            CustomResources customResources,
            Admitting admission) {
        this.storage = storage;
        this.limits = limits;
        this.time = time;
        this.customResources = customResources;
        this.admission = admission;
    }

    Outcome delete(Kind kind, String namespace, String name, Request request) {
        kind.cache().load();
        for (int attempt = 0; attempt < limits.writeRetriesMax(); attempt++) {
            ApiObject stored =
                    storage.read(kind, namespace, name)
                            .orElseThrow(
                                    () -> new ApiException(Status.notFound(kind.resource(), name)));
            checkPreconditions(kind, name, stored, request);
            admission.delete(kind, stored, request);
            Optional<Outcome> outcome = attempt(kind, namespace, name, stored, request);
            if (outcome.isPresent()) {
                return new Outcome(kind.view(outcome.get().object()), outcome.get().gone());
            }
        }
        throw new ApiException(
                Status.conflict(kind.resource(), name, "the object keeps changing; try again"));
    }

    /**
     * @throws ApiException 409 when {@code stored} is not the object that was meant
     */
    static void checkPreconditions(Kind kind, String name, ApiObject stored, Request request) {
        if (!request.uid().isEmpty() && !request.uid().equals(stored.uid())) {
            throw new ApiException(
                    Status.conflict(
                            kind.resource(),
                            name,
                            "Precondition failed: UID in precondition: "
                                    + request.uid()
                                    + ", UID in object meta: "
                                    + stored.uid()));
        }
        if (!request.resourceVersion().isEmpty()
                && !request.resourceVersion().equals(stored.resourceVersion())) {
            throw new ApiException(
                    Status.conflict(
                            kind.resource(),
                            name,
                            "Precondition failed: ResourceVersion in precondition: "
                                    + request.resourceVersion()
                                    + ", ResourceVersion in object meta: "
                                    + stored.resourceVersion()));
        }
    }

    private Optional<Outcome> attempt(
            Kind kind, String namespace, String name, ApiObject stored, Request request) {
        OptionalLong usual = kind.definition().strategy().gracePeriodSeconds(stored);
        boolean graceful = usual.isPresent();
        long grace =
                graceful && usual.getAsLong() > 0
                        ? Math.max(0, request.graceSeconds().orElse(usual.getAsLong()))
                        : 0;
        ObjectNode tree = stored.tree().deepCopy();
        ObjectNode metadata = ObjectMeta.of(tree);
        metadata.remove("resourceVersion");
        boolean finalizersChanged = setFinalizers(metadata, stored, request.propagation());
        boolean held = isHeld(tree);
        long expected = Long.parseLong(stored.resourceVersion());
        if (!held && grace == 0) {
            return gone(kind, namespace, name, stored, expected, request);
        }
        boolean marked = stored.deleting();
        long remaining = metadata.path("deletionGracePeriodSeconds").asLong(0);
        if (marked && !finalizersChanged && grace >= remaining) {
            return Optional.of(new Outcome(stored, false)); // deletion is under way already
        }
        if (!marked || grace < remaining) {
            metadata.put("deletionTimestamp", ObjectMeta.timestamp(time.now().plusSeconds(grace)));
            metadata.put("deletionGracePeriodSeconds", grace);
        }
        if (!marked && metadata.has("generation")) {
            metadata.put("generation", stored.generation() + 1);
        }
        Namespaces.markTerminating(kind.resource(), tree);
        if (request.dryRun()) {
            return Optional.of(new Outcome(ApiObject.of(tree), false));
        }
        Optional<ApiObject> written = storage.write(kind, namespace, name, tree, expected, 0);
        written.ifPresent(object -> written(kind, Long.parseLong(object.resourceVersion())));
        return written.map(object -> new Outcome(object, false));
    }

    private Optional<Outcome> gone(
            Kind kind,
            String namespace,
            String name,
            ApiObject stored,
            long expected,
            Request request) {
        if (request.dryRun()) {
            return Optional.of(new Outcome(stored, true));
        }
        Optional<Long> revision = storage.delete(kind, namespace, name, expected);
        revision.ifPresent(r -> written(kind, r));
        return revision.map(r -> new Outcome(WatchCache.withRevision(stored, r), true));
    }

    private void written(Kind kind, long revision) {
        customResources.written(kind, revision);
        admission.written(kind, revision);
    }

    private static boolean setFinalizers(
            ObjectNode metadata, ApiObject stored, Optional<Propagation> propagation) {
        if (propagation.isEmpty()) {
            return false;
        }
        Set<String> finalizers = new LinkedHashSet<>(stored.finalizers());
        finalizers.remove(FOREGROUND);
        finalizers.remove(ORPHAN);
        switch (propagation.get()) {
            case FOREGROUND -> finalizers.add(FOREGROUND);
            case ORPHAN -> finalizers.add(ORPHAN);
            case BACKGROUND -> {}
        }
        if (finalizers.equals(new LinkedHashSet<>(stored.finalizers()))) {
            return false;
        }
        metadata.remove("finalizers");
        if (!finalizers.isEmpty()) {
            ArrayNode array = metadata.putArray("finalizers");
            finalizers.forEach(array::add);
        }
        return true;
    }

    private static boolean isHeld(JsonNode tree) {
        return !tree.path("metadata").path("finalizers").isEmpty() || Namespaces.holds(tree);
    }

    /** Whether {@code tree} is marked as deleted and nothing holds it any more. */
    static boolean released(ObjectNode tree) {
        JsonNode metadata = tree.path("metadata");
        return metadata.has("deletionTimestamp")
                && metadata.path("deletionGracePeriodSeconds").asLong(0) == 0
                && !isHeld(tree);
    }
}
