package dev.kemudi.admission;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Resource;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;

/**
 * Where a webhook is called.
 *
 * @param at the address to connect to
 * @param shown the address as its users know it
 * @param serverName what its certificate must bear
 */
record WebhookTarget(URI at, String shown, String serverName) {
    private static final int PORT = 443;

    /**
     * @param client a {@code clientConfig}: a URL, or a Service, whose endpoints are looked up
     * @throws WebhookException when there is no such place now
     */
    static WebhookTarget of(JsonNode client, int timeoutSeconds, Cluster cluster)
            throws WebhookException {
        String query = "timeout=" + timeoutSeconds + "s";
        try {
            JsonNode service = client.path("service");
            if (service.isObject()) {
                return ofService(service, query, cluster);
            }
            URI url = new URI(client.path("url").asText());
            String host = String.valueOf(url.getHost());
            String shown = url + "?" + query;
            return new WebhookTarget(
                    new URI(shown),
                    shown,
                    host.startsWith("[") ? host.substring(1, host.length() - 1) : host);
        } catch (URISyntaxException e) {
            throw new WebhookException("url: " + e.getMessage(), e);
        }
    }

    private static WebhookTarget ofService(JsonNode service, String query, Cluster cluster)
            throws WebhookException, URISyntaxException {
        String namespace = service.path("namespace").asText();
        String name = service.path("name").asText();
        int port = service.path("port").asInt(PORT);
        String path = service.path("path").asText("");
        String rest = (path.isEmpty() || path.startsWith("/") ? path : "/" + path) + "?" + query;
        String host = "%s.%s.svc".formatted(name, namespace);
        String shown = "https://" + host + ":" + port + rest;
        ApiObject found =
                cluster.find(Resource.SERVICES, namespace, name)
                        .orElseThrow(() -> failed(shown, "service \"" + name + "\" not found"));
        String portName = portName(found, port, shown);
        for (ApiObject slice : cluster.all(Resource.ENDPOINT_SLICES)) {
            if (slice.namespace().equals(namespace)
                    && name.equals(slice.labels().get("kubernetes.io/service-name"))) {
                String address = address(slice, portName);
                if (!address.isEmpty()) {
                    return new WebhookTarget(new URI("https://" + address + rest), shown, host);
                }
            }
        }
        throw failed(shown, "no endpoints available for service \"" + name + "\"");
    }

    private static WebhookException failed(String shown, String why) {
        return new WebhookException("failed to call webhook: Post \"" + shown + "\": " + why);
    }

    private static String portName(ApiObject service, int port, String shown)
            throws WebhookException {
        for (JsonNode each : service.at("/spec/ports")) {
            if (each.path("port").asInt() == port) {
                return each.path("name").asText("");
            }
        }
        throw failed(
                shown,
                "no service port %d found for service \"%s\"".formatted(port, service.name()));
    }

    /** The first ready endpoint's; empty when there is none. */
    private static String address(ApiObject slice, String portName) {
        for (JsonNode port : slice.at("/ports")) {
            if (port.path("name").asText("").equals(portName)) {
                for (JsonNode endpoint : slice.at("/endpoints")) {
                    String address = endpoint.path("addresses").path(0).asText("");
                    boolean ready = endpoint.path("conditions").path("ready").asBoolean(true);
                    if (ready && !address.isEmpty()) {
                        return (address.indexOf(':') < 0 ? address : "[" + address + "]")
                                        .toLowerCase(Locale.ROOT)
                                + ":"
                                + port.path("port").asInt();
                    }
                }
            }
        }
        return "";
    }
}
