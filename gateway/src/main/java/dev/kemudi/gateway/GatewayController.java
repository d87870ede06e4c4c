package dev.kemudi.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiClient;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ObjectKey;
import dev.kemudi.api.Resource;
import dev.kemudi.controller.Controller;
import dev.kemudi.controller.ControllerMetrics;
import dev.kemudi.controller.EventHandler;
import dev.kemudi.controller.Informer;
import dev.kemudi.controller.Result;
import dev.kemudi.kernel.TimeSource;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

/*
 * From declared objects to a table
 * --------------------------------
 * Two paths, because they differ in haste. Endpoints change all the time and must leave the moment they are
 * not ready: EndpointSlice events go straight to their back ends, on the informer's thread, and no table is
 * built. Everything else marks the one work item dirty; a worker waits a few milliseconds for more, builds a
 * whole table and swaps it in. Routes are compiled once for each of their versions, so a build costs what
 * changed plus one pass over the rest.
 *
 * What holds always: the table is swapped before statuses are written, so "Programmed" is never ahead of the
 * truth.
 */
final class GatewayController implements AutoCloseable {
    private static final ObjectKey EVERYTHING = new ObjectKey("", "gateway-snapshot");
    private static final String SERVICE_LABEL = "kubernetes.io/service-name";
    private static final String BY_SERVICE = "service";

    private record Cached(String version, long epoch, RouteCompiler.Compiled compiled) {}

    private final ApiClient client;
    private final Proxy proxy;
    private final Ports ports;
    private final String address;
    private final TimeSource time;
    private final Limits limits;
    private final GatewayMetrics metrics;
    private final Informer classes;
    private final Informer gateways;
    private final Informer routes;
    private final Informer grants;
    private final Informer services;
    private final Informer slices;
    private final Informer namespaces;
    private final Endpoints endpoints;
    private final RouteCompiler compiler;
    private final Controller controller;
    private final AtomicLong referencesEpoch = new AtomicLong();
    private Map<ObjectKey, Cached> compiled = new HashMap<>();

    GatewayController(
            ApiClient client,
            Proxy proxy,
            Ports ports,
            String address,
            TimeSource time,
            GatewayMetrics metrics,
            ControllerMetrics controllerMetrics) {
        this.client = client;
        this.proxy = proxy;
        this.ports = ports;
        this.address = address;
        this.time = time;
        this.limits = proxy.limits();
        this.metrics = metrics;
        classes = Informer.builder(client, GatewayKinds.CLASSES).metrics(controllerMetrics).build();
        gateways =
                Informer.builder(client, GatewayKinds.GATEWAYS).metrics(controllerMetrics).build();
        routes = Informer.builder(client, GatewayKinds.ROUTES).metrics(controllerMetrics).build();
        grants = Informer.builder(client, GatewayKinds.GRANTS).metrics(controllerMetrics).build();
        services = Informer.builder(client, Resource.SERVICES).metrics(controllerMetrics).build();
        namespaces =
                Informer.builder(client, Resource.NAMESPACES).metrics(controllerMetrics).build();
        slices =
                Informer.builder(client, Resource.ENDPOINT_SLICES)
                        .metrics(controllerMetrics)
                        .index(BY_SERVICE, slice -> List.of(service(slice).toString()))
                        .build();
        endpoints =
                new Endpoints(
                        proxy.lanes(),
                        service -> slices.byIndex(BY_SERVICE, service.toString()),
                        proxy::endpointsChanged);
        compiler = new RouteCompiler(services::get, grants::list, endpoints, metrics);
        controller =
                new Controller(
                        "gateway",
                        key -> rebuild(),
                        1,
                        time,
                        dev.kemudi.controller.Limits.defaults(),
                        controllerMetrics);
    }

    private static ObjectKey service(ApiObject slice) {
        return new ObjectKey(slice.namespace(), slice.labels().getOrDefault(SERVICE_LABEL, ""));
    }

    void start() {
        slices.addHandler(
                new EventHandler() {
                    @Override
                    public void onAdd(ApiObject object, boolean initial) {
                        endpoints.changed(service(object));
                    }

                    @Override
                    public void onUpdate(ApiObject old, ApiObject now) {
                        endpoints.changed(service(old));
                        endpoints.changed(service(now));
                    }

                    @Override
                    public void onDelete(ApiObject last, boolean stateUnknown) {
                        endpoints.changed(service(last));
                    }
                });
        for (Informer informer : List.of(classes, gateways, routes, namespaces)) {
            controller.watches(informer, object -> List.of(EVERYTHING));
        }
        for (Informer informer : List.of(services, grants)) {
            controller.watches(
                    informer,
                    object -> {
                        referencesEpoch.incrementAndGet();
                        return List.of(EVERYTHING);
                    });
        }
        controller.watches(slices, slice -> List.of());
        for (Informer informer :
                List.of(classes, gateways, routes, grants, services, namespaces, slices)) {
            informer.start();
        }
        controller.start();
    }

