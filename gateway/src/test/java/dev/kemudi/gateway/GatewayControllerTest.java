package dev.kemudi.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.api.ApiClient;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.DeleteOptions;
import dev.kemudi.api.Resource;
import dev.kemudi.apiserver.ApiServer;
import dev.kemudi.kernel.TimeSource;
import dev.kemudi.kernel.Tracer;
import dev.kemudi.kinds.BuiltinKinds;
import dev.kemudi.store.KemudiStore;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GatewayControllerTest {
    @TempDir Path pki;

    private KemudiStore store;
    private ApiServer server;
    private ApiClient client;
    private Gateway gateway;

    @BeforeEach
    void start() throws Exception {
        PrometheusRegistry registry = new PrometheusRegistry();
        store = KemudiStore.inMemory(TimeSource.system(), registry);
        server =
                new ApiServer(
                        new ApiServer.Config("127.0.0.1", 0, pki),
                        store,
                        BuiltinKinds.all(),
                        registry,
                        Tracer.NONE,
                        TimeSource.system(),
                        dev.kemudi.apiserver.Limits.defaults());
        server.start();
        client = server.client("system:gateway");
        gateway =
                new Gateway(
                        new Gateway.Config("127.0.0.1", 0),
                        client,
                        registry,
                        Tracer.NONE,
                        TimeSource.system(),
                        Limits.defaults());
        gateway.start();
    }

    @AfterEach
    void stop() {
        gateway.close();
        server.close();
        store.close();
    }

    private void create(Resource resource, String json) {
        client.create(resource, ApiObject.parse(json.replace('\'', '"')));
    }

    private void service(String namespace, String name) {
        create(
                Resource.SERVICES,
                """
                {'apiVersion':'v1','kind':'Service','metadata':{'name':'%s','namespace':'%s'},
                 'spec':{'ports':[{'port':80}]}}\
                """
                        .formatted(name, namespace));
    }

    private String slice(String name, int port, boolean ready) {
        return """
        {'apiVersion':'discovery.k8s.io/v1','kind':'EndpointSlice','addressType':'IPv4',
         'metadata':{'name':'%s','namespace':'default','labels':{'kubernetes.io/service-name':'%s'}},
         'ports':[{'name':'','port':%d,'protocol':'TCP'}],
         'endpoints':[{'addresses':['127.0.0.1'],'conditions':{'ready':%s}}]}\
        """
                .formatted(name, name, port, ready)
                .replace('\'', '"');
    }

    private void gatewayObject(String listeners) {
        create(
                GatewayKinds.GATEWAYS,
                """
                {'apiVersion':'gateway.networking.k8s.io/v1','kind':'Gateway',
                 'metadata':{'name':'edge','namespace':'default'},
                 'spec':{'gatewayClassName':'kemudi','listeners':[%s]}}\
                """
                        .formatted(listeners));
    }

    private void route(String name, String rules) {
        create(
                GatewayKinds.ROUTES,
                """
                {'apiVersion':'gateway.networking.k8s.io/v1','kind':'HTTPRoute',
                 'metadata':{'name':'%s','namespace':'default'},
                 'spec':{'parentRefs':[{'name':'edge'}],'rules':[%s]}}\
                """
                        .formatted(name, rules));
    }

    private String get(String path) throws IOException {
        try (Wire wire = new Wire(gateway.port())) {
            return wire.get(path).response();
        }
    }

    private static String condition(JsonNode conditions, String type) {
        for (JsonNode condition : conditions) {
            if (condition.path("type").asText().equals(type)) {
                return condition.path("status").asText() + "/" + condition.path("reason").asText();
            }
        }
        return "absent";
    }

    private JsonNode gatewayStatus() {
        return client.get(GatewayKinds.GATEWAYS, "default", "edge").at("/status");
    }

    private JsonNode routeConditions(String name) {
        return client.get(GatewayKinds.ROUTES, "default", name).at("/status/parents/0/conditions");
    }

    @Test
    void aDeclaredRouteIsServedAndSaysSoInItsStatus() throws Exception {
        try (Origin origin = Origin.saying("hello")) {
            gatewayObject("{'name':'web','port':80,'protocol':'HTTP'}");
            service("default", "hello");
            client.create(
                    Resource.ENDPOINT_SLICES, ApiObject.parse(slice("hello", origin.port(), true)));
            route("hello", "{'backendRefs':[{'name':'hello','port':80}]}");
            Eventually.holds(
                    () -> assertThat(get("/")).startsWith("HTTP/1.1 200").endsWith("hello"));
            Eventually.holds(() -> {
                assertThat(condition(gatewayStatus().path("conditions"), "Programmed"))
                        .isEqualTo("True/Programmed");
                JsonNode listener = gatewayStatus().at("/listeners/0");
                assertThat(listener.path("attachedRoutes").asInt()).isEqualTo(1);
                assertThat(listener.at("/supportedKinds/0/kind").asText()).isEqualTo("HTTPRoute");
                assertThat(condition(listener.path("conditions"), "Accepted"))
                        .isEqualTo("True/Accepted");
                assertThat(condition(routeConditions("hello"), "Accepted"))
                        .isEqualTo("True/Accepted");
                return assertThat(condition(routeConditions("hello"), "ResolvedRefs"))
                        .isEqualTo("True/ResolvedRefs");
            });
            ApiObject known = client.get(GatewayKinds.CLASSES, "", "kemudi");
            assertThat(condition(known.at("/status/conditions"), "Accepted"))
                    .isEqualTo("True/Accepted");
            assertThat(origin.heads.getFirst())
                    .contains("X-Forwarded-For: 127.0.0.1\r\n", "traceparent: 00-");
        }
    }

    @Test
    void anEndpointThatIsNotReadyTakesNoRequestAndADeletedRouteIsGone() throws Exception {
        try (Origin origin = Origin.saying("hello")) {
            gatewayObject("{'name':'web','port':80,'protocol':'HTTP'}");
            service("default", "hello");
            client.create(
                    Resource.ENDPOINT_SLICES, ApiObject.parse(slice("hello", origin.port(), true)));
            route("hello", "{'backendRefs':[{'name':'hello','port':80}]}");
            Eventually.holds(() -> assertThat(get("/")).startsWith("HTTP/1.1 200"));
            client.update(
                    Resource.ENDPOINT_SLICES,
                    ApiObject.parse(slice("hello", origin.port(), false)));
            Eventually.holds(() ->
                    assertThat(get("/")).startsWith("HTTP/1.1 503").contains("no ready endpoint"));
            client.update(
                    Resource.ENDPOINT_SLICES, ApiObject.parse(slice("hello", origin.port(), true)));
            Eventually.holds(() -> assertThat(get("/")).startsWith("HTTP/1.1 200"));
            ApiObject moved = client.get(GatewayKinds.ROUTES, "default", "hello");
            client.update(
                    GatewayKinds.ROUTES,
                    moved.edit(tree ->
                            tree.withArray("/spec/rules/0/matches")
                                    .removeAll()
                                    .addObject()
                                    .putObject("path")
                                    .put("type", "Exact")
                                    .put("value", "/moved")));
            Eventually.holds(() -> assertThat(get("/moved")).startsWith("HTTP/1.1 200"));
            Eventually.holds(() -> assertThat(get("/")).startsWith("HTTP/1.1 404"));
            client.delete(GatewayKinds.ROUTES, "default", "hello", DeleteOptions.BACKGROUND);
            Eventually.holds(() -> assertThat(get("/moved")).startsWith("HTTP/1.1 404"));
            Eventually.holds(() ->
                    assertThat(get("/")).startsWith("HTTP/1.1 404").contains("no route matches"));
            Eventually.holds(() ->
                    assertThat(gatewayStatus().at("/listeners/0/attachedRoutes").asInt()).isZero());
        }
    }

    @Test
    void filtersRewriteRedirectAndEditHeaders() throws Exception {
        try (Origin origin = Origin.saying("hello")) {
            gatewayObject("{'name':'web','port':80,'protocol':'HTTP'}");
            service("default", "hello");
            client.create(
                    Resource.ENDPOINT_SLICES, ApiObject.parse(slice("hello", origin.port(), true)));
            route(
                    "moved",
                    """
                    {'matches':[{'path':{'type':'PathPrefix','value':'/old'}}],
                     'filters':[{'type':'RequestRedirect','requestRedirect':{'statusCode':301,
                       'path':{'type':'ReplacePrefixMatch','replacePrefixMatch':'/new'}}}]}\
                    """);
            route(
                    "edited",
                    """
                    {'matches':[{'path':{'type':'PathPrefix','value':'/api'}}],
                     'filters':[
                      {'type':'URLRewrite','urlRewrite':{'hostname':'inner.test',
                        'path':{'type':'ReplacePrefixMatch','replacePrefixMatch':'/v1'}}},
                      {'type':'RequestHeaderModifier','requestHeaderModifier':{
                        'set':[{'name':'X-Set','value':'new'}],'add':[{'name':'X-Add','value':'more'}],
                        'remove':['X-Gone']}},
                      {'type':'ResponseHeaderModifier','responseHeaderModifier':{
                        'set':[{'name':'X-Seen','value':'yes'}]}}],
                     'backendRefs':[{'name':'hello','port':80}]}\
                    """);
            Eventually.holds(() ->
                    assertThat(get("/old/a?b"))
                            .startsWith("HTTP/1.1 301")
                            .contains("Location: http://a.test/new/a?b\r\n"));
            Eventually.holds(() -> assertThat(get("/api")).startsWith("HTTP/1.1 200"));
            try (Wire wire = new Wire(gateway.port())) {
                wire.send(
                        "GET /api/x?y=z HTTP/1.1\r\nHost: a.test\r\nX-Set: old\r\nX-Gone: 1\r\n\r\n");
                assertThat(wire.response()).contains("X-Seen: yes\r\n").endsWith("hello");
            }
            assertThat(origin.heads.getLast())
                    .startsWith("GET /v1/x?y=z HTTP/1.1\r\nHost: inner.test\r\n")
                    .contains("X-Set: new\r\n", "X-Add: more\r\n", "X-Forwarded-Host: a.test\r\n")
                    .doesNotContain("X-Set: old", "X-Gone");
            create(
                    GatewayKinds.ROUTES,
                    """
                    {'apiVersion':'gateway.networking.k8s.io/v1','kind':'HTTPRoute',
                     'metadata':{'name':'split','namespace':'default'},
                     'spec':{'parentRefs':[{'name':'edge'}],'rules':[
                       {'filters':[{'type':'ResponseHeaderModifier',
                       'responseHeaderModifier':{'set':[{'name':'X','value':'a\\r\\nSet-Cookie: b'}]}}]}]}}\
                    """);
            Eventually.holds(() ->
                    assertThat(condition(routeConditions("split"), "Accepted"))
                            .isEqualTo("False/UnsupportedValue"));
        }
    }

    @Test
    void whatCannotBeServedIsSaidInTheStatus() throws Exception {
        gatewayObject(
                "{'name':'web','port':80,'protocol':'HTTP'},{'name':'db','port':81,'protocol':'TCP'}");
        route("lost", "{'backendRefs':[{'name':'nobody','port':80}]}");
        route(
                "foreign",
                "{'backendRefs':[{'name':'x','namespace':'kube-system','port':80}],"
                        + "'matches':[{'path':{'type':'PathPrefix','value':'/foreign'}}]}");
        route("regex", "{'matches':[{'path':{'type':'RegularExpression','value':'/a.*'}}]}");
        Eventually.holds(() -> {
            assertThat(condition(routeConditions("lost"), "ResolvedRefs"))
                    .isEqualTo("False/BackendNotFound");
            assertThat(condition(routeConditions("foreign"), "ResolvedRefs"))
                    .isEqualTo("False/RefNotPermitted");
            assertThat(condition(routeConditions("regex"), "Accepted"))
                    .isEqualTo("False/UnsupportedValue");
            return assertThat(condition(gatewayStatus().at("/listeners/1/conditions"), "Accepted"))
                    .isEqualTo("False/UnsupportedProtocol");
        });
        assertThat(get("/")).startsWith("HTTP/1.1 500");
    }

    @Test
    void aGrantLetsARouteUseAServiceOfAnotherNamespace() throws Exception {
        create(
                Resource.NAMESPACES,
                "{'apiVersion':'v1','kind':'Namespace','metadata':{'name':'other'}}");
        gatewayObject("{'name':'web','port':80,'protocol':'HTTP'}");
        service("other", "shared");
        route("far", "{'backendRefs':[{'name':'shared','namespace':'other','port':80}]}");
        Eventually.holds(() ->
                assertThat(condition(routeConditions("far"), "ResolvedRefs"))
                        .isEqualTo("False/RefNotPermitted"));
        create(
                GatewayKinds.GRANTS,
                """
                {'apiVersion':'gateway.networking.k8s.io/v1','kind':'ReferenceGrant',
                 'metadata':{'name':'g','namespace':'other'},
                 'spec':{'from':[{'group':'gateway.networking.k8s.io','kind':'HTTPRoute',
                                  'namespace':'default'}],
                         'to':[{'group':'','kind':'Service'}]}}\
                """);
        Eventually.holds(() ->
                assertThat(condition(routeConditions("far"), "ResolvedRefs"))
                        .isEqualTo("True/ResolvedRefs"));
    }

    @Test
    void installingTwiceChangesNothing() throws Exception {
        String before =
                client.get(
                                Resource.CUSTOM_RESOURCE_DEFINITIONS,
                                "",
                                "httproutes.gateway.networking.k8s.io")
                        .resourceVersion();
        GatewayKinds.install(client, TimeSource.system());
        assertThat(
                        client.get(
                                        Resource.CUSTOM_RESOURCE_DEFINITIONS,
                                        "",
                                        "httproutes.gateway.networking.k8s.io")
                                .resourceVersion())
                .isEqualTo(before);
    }
}
