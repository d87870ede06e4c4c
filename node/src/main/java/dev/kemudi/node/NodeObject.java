package dev.kemudi.node;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiClient;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Quantity;
import dev.kemudi.api.Resource;
import dev.kemudi.kernel.TimeSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * This node's Node object and its Lease. Used by the node's heartbeat thread, and at start and end.
 */
final class NodeObject {
    static final String LEASE_NAMESPACE = "kube-node-lease";
    static final int HEARTBEAT_SECONDS = 10;
    private static final int LEASE_SECONDS = 40;
    private static final int TRIES_MAX = 5;

    /** Kept for the machine and for Kemudi itself, as kubelet's system-reserved. */
    private static final long RESERVED_BYTES = 512L * 1024 * 1024;

    private final ApiClient client;
    private final TimeSource time;
    private final Node.Config config;
    private final Map<String, Quantity> capacity;

    NodeObject(ApiClient client, TimeSource time, Node.Config config, Limits limits) {
        this.client = client;
        this.time = time;
        this.config = config;
        this.capacity = capacity(config.podsDirectory(), limits);
    }

    private static Map<String, Quantity> capacity(Path podsDirectory, Limits limits) {
        Map<String, Quantity> capacity = new LinkedHashMap<>();
        capacity.put("cpu", Quantity.of(Runtime.getRuntime().availableProcessors()));
        capacity.put("memory", Quantity.ofBytes(memoryBytes()));
        try {
            capacity.put(
                    "ephemeral-storage",
                    Quantity.ofBytes(Files.getFileStore(podsDirectory).getTotalSpace()));
        } catch (IOException _) {
            capacity.put("ephemeral-storage", Quantity.ZERO); // a file system that does not tell
        }
        capacity.put("pods", Quantity.of(limits.podsMax()));
        return capacity;
    }

    private static long memoryBytes() {
        for (String line : read("/proc/meminfo").split("\n")) {
            if (line.startsWith("MemTotal:")) {
                return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
            }
        }
        return Runtime.getRuntime().maxMemory() * 4; // no /proc: the JVM's own default is a quarter
    }

    private static String read(String file) {
        try {
            return Files.readString(Path.of(file)).strip();
        } catch (IOException _) {
            return "";
        }
    }

    Map<String, Quantity> allocatable() {
        Map<String, Quantity> allocatable = new LinkedHashMap<>(capacity);
        long memory = capacity.getOrDefault("memory", Quantity.ZERO).bytes();
        allocatable.put("memory", Quantity.ofBytes(Math.max(memory / 2, memory - RESERVED_BYTES)));
        return allocatable;
    }

    /** Creates or updates the Node, ready. Labels and taints that others put there stay. */
    void register() {
        ApiObject fresh =
                ApiObject.named(Resource.NODES, "", config.nodeName())
                        .edit(tree -> labels((ObjectNode) tree.path("metadata")));
        Optional<ApiObject> existing = client.find(Resource.NODES, "", config.nodeName());
        if (existing.isEmpty()) {
            try {
                client.create(Resource.NODES, fresh);
            } catch (ApiException e) {
                if (!e.alreadyExists()) {
                    throw e;
                }
            }
        } else {
            ApiObject labelled =
                    existing.get().edit(tree -> labels((ObjectNode) tree.path("metadata")));
            if (!labelled.equals(existing.get())) {
                client.update(Resource.NODES, labelled);
            }
        }
        status(true, "KemudiReady", "the node takes pods");
        ensureLeaseNamespace();
        heartbeat();
    }

    private void labels(ObjectNode metadata) {
        ObjectNode labels =
                metadata.path("labels") instanceof ObjectNode present
                        ? present
                        : metadata.putObject("labels");
        labels.put("kubernetes.io/hostname", config.nodeName());
        labels.put("kubernetes.io/os", "linux");
        labels.put("kubernetes.io/arch", architecture());
        labels.put("kemudi.dev/runtime", "process");
    }

    private static String architecture() {
        String arch = System.getProperty("os.arch", "unknown");
        return arch.equals("x86_64") ? "amd64" : arch.equals("aarch64") ? "arm64" : arch;
    }

