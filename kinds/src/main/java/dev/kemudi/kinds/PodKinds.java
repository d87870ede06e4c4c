package dev.kemudi.kinds;

import dev.kemudi.api.Resource;
import dev.kemudi.api.ResourceDefinition;
import java.util.List;

/** What pods are made from besides the workloads, what runs them, and what is told of them. */
final class PodKinds {
    private PodKinds() {}

    static List<ResourceDefinition> all() {
        return List.of(
                Kind.of(Resource.REPLICATION_CONTROLLERS, "rc")
                        .categories(BuiltinKinds.ALL)
                        .withStatus()
                        .withScale()
                        .columns(
                                ReplicationControllerStrategy.COLUMNS,
                                new ReplicationControllerStrategy()),
                Kind.of(Resource.POD_TEMPLATES)
                        .columns(PodTemplateStrategy.COLUMNS, new PodTemplateStrategy()),
                Kind.of(Resource.RUNTIME_CLASSES)
                        .columns(RuntimeClassStrategy.COLUMNS, new RuntimeClassStrategy()),
                Kind.of(Resource.NEW_EVENTS, "ev")
                        .columns(NewEventStrategy.columns(), new NewEventStrategy()));
    }
}
