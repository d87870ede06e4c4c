package dev.kemudi.workloads;

import static dev.kemudi.workloads.Eventually.eventually;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiClient;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.DeleteOptions;
import dev.kemudi.api.ListOptions;
import dev.kemudi.api.Resource;
import dev.kemudi.apiserver.ApiServer;
import dev.kemudi.controller.EventHandler;
import dev.kemudi.controller.Informer;
import dev.kemudi.kernel.Tracer;
import dev.kemudi.kinds.BuiltinKinds;
import dev.kemudi.store.KemudiStore;
import dev.kemudi.store.Store;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.nio.file.Path;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * A real API server over a store in memory, the built-in controllers, and a kubelet that only says
 * that pods run.
 */
final class Cluster implements AutoCloseable {
    final ApiClient client;
    private final Store store;
    private final ApiServer server;
    private Workloads workloads;
    private final Informer kubelet;
    private final Thread heart;

    /** What all of it goes by. */
    final MovableTime time = new MovableTime();

    /** Which pods the kubelet finds ready; others run but never become so. */
    volatile Predicate<ApiObject> healthy = pod -> true;

    /** What pods use of a container called c. */
    volatile Function<String, Map<String, PodUsage.Usage>> usage = uid -> Map.of();

    /** Whether nodes give signs of life, and what they say of themselves. */
    volatile boolean beats = true;

    volatile String nodeReady = "True";

    /** Whether the kubelet ends pods that are being deleted. */
    volatile boolean reaps = true;

    Cluster(Path directory) {
        PrometheusRegistry metrics = new PrometheusRegistry();
        store = KemudiStore.inMemory(time, metrics);
        server =
                new ApiServer(
                        new ApiServer.Config("127.0.0.1", 0, directory.resolve("pki")),
                        store,
                        BuiltinKinds.all(),
                        metrics,
                        Tracer.NONE,
                        time,
                        dev.kemudi.apiserver.Limits.defaults());
        server.start();
        client = server.client("admin");
        workloads = controllers();
        node("n1", "");
        kubelet = Informer.of(server.client("system:node"), Resource.PODS);
        kubelet.addHandler(
                new EventHandler() {
                    @Override
                    public void onAdd(ApiObject pod, boolean initial) {
                        run(pod);
                    }

                    @Override
                    public void onUpdate(ApiObject old, ApiObject now) {
                        run(now);
                    }
                });
        kubelet.start();
        heart = Thread.ofVirtual().name("heart").start(this::beat);
    }

    private Workloads controllers() {
        return new Workloads(
                        server.client("system:kube-controller-manager"),
                        this::served,
                        uid -> usage.apply(uid),
                        new PrometheusRegistry(),
                        time,
                        Limits.defaults())
                .start();
    }

    /** Ends the controllers in whatever they do, and starts others that know nothing. */
    void restartControllers() {
        workloads.close();
        workloads = controllers();
    }

    private List<Resource> served() {
        List<Resource> all = new ArrayList<>();
        BuiltinKinds.all().stream()
                .filter(d -> d.strategy().storedForm().isEmpty())
                .forEach(d -> all.add(d.resource()));
        for (ApiObject crd :
                client.list(Resource.CUSTOM_RESOURCE_DEFINITIONS, "", ListOptions.ALL).items()) {
            all.add(
                    new Resource(
                            crd.text("/spec/group"),
                            crd.text("/spec/versions/0/name"),
                            crd.text("/spec/names/plural"),
                            crd.text("/spec/names/kind"),
                            crd.text("/spec/scope").equals("Namespaced")));
        }
        return all;
    }

