package dev.kemudi.workloads;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.DeleteOptions;
import dev.kemudi.api.ObjectKey;
import dev.kemudi.api.OwnerReference;
import dev.kemudi.api.Resource;
import dev.kemudi.controller.Controller;
import dev.kemudi.controller.Reconciler;
import dev.kemudi.controller.Result;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Tells, as EndpointSlices, which pods serve a Service. A pod that is being deleted stops being
 * ready here at once, whatever its probes still say, so that no new request goes to it.
 */
final class Endpoints implements Reconciler {
    private static final String SERVICE_NAME = "kubernetes.io/service-name";
    private static final String MANAGED_BY = "endpointslice.kubernetes.io/managed-by";
    private static final String MANAGER = "endpointslice-controller.k8s.io";
    private static final long LAG_MILLIS = 1_000;

    private final Floor floor;
    private final Freshness freshness;

    private Endpoints(Floor floor) {
        this.floor = floor;
        this.freshness = new Freshness(floor.slices);
    }

    static Controller controller(Floor floor) {
        return floor.controller("endpointslice", new Endpoints(floor))
                .watches(floor.services)
                .watches(floor.pods, pod -> serving(floor, pod))
                .watches(floor.slices, Endpoints::service);
    }

    private static Collection<ObjectKey> serving(Floor floor, ApiObject pod) {
        Map<String, String> labels = pod.labels();
        return floor.services.list(pod.namespace()).stream()
                .filter(s -> selects(s, labels))
                .map(ApiObject::key)
                .toList();
    }

    private static boolean selects(ApiObject service, Map<String, String> labels) {
        Map<String, String> selector = service.textMap("/spec/selector");
        return !selector.isEmpty() && labels.entrySet().containsAll(selector.entrySet());
    }

    private static Collection<ObjectKey> service(ApiObject slice) {
        return managed(slice)
                ? List.of(
                        new ObjectKey(
                                slice.namespace(), slice.labels().getOrDefault(SERVICE_NAME, "")))
                : List.of();
    }

    private static boolean managed(ApiObject slice) {
        return MANAGER.equals(slice.labels().get(MANAGED_BY));
    }

    @Override
    public Result reconcile(ObjectKey key) {
        Optional<ApiObject> service = floor.services.get(key);
        if (service.isEmpty()) {
            freshness.forget(key);
            return Result.DONE; // its slices go with it, by ownership
        }
        if (service.get().deleting()
                || service.get().text("/spec/type").equals("ExternalName")
                || service.get().textMap("/spec/selector").isEmpty()) {
            return Result.DONE;
        }
        if (!freshness.caughtUp(key)) {
            return Result.after(LAG_MILLIS);
        }
        List<ApiObject> stale =
                new ArrayList<>(
                        floor.slices.byIndex(Floor.OWNER, service.get().uid()).stream()
                                .filter(s -> managed(s) && !s.deleting())
                                .sorted(Comparator.comparing(ApiObject::name))
                                .toList());
        for (ObjectNode wanted : wanted(service.get())) {
            write(service.get(), wanted, stale);
        }
        stale.forEach(slice -> delete(key, slice));
        return Result.DONE;
    }

    // ---- what should be there
    // --------------------------------------------------------------------------------------

    /** What all endpoints of one slice share. */
    private record Group(String addressType, ArrayNode ports) {}

    /**
     * Slices as they should read, without metadata: one or more per address type and set of port
     * numbers.
     */
    private List<ObjectNode> wanted(ApiObject service) {
        Map<Group, List<ObjectNode>> groups = new LinkedHashMap<>();
        boolean unready = service.bool("/spec/publishNotReadyAddresses");
        floor.pods.list(service.namespace()).stream()
                .filter(pod -> selects(service, pod.labels()))
                .filter(pod -> !pod.text("/status/podIP").isEmpty() && !Pods.finished(pod))
                .sorted(Comparator.comparing(ApiObject::name))
                .forEach(pod -> {
                    String type = pod.text("/status/podIP").indexOf(':') >= 0 ? "IPv6" : "IPv4";
                    groups.computeIfAbsent(
                                    new Group(type, ports(service, pod)), _ -> new ArrayList<>())
                            .add(endpoint(pod, unready));
                });
        if (groups.isEmpty()) {
            ArrayNode none = JsonNodeFactory.instance.arrayNode();
            return List.of(slice("IPv4", none, List.of()));
        }
        List<ObjectNode> slices = new ArrayList<>();
        int most = floor.limits.endpointsPerSlice();
        groups.forEach((group, endpoints) -> {
            for (int from = 0; from < endpoints.size(); from += most) {
                List<ObjectNode> part =
                        endpoints.subList(from, Math.min(endpoints.size(), from + most));
                slices.add(slice(group.addressType, group.ports.deepCopy(), part));
            }
        });
        return slices;
    }

    private static ObjectNode slice(
            String addressType, ArrayNode ports, List<ObjectNode> endpoints) {
        ObjectNode slice = JsonNodeFactory.instance.objectNode();
        slice.put("addressType", addressType);
        slice.putArray("endpoints").addAll(endpoints);
        slice.set("ports", ports);
        return slice;
    }

