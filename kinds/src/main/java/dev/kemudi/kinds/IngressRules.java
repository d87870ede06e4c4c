package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.api.ApiObject;
import java.util.List;
import java.util.Set;

/** What must hold of an Ingress. */
final class IngressRules {
    private static final String OLD_CLASS = "kubernetes.io/ingress.class";
    private static final Set<String> PATH_TYPES =
            Set.of("Exact", "ImplementationSpecific", "Prefix");
    private static final List<String> FORBIDDEN_IN_PATHS =
            List.of("//", "/./", "/../", "%2f", "%2F");
    private static final List<String> FORBIDDEN_AT_THE_END = List.of("/..", "/.");

    private IngressRules() {}

    static void check(ApiObject ingress, boolean created, Problems problems) {
        JsonNode spec = ingress.at("/spec");
        String name = spec.path("ingressClassName").asText("");
        String old = ingress.annotations().getOrDefault(OLD_CLASS, "");
        if (created && !name.isEmpty() && !old.isEmpty()) {
            problems.invalid(
                    "metadata.annotations." + OLD_CLASS,
                    old,
                    "can not be set when the class field is also set");
        }
        if (spec.path("rules").isEmpty() && !spec.path("defaultBackend").isObject()) {
            problems.invalid(
                    "spec", List.of(), "either `defaultBackend` or `rules` must be specified");
        }
        if (spec.path("defaultBackend").isObject()) {
            backend(spec.path("defaultBackend"), "spec.defaultBackend", problems);
        }
        rules(spec.path("rules"), problems);
        int i = 0;
        for (JsonNode tls : spec.path("tls")) {
            int j = 0;
            for (JsonNode host : tls.path("hosts")) {
                Names.host(host.asText(""), "spec.tls[" + i + "].hosts[" + j++ + "]", problems);
            }
            i++;
        }
        if (!name.isEmpty()) {
            Names.subdomain(name, "spec.ingressClassName", problems);
        }
    }

    private static void rules(JsonNode rules, Problems problems) {
        int i = 0;
        for (JsonNode rule : rules) {
            String at = "spec.rules[" + i++ + "]";
            String host = rule.path("host").asText("");
            if (Addresses.parse(host).isPresent()) {
                problems.invalid(at + ".host", host, "must be a DNS name, not an IP address");
            } else if (!host.isEmpty()) {
                Names.host(host, at + ".host", problems);
            }
            JsonNode http = rule.path("http");
            if (http.isObject() && http.path("paths").isEmpty()) {
                problems.required(at + ".http.paths");
            }
            int j = 0;
            for (JsonNode path : http.path("paths")) {
                path(path, at + ".http.paths[" + j++ + "]", problems);
            }
        }
    }

    private static void path(JsonNode path, String at, Problems problems) {
        String type = path.path("pathType").asText("");
        String text = path.path("path").asText("");
        if (type.isEmpty()) {
            problems.required(at + ".pathType", "pathType must be specified");
        } else if (!PATH_TYPES.contains(type)) {
            problems.notSupported(at + ".pathType", type, PATH_TYPES);
        } else if (type.equals("ImplementationSpecific")) {
            if (!text.isEmpty() && !text.startsWith("/")) {
                problems.invalid(at + ".path", text, "must be an absolute path");
            }
        } else if (!text.startsWith("/")) {
            problems.invalid(at + ".path", text, "must be an absolute path");
        } else {
            FORBIDDEN_IN_PATHS.stream()
                    .filter(text::contains)
                    .forEach(s ->
                            problems.invalid(at + ".path", text, "must not contain '" + s + "'"));
            FORBIDDEN_AT_THE_END.stream()
                    .filter(text::endsWith)
                    .forEach(s ->
                            problems.invalid(at + ".path", text, "cannot end with '" + s + "'"));
        }
        backend(path.path("backend"), at + ".backend", problems);
    }

    private static void backend(JsonNode backend, String at, Problems problems) {
        JsonNode service = backend.path("service");
        boolean resource = backend.path("resource").isObject();
        if (resource && service.isObject()) {
            problems.invalid(at, "", "cannot set both resource and service backends");
        } else if (!resource && !service.isObject()) {
            problems.required(at, "resource or service backend is required");
        } else if (resource) {
            for (String name : List.of("kind", "name")) {
                if (backend.path("resource").path(name).asText("").isEmpty()) {
                    problems.required(at + ".resource." + name);
                }
            }
        } else {
            service(service, at, problems);
        }
    }

    private static void service(JsonNode service, String at, Problems problems) {
        String name = service.path("name").asText("");
        if (name.isEmpty()) {
            problems.required(at + ".service.name");
        } else {
            Names.label1035(name, at + ".service.name", problems);
        }
        String portName = service.path("port").path("name").asText("");
        boolean numbered = service.path("port").path("number").asInt(0) != 0;
        if (!portName.isEmpty() && numbered) {
            problems.invalid(at, "", "cannot set both port name & port number");
        } else if (!portName.isEmpty()) {
            Names.port(portName, at + ".service.port.name", problems);
        } else if (numbered) {
            ContainerRules.portNumber(
                    service.path("port").path("number"), at + ".service.port.number", problems);
        } else {
            problems.required(at, "port name or number is required");
        }
    }
}