    private void beat() {
        try {
            while (true) {
                if (beats) {
                    client.list(Resource.NODES, "", ListOptions.ALL).items().forEach(this::beat);
                }
                time.sleep(10_000);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Again when somebody else was faster; a node that is gone, or a server that ends, hears
     * nothing.
     */
    private void beat(ApiObject node) {
        boolean again = true;
        while (again && !Thread.currentThread().isInterrupted()) {
            try {
                client.updateStatus(
                        Resource.NODES,
                        client.get(Resource.NODES, "", node.name()).edit(this::beat));
                again = false;
            } catch (ApiException e) {
                again = e.conflict();
            }
        }
    }

    private void beat(ObjectNode node) {
        node.withObjectProperty("status")
                .putArray("conditions")
                .addObject()
                .put("type", "Ready")
                .put("status", nodeReady)
                .put("lastHeartbeatTime", time.now().toString());
    }

    /** When n1 was last heard. */
    String heartbeat() {
        return client.get(Resource.NODES, "", "n1").text("/status/conditions/0/lastHeartbeatTime");
    }

    private void run(ApiObject pod) {
        String node = DaemonPods.node(pod);
        try {
            if (pod.deleting()) {
                if (reaps && !pod.text("/spec/nodeName").isEmpty()) {
                    client.delete(
                            Resource.PODS,
                            pod.namespace(),
                            pod.name(),
                            DeleteOptions.ofUid(pod.uid()).graceSeconds(0));
                }
            } else if (pod.text("/spec/nodeName").isEmpty()) {
                client.update(
                        Resource.PODS,
                        pod.edit(t ->
                                t.withObjectProperty("spec")
                                        .put("nodeName", node.isEmpty() ? "n1" : node)));
            } else if (pod.text("/status/podIP").isEmpty()) {
                report(pod, "Running");
            }
        } catch (ApiException e) {
            if (!e.conflict() && !e.notFound()) {
                throw e;
            }
        }
    }

    /** Writes a pod's status as a node would. */
    void report(ApiObject pod, String phase) {
        String ready = phase.equals("Running") && healthy.test(pod) ? "True" : "False";
        client.updateStatus(
                Resource.PODS,
                pod.edit(tree -> {
                    ObjectNode status = tree.withObjectProperty("status");
                    status.put("phase", phase).put("podIP", "127.9.0.1");
                    status.putArray("conditions")
                            .addObject()
                            .put("type", "Ready")
                            .put("status", ready)
                            .put(
                                    "lastTransitionTime",
                                    time.now().truncatedTo(ChronoUnit.SECONDS).toString());
                }));
    }

    /** A container that ended, as a node reports it. */
    void finish(ApiObject pod, String phase) {
        eventually(
                "reported " + phase,
                () -> {
                    try {
                        report(client.get(Resource.PODS, pod.namespace(), pod.name()), phase);
                        return true;
                    } catch (ApiException e) {
                        if (e.conflict()) {
                            return false;
                        }
                        throw e;
                    }
                });
    }

    void node(String name, String more) {
        apply(
                Resource.NODES,
                """
                {"apiVersion":"v1","kind":"Node",
                 "metadata":{"name":"%s","labels":{"kubernetes.io/hostname":"%s"}}%s}
                """
                        .formatted(name, name, more));
    }

    ApiObject apply(Resource resource, String json) {
        return client.create(resource, ApiObject.parse(json));
    }

    ApiObject deployment(String name, int replicas, String more) {
        return apply(
                Resource.DEPLOYMENTS,
                """
                {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"%s","namespace":"default"},
                 "spec":{"replicas":%d,"selector":{"matchLabels":{"app":"%s"}},
                  "template":{"metadata":{"labels":{"app":"%s"}},
                   "spec":{"containers":[{"name":"c","image":"host","env":[{"name":"V","value":"1"}]}]}}%s}}
                """
                        .formatted(name, replicas, name, name, more));
    }

    /** Changes a stored object, again when somebody else was faster. */
    void change(Resource resource, String name, Consumer<ObjectNode> change) {
        eventually(
                "changed " + name,
                () -> {
                    try {
                        client.update(resource, client.get(resource, "default", name).edit(change));
                        return true;
                    } catch (ApiException e) {
                        if (e.conflict()) {
                            return false;
                        }
                        throw e;
                    }
                });
    }

    void changeNode(String name, Consumer<ObjectNode> change) {
        eventually(
                "changed " + name,
                () -> {
                    try {
                        client.update(
                                Resource.NODES, client.get(Resource.NODES, "", name).edit(change));
                        return true;
                    } catch (ApiException e) {
                        if (e.conflict()) {
                            return false;
                        }
                        throw e;
                    }
                });
    }

    static void image(ObjectNode deployment, String value) {
        ((ObjectNode) deployment.at("/spec/template/spec/containers/0/env/0")).put("value", value);
    }

    ApiObject get(Resource resource, String name) {
        return client.get(resource, "default", name);
    }

    List<ApiObject> list(Resource resource) {
        return client.list(resource, "default", ListOptions.ALL).items();
    }

    List<ApiObject> activePods(String app) {
        return list(Resource.PODS).stream()
                .filter(p -> app.equals(p.labels().get("app")) && Pods.active(p))
                .toList();
    }

    void await(String what, Supplier<Boolean> condition) {
        eventually(what, condition::get);
    }

    /** What {@code kubectl rollout status} waits for. */
    boolean rolledOut(String name) {
        ApiObject d = get(Resource.DEPLOYMENTS, name);
        int wanted = d.integer("/spec/replicas", 0);
        return d.integer("/status/observedGeneration", 0) >= d.generation()
                && d.integer("/status/updatedReplicas", 0) == wanted
                && d.integer("/status/replicas", 0) == wanted
                && d.integer("/status/availableReplicas", 0) == wanted
                && Pods.condition(d, "Progressing")
                        .filter(c -> c.path("reason").asText().equals("NewReplicaSetAvailable"))
                        .isPresent();
    }

    @Override
    public void close() {
        heart.interrupt();
        kubelet.close();
        workloads.close();
        server.close();
        store.close();
    }
}
