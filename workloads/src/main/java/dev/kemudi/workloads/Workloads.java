package dev.kemudi.workloads;

import dev.kemudi.api.ApiClient;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Resource;
import dev.kemudi.controller.Controller;
import dev.kemudi.controller.ControllerMetrics;
import dev.kemudi.controller.EventHandler;
import dev.kemudi.controller.Informer;
import dev.kemudi.kernel.TimeSource;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;

/**
 * The built-in controllers: Deployment, ReplicaSet, StatefulSet, DaemonSet, Job, CronJob,
 * EndpointSlice, PodDisruptionBudget, HorizontalPodAutoscaler, ResourceQuota, the life of nodes,
 * namespaces and their default ServiceAccount, and garbage collection by ownership. One informer
 * per kind, shared by all of them.
 */
public final class Workloads implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Workloads.class.getName());
    private static final Duration SYNC_STEP = Duration.ofSeconds(10);

    private final Floor floor;
    private final Monitors monitors;
    private final Collector collector;
    private final List<Controller> controllers;
    private final Semaphore definitionsChanged = new Semaphore(0);
    private final Thread discovery;

    /**
     * @param client in-process for speed; any other serves as well
     * @param served every kind the server serves at this moment, custom ones included; asked again
     *     whenever a CustomResourceDefinition changes
     * @param usage what pods use, for autoscalers
     */
    public Workloads(
            ApiClient client,
            Supplier<List<Resource>> served,
            PodUsage usage,
            PrometheusRegistry registry,
            TimeSource time,
            Limits limits) {
        floor = new Floor(client, time, limits, new ControllerMetrics(registry, "workloads"));
        monitors = new Monitors(floor, served);
        collector = new Collector(floor, monitors);
        monitors.listen(collector);
        ScaleTargets targets = new ScaleTargets(floor, monitors);
        controllers =
                List.of(
                        NamespaceContent.controller(floor, monitors),
                        ServiceAccounts.controller(floor),
                        ReplicaSets.controller(floor),
                        Deployments.controller(floor),
                        StatefulSets.controller(floor, monitors),
                        DaemonSets.controller(floor),
                        NodeLifecycle.controller(floor),
                        Quotas.controller(floor, monitors),
                        Jobs.controller(floor),
                        CronJobs.controller(floor),
                        Endpoints.controller(floor),
                        DisruptionBudgets.controller(floor, targets),
                        Autoscalers.controller(floor, targets, usage));
        floor.definitions.addHandler(
                new EventHandler() {
                    @Override
                    public void onAdd(ApiObject object, boolean initial) {
                        definitionsChanged.release();
                    }

                    @Override
                    public void onUpdate(ApiObject old, ApiObject now) {
                        definitionsChanged.release();
                    }

                    @Override
                    public void onDelete(ApiObject last, boolean stateUnknown) {
                        definitionsChanged.release();
                    }
                });
        discovery = Thread.ofVirtual().name("workloads discovery").unstarted(this::discover);
    }

    /** Starts everything; returns at once. */
    public Workloads start() {
        floor.shared.values().forEach(Informer::start);
        controllers.forEach(Controller::start);
        discovery.start();
        return this;
    }

    /**
     * Collection starts when every kind is known; a kind that comes later is followed from then on.
     */
    private void discover() {
        try {
            refresh();
            while (!monitors.awaitSynced(SYNC_STEP)) {
                LOG.log(
                        System.Logger.Level.INFO,
                        "still reading all kinds before collecting garbage");
            }
            collector.start();
            while (true) {
                definitionsChanged.acquire();
                refresh();
                // The server may serve the kind a moment after the definition says so.
                floor.time.sleep(floor.limits.discoverySettleMillis());
                definitionsChanged.drainPermits();
                refresh();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void refresh() {
        try {
            monitors.refresh();
        } catch (RuntimeException e) {
            if (Thread.currentThread().isInterrupted()) {
                return; // closing: nobody follows what is new
            }
            LOG.log(
                    System.Logger.Level.WARNING,
                    "looking for new kinds failed, will try again at the next change",
                    e);
        }
    }

    /** Ends all controllers, then their informers. Blocks until none of them runs. */
    @Override
    public void close() {
        discovery.interrupt();
        collector.close();
        controllers.forEach(Controller::close);
        monitors.close();
        floor.shared.values().forEach(Informer::close);
        floor.recorder.close();
    }
}
