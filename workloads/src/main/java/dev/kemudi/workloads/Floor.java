package dev.kemudi.workloads;

import dev.kemudi.api.ApiClient;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.DeleteOptions;
import dev.kemudi.api.ObjectKey;
import dev.kemudi.api.OwnerReference;
import dev.kemudi.api.Resource;
import dev.kemudi.controller.Controller;
import dev.kemudi.controller.ControllerMetrics;
import dev.kemudi.controller.EventRecorder;
import dev.kemudi.controller.Informer;
import dev.kemudi.controller.Reconciler;
import dev.kemudi.kernel.TimeSource;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What all built-in controllers stand on: the client, one informer per kind, the clock, the
 * recorder of Events.
 */
final class Floor {
    /** Index: by the uid of every owner. */
    static final String OWNER = "owner";

    /** Index: objects that no controller manages, by namespace. */
    static final String UNMANAGED = "unmanaged";

    /** Index: pods by the node they are bound to. */
    static final String NODE = "node";

    final ApiClient client;
    final TimeSource time;
    final Limits limits;
    final ControllerMetrics metrics;
    final EventRecorder recorder;
    final Informer pods;
    final Informer replicaSets;
    final Informer deployments;
    final Informer jobs;
    final Informer services;
    final Informer slices;
    final Informer namespaces;
    final Informer serviceAccounts;
    final Informer definitions;
    final Informer budgets;
    final Informer statefulSets;
    final Informer controllerRevisions;
    final Informer daemonSets;
    final Informer nodes;
    final Informer cronJobs;
    final Informer autoscalers;
    final Informer leases;
    final Informer quotas;

    /** The shared informers, for whoever needs one for every kind. */
    final Map<Resource, Informer> shared = new LinkedHashMap<>();

    Floor(ApiClient client, TimeSource time, Limits limits, ControllerMetrics metrics) {
        this.client = client;
        this.time = time;
        this.limits = limits;
        this.metrics = metrics;
        recorder =
                new EventRecorder(
                        client,
                        "kemudi-workloads",
                        time,
                        dev.kemudi.controller.Limits.defaults(),
                        metrics);
        pods = share(Resource.PODS);
        replicaSets = share(Resource.REPLICA_SETS);
        deployments = share(Resource.DEPLOYMENTS);
        jobs = share(Resource.JOBS);
        services = share(Resource.SERVICES);
        slices = share(Resource.ENDPOINT_SLICES);
        namespaces = share(Resource.NAMESPACES);
        serviceAccounts = share(Resource.SERVICE_ACCOUNTS);
        definitions = share(Resource.CUSTOM_RESOURCE_DEFINITIONS);
        budgets = share(Resource.POD_DISRUPTION_BUDGETS);
        statefulSets = share(Resource.STATEFUL_SETS);
        controllerRevisions = share(Resource.CONTROLLER_REVISIONS);
        daemonSets = share(Resource.DAEMON_SETS);
        nodes = share(Resource.NODES);
        cronJobs = share(Resource.CRON_JOBS);
        autoscalers = share(Resource.HORIZONTAL_POD_AUTOSCALERS);
        leases = share(Resource.LEASES);
        quotas = share(Resource.RESOURCE_QUOTAS);
    }

    private Informer share(Resource resource) {
        Informer informer = informer(resource);
        shared.put(resource, informer);
        return informer;
    }

    /** A new informer with the indexes that controllers and the collector need. */
    Informer informer(Resource resource) {
        return Informer.builder(client, resource)
                .index(OWNER, Floor::ownerUids)
                .index(
                        UNMANAGED,
                        o -> o.controller().isPresent() ? List.of() : List.of(o.namespace()))
                .index(
                        NODE,
                        o ->
                                resource.equals(Resource.PODS)
                                        ? List.of(o.text("/spec/nodeName"))
                                        : List.of())
                .metrics(metrics)
                .time(time)
                .build();
    }

    private static Collection<String> ownerUids(ApiObject object) {
        return object.ownerReferences().stream().map(OwnerReference::uid).distinct().toList();
    }

    Controller controller(String name, Reconciler reconciler) {
        return new Controller(
                name,
                reconciler,
                limits.workersPerController(),
                time,
                dev.kemudi.controller.Limits.defaults(),
                metrics);
    }

    /** Now, as objects carry it. */
    String timestamp() {
        return time.now().truncatedTo(ChronoUnit.SECONDS).toString();
    }

    /** The key of the controlling owner when it is of {@code kind}. */
    static Optional<ObjectKey> managerKey(ApiObject object, Resource kind) {
        return object.controller()
                .filter(o ->
                        o.kind().equals(kind.kind()) && o.apiVersion().equals(kind.apiVersion()))
                .map(o -> new ObjectKey(object.namespace(), o.name()));
    }

    /**
     * Deletes {@code pod} as {@code owner}'s controller does, and says so in {@code message}. One
     * that is gone already is taken for deleted.
     */
    void deletePod(Freshness freshness, ApiObject owner, ApiObject pod, String message) {
        try {
            client.delete(
                            Resource.PODS,
                            pod.namespace(),
                            pod.name(),
                            DeleteOptions.ofUid(pod.uid()))
                    .ifPresentOrElse(
                            held -> freshness.wrote(owner.key(), held),
                            () -> freshness.deleted(owner.key(), pod));
            recorder.normal(owner, "SuccessfulDelete", message);
        } catch (ApiException e) {
            if (!e.notFound()) {
                throw e;
            }
            freshness.deleted(owner.key(), pod);
        }
    }
}