    /** Writes the whole status. */
    void status(boolean ready, String reason, String message) {
        change(
                Resource.NODES,
                "",
                config.nodeName(),
                true,
                tree -> {
                    ObjectNode status =
                            tree.path("status") instanceof ObjectNode s
                                    ? s
                                    : tree.putObject("status");
                    quantities(status.putObject("capacity"), capacity);
                    quantities(status.putObject("allocatable"), allocatable());
                    ArrayNode addresses = status.putArray("addresses");
                    addresses
                            .addObject()
                            .put("type", "InternalIP")
                            .put("address", config.hostAddress());
                    addresses.addObject().put("type", "Hostname").put("address", config.nodeName());
                    info(status.putObject("nodeInfo"));
                    ArrayNode conditions =
                            status.path("conditions") instanceof ArrayNode c
                                    ? c
                                    : status.putArray("conditions");
                    condition(
                            conditions,
                            "MemoryPressure",
                            false,
                            "NotWatched",
                            "this node does not watch it");
                    condition(
                            conditions,
                            "DiskPressure",
                            false,
                            "NotWatched",
                            "this node does not watch it");
                    condition(
                            conditions,
                            "PIDPressure",
                            false,
                            "NotWatched",
                            "this node does not watch it");
                    condition(conditions, "Ready", ready, reason, message);
                });
    }

    private static void quantities(ObjectNode tree, Map<String, Quantity> amounts) {
        amounts.forEach((name, amount) -> tree.put(name, amount.toString()));
    }

    private static void info(ObjectNode info) {
        String version = String.valueOf(Node.class.getPackage().getImplementationVersion());
        info.put("machineID", read("/etc/machine-id")).put("systemUUID", read("/etc/machine-id"));
        info.put("bootID", read("/proc/sys/kernel/random/boot_id"));
        info.put("kernelVersion", read("/proc/sys/kernel/osrelease"));
        info.put("osImage", osImage())
                .put("operatingSystem", "linux")
                .put("architecture", architecture());
        info.put("containerRuntimeVersion", "process://" + Runtime.version().feature());
        info.put("kubeletVersion", "v" + (version.equals("null") ? "0.1.0" : version) + "-kemudi");
        info.put("kubeProxyVersion", "");
    }

    private static String osImage() {
        for (String line : read("/etc/os-release").split("\n")) {
            if (line.startsWith("PRETTY_NAME=")) {
                return line.substring(12).replace("\"", "");
            }
        }
        return System.getProperty("os.name", "");
    }

    private void condition(
            ArrayNode conditions, String type, boolean value, String reason, String message) {
        String now = ContainerState.seconds(time.now());
        ObjectNode condition = null;
        for (var present : conditions) {
            if (present.path("type").asText().equals(type) && present instanceof ObjectNode node) {
                condition = node;
            }
        }
        if (condition == null) {
            condition = conditions.addObject().put("type", type);
        }
        String status = value ? "True" : "False";
        if (!condition.path("status").asText().equals(status)) {
            condition.put("status", status).put("lastTransitionTime", now);
        }
        condition.put("lastHeartbeatTime", now).put("reason", reason).put("message", message);
    }

    private void ensureLeaseNamespace() {
        if (client.find(Resource.NAMESPACES, "", LEASE_NAMESPACE).isEmpty()) {
            try {
                client.create(
                        Resource.NAMESPACES,
                        ApiObject.named(Resource.NAMESPACES, "", LEASE_NAMESPACE));
            } catch (ApiException e) {
                if (!e.alreadyExists()) {
                    throw e;
                }
            }
        }
    }

    /** Renews the Lease: the cheap sign of life. */
    void heartbeat() {
        Instant now = time.now().truncatedTo(ChronoUnit.MICROS);
        String text =
                now.toString().contains(".")
                        ? now.toString()
                        : now.toString().replace("Z", ".000000Z");
        Consumer<ObjectNode> renew =
                tree -> {
                    ObjectNode spec =
                            tree.path("spec") instanceof ObjectNode s ? s : tree.putObject("spec");
                    spec.put("holderIdentity", config.nodeName());
                    spec.put("leaseDurationSeconds", LEASE_SECONDS).put("renewTime", text);
                };
        if (client.find(Resource.LEASES, LEASE_NAMESPACE, config.nodeName()).isPresent()) {
            change(Resource.LEASES, LEASE_NAMESPACE, config.nodeName(), false, renew);
        } else {
            client.create(
                    Resource.LEASES,
                    ApiObject.named(Resource.LEASES, LEASE_NAMESPACE, config.nodeName())
                            .edit(renew));
        }
    }

    private void change(
            Resource resource,
            String namespace,
            String name,
            boolean status,
            Consumer<ObjectNode> change) {
        for (int tries = 0; ; tries++) {
            ApiObject changed = client.get(resource, namespace, name).edit(change);
            try {
                var _ =
                        status
                                ? client.updateStatus(resource, changed)
                                : client.update(resource, changed);
                return;
            } catch (ApiException e) {
                if (!e.conflict() || tries >= TRIES_MAX) {
                    throw e;
                }
            }
        }
    }
}