    private Result rebuild() throws InterruptedException {
        time.sleep(limits.debounceMillis());
        long began = time.nanoTime();
        String now = time.now().truncatedTo(ChronoUnit.SECONDS).toString();
        Snapshot snapshot =
                new Snapshot(name -> namespaces.get("", name).map(ApiObject::labels), now);
        Set<String> own = new HashSet<>();
        for (ApiObject candidate : classes.list()) {
            if (candidate.text("/spec/controllerName").equals(GatewayKinds.CONTROLLER)) {
                own.add(candidate.name());
            }
        }
        List<ApiObject> served =
                gateways.list().stream()
                        .filter(g ->
                                own.contains(g.text("/spec/gatewayClassName")) && !g.deleting())
                        .sorted(
                                Comparator.comparing((ApiObject g) ->
                                                g.text("/metadata/creationTimestamp"))
                                        .thenComparing(ApiObject::key))
                        .toList();
        served.forEach(snapshot::gateway);
        ports.assign(snapshot.ports());
        snapshot.place(ports);
        List<ApiObject> declared = routes.list();
        compile(declared, snapshot);
        proxy.swap(snapshot.table());
        endpoints.retain(snapshot.backends());
        metrics.snapshots.inc();
        metrics.snapshotSeconds.observe((time.nanoTime() - began) / 1e9);
        report(snapshot, own, served, declared, now);
        return Result.DONE;
    }

    private void compile(List<ApiObject> declared, Snapshot snapshot) {
        long epoch = referencesEpoch.get();
        Map<ObjectKey, Cached> next = new HashMap<>();
        for (ApiObject route : declared) {
            Cached cached = compiled.get(route.key());
            // Status writes change the resourceVersion but not the generation: they compile
            // nothing.
            String version =
                    route.uid()
                            + "/"
                            + (route.generation() > 0
                                    ? route.generation()
                                    : route.resourceVersion());
            if (cached == null || cached.epoch != epoch || !cached.version.equals(version)) {
                cached = new Cached(version, epoch, compiler.compile(route));
            }
            next.put(route.key(), cached);
            snapshot.route(route, cached.compiled);
        }
        compiled = next;
    }

    private void report(
            Snapshot snapshot,
            Set<String> own,
            List<ApiObject> served,
            List<ApiObject> declared,
            String now) {
        for (String name : own) {
            classes.get("", name)
                    .ifPresent(c -> write(GatewayKinds.CLASSES, c, classStatus(c, now)));
        }
        for (ApiObject gateway : served) {
            write(GatewayKinds.GATEWAYS, gateway, snapshot.gatewayStatus(gateway.key(), address));
        }
        for (ApiObject route : declared) {
            snapshot.routeStatus(route.key()).ifPresent(s -> write(GatewayKinds.ROUTES, route, s));
        }
    }

    private static ObjectNode classStatus(ApiObject gatewayClass, String now) {
        ObjectNode status = JsonNodeFactory.instance.objectNode();
        JsonNode before = gatewayClass.at("/status/conditions");
        status.set(
                "conditions",
                new Conditions()
                        .set("Accepted", true, "Accepted", "")
                        .toTree(before, gatewayClass.generation(), now));
        return status;
    }

    /* A lost race is no loss: the change that won it brings the next build. */
    private void write(Resource resource, ApiObject object, ObjectNode status) {
        if (GatewayKinds.contains(object.at("/status"), status)) {
            return;
        }
        try {
            client.updateStatus(resource, object.edit(tree -> tree.set("status", status)));
        } catch (ApiException e) {
            if (!e.conflict() && !e.notFound()) {
                // The others still get theirs; the next change of this object tries again.
                System.getLogger(GatewayController.class.getName())
                        .log(
                                System.Logger.Level.WARNING,
                                "status of %s %s was refused: %s"
                                        .formatted(resource.kind(), object.key(), e.getMessage()));
            }
        }
    }

    @Override
    public void close() {
        controller.close();
        for (Informer informer :
                List.of(classes, gateways, routes, grants, services, namespaces, slices)) {
            informer.close();
        }
    }
}
