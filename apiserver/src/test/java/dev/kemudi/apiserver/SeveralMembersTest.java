package dev.kemudi.apiserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kemudi.api.ApiClient;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.DeleteOptions;
import dev.kemudi.api.ListOptions;
import dev.kemudi.api.Resource;
import dev.kemudi.kernel.TimeSource;
import dev.kemudi.kernel.Tracer;
import dev.kemudi.kinds.BuiltinKinds;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two API servers over one store, as the members of a cluster have it. */
final class SeveralMembersTest {
    private static final Resource DEFINITIONS = Resource.CUSTOM_RESOURCE_DEFINITIONS;
    private static final Resource GREETINGS =
            new Resource("example.com", "v1", "greetings", "Greeting", true);

    @TempDir private Path folder;

    private static ApiObject definition() {
        return ApiObject.parse(
                """
                {"metadata":{"name":"greetings.example.com"},"spec":{"group":"example.com",
                 "scope":"Namespaced","names":{"plural":"greetings","kind":"Greeting"},"versions":[
                 {"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{
                   "type":"object","x-kubernetes-preserve-unknown-fields":true}}}]}}\
                """);
    }

    private static ApiObject greeting() {
        return ApiObject.parse("{\"metadata\":{\"name\":\"hello\",\"namespace\":\"default\"}}");
    }

    @Test
    void aDefinitionThatOneMemberTookIsServedByTheOthers() {
        try (RunningServer one = new RunningServer(folder.resolve("one"), Small.limits(), 0);
                ApiServer two = beside(one)) {
            two.start();
            ApiClient there = one.server.client("tester");
            ApiClient here = two.client("tester");
            there.create(DEFINITIONS, definition());

            assertThat(here.find(DEFINITIONS, "", "greetings.example.com")).isPresent();
            assertThat(here.list(DEFINITIONS, "", ListOptions.ALL).items()).hasSize(1);
            here.create(GREETINGS, greeting());
            assertThat(there.get(GREETINGS, "default", "hello").name()).isEqualTo("hello");

            here.delete(DEFINITIONS, "", "greetings.example.com", DeleteOptions.BACKGROUND);
            Eventually.holds(
                    "the definition is gone",
                    () -> there.list(DEFINITIONS, "", ListOptions.ALL).items().isEmpty());
            for (ApiClient client : new ApiClient[] {here, there}) {
                client.list(DEFINITIONS, "", ListOptions.ALL);
                assertThatThrownBy(() -> client.list(GREETINGS, "", ListOptions.ALL))
                        .isInstanceOf(ApiException.class)
                        .hasMessageContaining("could not find the requested resource");
            }
        }
    }

    private ApiServer beside(RunningServer other) {
        return new ApiServer(
                new ApiServer.Config("127.0.0.1", 0, folder.resolve("two")),
                other.store,
                BuiltinKinds.all(),
                new PrometheusRegistry(),
                Tracer.NONE,
                TimeSource.system(),
                Small.limits());
    }
}