    private static ObjectNode endpoint(ApiObject pod, boolean unready) {
        boolean serving = unready || Pods.ready(pod);
        ObjectNode endpoint = JsonNodeFactory.instance.objectNode();
        endpoint.putArray("addresses").add(pod.text("/status/podIP"));
        endpoint.putObject("conditions")
                .put("ready", unready || (serving && !pod.deleting()))
                .put("serving", serving)
                .put("terminating", pod.deleting());
        if (!pod.text("/spec/nodeName").isEmpty()) {
            endpoint.put("nodeName", pod.text("/spec/nodeName"));
        }
        if (!pod.text("/spec/hostname").isEmpty() && !pod.text("/spec/subdomain").isEmpty()) {
            endpoint.put("hostname", pod.text("/spec/hostname"));
        }
        endpoint.putObject("targetRef")
                .put("kind", "Pod")
                .put("namespace", pod.namespace())
                .put("name", pod.name())
                .put("uid", pod.uid());
        return endpoint;
    }

    /**
     * The Service's ports as this pod offers them: a named target port is looked up in its
     * containers.
     */
    private static ArrayNode ports(ApiObject service, ApiObject pod) {
        ArrayNode ports = JsonNodeFactory.instance.arrayNode();
        for (JsonNode port : service.at("/spec/ports")) {
            int number = target(port, pod);
            if (number == 0) {
                continue; // this pod does not offer the port
            }
            ObjectNode resolved = ports.addObject();
            resolved.put("name", port.path("name").asText(""));
            resolved.put("port", number);
            resolved.put("protocol", protocol(port));
            if (port.has("appProtocol")) {
                resolved.set("appProtocol", port.get("appProtocol"));
            }
        }
        return ports;
    }

    private static String protocol(JsonNode port) {
        return port.path("protocol").asText("TCP");
    }

    private static int target(JsonNode port, ApiObject pod) {
        JsonNode target = port.path("targetPort");
        if (target.isMissingNode() || (target.isNumber() && target.asInt() == 0)) {
            return port.path("port").asInt();
        }
        if (target.isNumber()) {
            return target.asInt();
        }
        for (JsonNode container : pod.at("/spec/containers")) {
            for (JsonNode offered : container.path("ports")) {
                if (offered.path("name").asText().equals(target.asText())
                        && protocol(offered).equals(protocol(port))) {
                    return offered.path("containerPort").asInt();
                }
            }
        }
        return target.asText().matches("\\d{1,5}") ? target.asInt() : 0;
    }

    // ---- writing
    // ---------------------------------------------------------------------------------------------------

    /**
     * Keeps a slice that reads so already, else rewrites one of the same ports, else creates one.
     */
    private void write(ApiObject service, ObjectNode wanted, List<ApiObject> stale) {
        Optional<ApiObject> reused =
                stale.stream()
                        .filter(s ->
                                s.text("/addressType").equals(wanted.path("addressType").asText()))
                        .min(
                                Comparator.comparing((ApiObject s) ->
                                                !Canonical.same(
                                                        s.at("/ports"), wanted.path("ports")))
                                        .thenComparing(ApiObject::name));
        if (reused.isEmpty()) {
            freshness.wrote(
                    service.key(),
                    floor.client.create(Resource.ENDPOINT_SLICES, fresh(service, wanted)));
            return;
        }
        ApiObject slice = reused.get();
        stale.remove(slice);
        if (!Canonical.same(slice.at("/endpoints"), wanted.path("endpoints"))
                || !Canonical.same(slice.at("/ports"), wanted.path("ports"))) {
            ApiObject changed = slice.edit(tree -> tree.setAll(wanted));
            freshness.wrote(service.key(), floor.client.update(Resource.ENDPOINT_SLICES, changed));
        }
    }

    private static ApiObject fresh(ApiObject service, ObjectNode wanted) {
        return ApiObject.named(Resource.ENDPOINT_SLICES, service.namespace(), "")
                .edit(tree -> {
                    ObjectNode metadata = tree.withObjectProperty("metadata");
                    metadata.remove("name");
                    metadata.put("generateName", service.name() + "-");
                    ObjectNode labels = metadata.putObject("labels");
                    service.labels().forEach(labels::put);
                    labels.put(SERVICE_NAME, service.name()).put(MANAGED_BY, MANAGER);
                    metadata.putArray("ownerReferences")
                            .add(OwnerReference.controllerOf(service).toTree());
                    tree.setAll(wanted);
                });
    }

    private void delete(ObjectKey key, ApiObject slice) {
        try {
            floor.client.delete(
                    Resource.ENDPOINT_SLICES,
                    slice.namespace(),
                    slice.name(),
                    DeleteOptions.ofUid(slice.uid()));
        } catch (ApiException e) {
            if (!e.notFound()) {
                throw e;
            }
        }
        freshness.deleted(key, slice);
    }
}
