package dev.kemudi.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.apiserver.Https.Reply;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Validation rules of a CustomResourceDefinition as its users meet them. */
final class ValidationRulesHttpTest {
    private static final String DEFINITIONS =
            "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    private static final String PONDS = "/apis/example.org/v1/namespaces/default/ponds";

    @TempDir static Path pki;

    private static RunningServer running;
    private static Https https;

    @BeforeAll
    static void start() {
        running = new RunningServer(pki, Small.limits(), 0);
        https = Https.admin(pki, running.server.port());
        assertThat(define("ponds", "Pond", "self.fish <= self.fishMax").code()).isEqualTo(201);
    }

    @AfterAll
    static void stop() {
        https.close();
        running.close();
    }

    private static Reply define(String plural, String kind, String rule) {
        String definition =
                """
                {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
                 "metadata": {"name": "%1$s.example.org"},
                 "spec": {"group": "example.org", "scope": "Namespaced",
                   "names": {"plural": "%1$s", "kind": "%2$s"},
                   "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema":
                     {"type": "object", "properties": {"spec": {"type": "object",
                        "properties": {"fish": {"type": "integer"}, "fishMax": {"type": "integer"}},
                        "x-kubernetes-validations": [{"rule": "%3$s"},
                          {"rule": "self.fishMax >= oldSelf.fishMax",
                           "message": "ponds do not shrink"}]}}}}}]}}
                """
                        .formatted(plural, kind, rule);
        return https.send("POST", DEFINITIONS, "application/json", definition);
    }

    private static Reply pond(String name, int fish, int fishMax) {
        return https.send(
                "POST",
                PONDS,
                "application/json",
                """
                {"apiVersion": "example.org/v1", "kind": "Pond", "metadata": {"name": "%s"},
                 "spec": {"fish": %d, "fishMax": %d}}
                """
                        .formatted(name, fish, fishMax));
    }

    private static Reply patch(String name, String spec) {
        return https.send(
                "PATCH",
                PONDS + "/" + name,
                "application/merge-patch+json",
                "{\"spec\": " + spec + "}");
    }

    @Test
    void anObjectThatBreaksARuleIsInvalid() {
        Reply refused = pond("full", 3, 2);

        assertThat(refused.code()).isEqualTo(422);
        assertThat(refused.message())
                .isEqualTo(
                        "Pond.example.org \"full\" is invalid: spec: Invalid value: \"object\":"
                                + " failed rule: self.fish <= self.fishMax");
        assertThat(pond("fine", 2, 2).code()).isEqualTo(201);
    }

    @Test
    void aTransitionRuleComparesWithWhatIsStored() {
        assertThat(pond("lake", 2, 5).code()).isEqualTo(201);

        assertThat(patch("lake", "{\"fishMax\": 6}").code()).isEqualTo(200);
        Reply refused = patch("lake", "{\"fishMax\": 4}");

        assertThat(refused.code()).isEqualTo(422);
        assertThat(refused.message())
                .contains("spec: Invalid value: \"object\": ponds do not shrink");
    }

    @Test
    void aDefinitionWhoseRuleCannotBeCompiledIsInvalid() {
        Reply refused = define("lakes", "Lake", "self.birds > 1");

        assertThat(refused.code()).isEqualTo(422);
        assertThat(refused.message())
                .contains(
                        "spec.versions[0].schema.openAPIV3Schema.properties[spec]"
                                + ".x-kubernetes-validations[0].rule")
                .contains("undefined field 'birds'");
    }
}
