package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What must hold of one container. One instance per container and check. */
final class ContainerRules {
    private static final Set<String> PULL_POLICIES = Set.of("Always", "IfNotPresent", "Never");
    private static final Set<String> MESSAGE_POLICIES = Set.of("File", "FallbackToLogsOnError");
    private static final Set<String> PROTOCOLS = Set.of("TCP", "UDP", "SCTP");
    private static final List<String> ENV_SOURCES =
            List.of("fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef");
    private static final String PORT_RANGE = "must be between 1 and 65535, inclusive";

    private final JsonNode container;
    private final String field;
    private final Problems problems;

    ContainerRules(JsonNode container, String field, Problems problems) {
        this.container = container;
        this.field = field;
        this.problems = problems;
    }

    /**
     * @param portNames names that this pod's ports have taken so far; grows
     */
    void check(Set<String> volumes, Set<String> portNames) {
        String name = container.path("name").asText("");
        if (name.isEmpty()) {
            problems.required(field + ".name");
        } else {
            Names.label(name, field + ".name", problems);
        }
        image();
        PodRules.oneOf(container, "imagePullPolicy", PULL_POLICIES, field, problems);
        PodRules.oneOf(container, "terminationMessagePolicy", MESSAGE_POLICIES, field, problems);
        ports(portNames);
        env();
        mounts(volumes);
        ResourceRules.check(container.path("resources"), field + ".resources", problems);
        probe("livenessProbe");
        probe("readinessProbe");
        probe("startupProbe");
        for (String hook : List.of("postStart", "preStop")) {
            if (container.path("lifecycle").hasNonNull(hook)) {
                ProbeRules.handler(
                        container.path("lifecycle").path(hook),
                        field + ".lifecycle." + hook,
                        problems);
            }
        }
    }

    /** Init containers run to their end, so probes and a restart policy are for sidecars only. */
    void checkInit() {
        PodRules.oneOf(container, "restartPolicy", Set.of("Always"), field, problems);
        if (container.path("restartPolicy").asText().equals("Always")) {
            return;
        }
        for (String probe :
                List.of("lifecycle", "livenessProbe", "readinessProbe", "startupProbe")) {
            if (container.hasNonNull(probe)) {
                problems.forbidden(
                        field + "." + probe,
                        "may not be set for init containers without restartPolicy=Always");
            }
        }
    }

    private void image() {
        String image = container.path("image").asText("");
        if (image.isEmpty()) {
            problems.required(field + ".image");
        } else if (!image.strip().equals(image)) {
            problems.invalid(
                    field + ".image", image, "must not have leading or trailing whitespace");
        }
    }

    private void ports(Set<String> names) {
        int i = 0;
        for (JsonNode port : container.path("ports")) {
            String at = field + ".ports[" + i++ + "]";
            String name = port.path("name").asText("");
            if (!name.isEmpty()) {
                Names.port(name, at + ".name", problems);
                if (!names.add(name)) {
                    problems.duplicate(at + ".name", name);
                }
            }
            if (port.path("containerPort").asLong() == 0) {
                problems.required(at + ".containerPort");
            } else {
                portNumber(port.path("containerPort"), at + ".containerPort", problems);
            }
            if (port.path("hostPort").asLong() != 0) {
                portNumber(port.path("hostPort"), at + ".hostPort", problems);
            }
            PodRules.oneOf(port, "protocol", PROTOCOLS, at, problems);
        }
    }

    static void portNumber(JsonNode port, String field, Problems problems) {
        if (port.asLong() < 1 || port.asLong() > 65_535) {
            problems.invalid(field, port.asLong(), PORT_RANGE);
        }
    }

    private void env() {
        int i = 0;
        for (JsonNode env : container.path("env")) {
            String at = field + ".env[" + i++ + "]";
            String name = env.path("name").asText("");
            if (name.isEmpty()) {
                problems.required(at + ".name");
            } else if (name.indexOf('=') >= 0 || name.indexOf('\0') >= 0) {
                problems.invalid(
                        at + ".name",
                        name,
                        "a valid environment variable name must consist only of printable ASCII characters"
                                + " other than '='");
            }
            if (env.hasNonNull("valueFrom")) {
                envSource(env, at + ".valueFrom");
            }
        }
    }

    private void envSource(JsonNode env, String at) {
        JsonNode source = env.path("valueFrom");
        long sources = ENV_SOURCES.stream().filter(source::hasNonNull).count();
        if (sources == 0) {
            problems.invalid(
                    at,
                    "",
                    "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or "
                            + "`secretKeyRef`");
        } else if (!env.path("value").asText("").isEmpty()) {
            problems.invalid(at, "", "may not be specified when `value` is not empty");
        } else if (sources > 1) {
            problems.invalid(at, "", "may not have more than one field specified at a time");
        }
        for (String reference : List.of("configMapKeyRef", "secretKeyRef")) {
            if (source.hasNonNull(reference)
                    && source.path(reference).path("key").asText("").isEmpty()) {
                problems.required(at + "." + reference + ".key");
            }
        }
    }

    private void mounts(Set<String> volumes) {
        Set<String> paths = new HashSet<>();
        int i = 0;
        for (JsonNode mount : container.path("volumeMounts")) {
            String at = field + ".volumeMounts[" + i++ + "]";
            String name = mount.path("name").asText("");
            if (name.isEmpty()) {
                problems.required(at + ".name");
            } else if (!volumes.contains(name)) {
                problems.notFound(at + ".name", name);
            }
            String path = mount.path("mountPath").asText("");
            if (path.isEmpty()) {
                problems.required(at + ".mountPath");
            } else if (!paths.add(path)) {
                problems.invalid(at + ".mountPath", path, "must be unique");
            }
            String subPath = mount.path("subPath").asText("");
            if (!subPath.isEmpty()) {
                PodRules.localPath(subPath, at + ".subPath", problems);
            }
        }
    }

    private void probe(String name) {
        if (container.hasNonNull(name)) {
            ProbeRules.check(name, container.path(name), field + "." + name, problems);
        }
    }
}
