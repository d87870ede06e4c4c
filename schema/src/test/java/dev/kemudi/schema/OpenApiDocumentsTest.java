package dev.kemudi.schema;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnknownFieldSet;
import dev.kemudi.api.Resource;
import dev.kemudi.schema.OpenApiDocuments.Served;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class OpenApiDocumentsTest {
    private static final Resource WIDGETS =
            new Resource("example.com", "v1", "widgets", "Widget", true);
    private static final JsonNode WIDGET =
            Trees.node(
                    "{'type':'object','description':'A widget.','properties':{'spec':{"
                            + "'type':'object','properties':{'size':{'type':'integer','nullable':true},"
                            + "'port':{"
                            + "'x-kubernetes-int-or-string':true,'anyOf':[{'type':'integer'},"
                            + "{'type':'string'}]}}}}}");

    private final BuiltinSchemas builtin = new BuiltinSchemas();
    private final OpenApiDocuments documents = new OpenApiDocuments(builtin, "v1.32.0");

    private ObjectNode apps() {
        return documents.v3(
                "apps/v1",
                List.of(
                        new Served(
                                Resource.DEPLOYMENTS,
                                Optional.empty(),
                                List.of("status", "scale"))));
    }

    private ObjectNode widgets() {
        return documents.v3(
                "example.com/v1", List.of(new Served(WIDGETS, Optional.of(WIDGET), List.of())));
    }

    @Test
    void everyReferenceInEveryDocumentLeadsSomewhere() {
        for (String groupVersion : builtin.groupVersions()) {
            JsonNode schemas = builtin.components(groupVersion).path("schemas");
            List<String> dangling =
                    schemas.findValuesAsText("$ref").stream()
                            .filter(ref ->
                                    !ref.isEmpty()
                                            && !schemas.has(
                                                    ref.replace("#/components/schemas/", "")))
                            .toList();
            assertThat(dangling).as(groupVersion).isEmpty();
        }
    }

    @Test
    void kubectlFindsKindsDescriptionsAndMergeKeys() {
        JsonNode schemas = apps().at("/components/schemas");

        assertThat(
                        schemas.at(
                                        "/io.k8s.api.apps.v1.Deployment/x-kubernetes-group-version-kind/0")
                                .toString())
                .isEqualTo("{\"group\":\"apps\",\"kind\":\"Deployment\",\"version\":\"v1\"}");
        JsonNode containers = schemas.at("/io.k8s.api.core.v1.PodSpec/properties/containers");
        assertThat(containers.path("x-kubernetes-patch-merge-key").asText()).isEqualTo("name");
        assertThat(containers.path("description").asText())
                .startsWith("List of containers belonging to the pod.");
        JsonNode strategy = schemas.at("/io.k8s.api.apps.v1.DeploymentSpec/properties/strategy");
        assertThat(strategy.path("x-kubernetes-patch-strategy").asText()).isEqualTo("retainKeys");
        assertThat(strategy.at("/allOf/0/$ref").asText())
                .endsWith("io.k8s.api.apps.v1.DeploymentStrategy");
    }

    @Test
    void kubectlFindsThatPatchCanDryRunAndValidate() {
        JsonNode patch =
                apps().path("paths")
                        .path("/apis/apps/v1/namespaces/{namespace}/deployments/{name}")
                        .path("patch");

        assertThat(patch.at("/x-kubernetes-group-version-kind/kind").asText())
                .isEqualTo("Deployment");
        assertThat(patch.path("parameters").findValuesAsText("name"))
                .containsExactly("dryRun", "fieldManager", "fieldValidation", "force");
        assertThat(
                        apps().path("paths")
                                .has(
                                        "/apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale"))
                .isTrue();
    }

    @Test
    void customResourcesAreNamedByTheirGroupReversed() {
        JsonNode widget = widgets().at("/components/schemas/com.example.v1.Widget");

        assertThat(widget.at("/x-kubernetes-group-version-kind/0/kind").asText())
                .isEqualTo("Widget");
        assertThat(widget.path("properties").has("metadata")).isTrue();
        assertThat(WIDGET.path("properties").has("metadata"))
                .as("the argument is untouched")
                .isFalse();
    }

    @Test
    void strategicMergeIsOfferedForBuiltInKindsOnly() {
        assertThat(patchTypes(apps())).contains("application/strategic-merge-patch+json");
        assertThat(patchTypes(widgets()))
                .contains("application/merge-patch+json")
                .doesNotContain("application/strategic-merge-patch+json");
    }

    private static List<String> patchTypes(ObjectNode document) {
        List<String> types = new ArrayList<>();
        document.path("paths")
                .forEach(path ->
                        path.at("/patch/requestBody/content")
                                .fieldNames()
                                .forEachRemaining(types::add));
        return types;
    }

    @Test
    void versionTwoSaysTheSameWithoutWhatItCannotSay() {
        ObjectNode v2 = documents.v2(List.of(apps(), widgets()));

        assertThat(
                        v2.at("/definitions/com.example.v1.Widget/properties/spec/properties/size")
                                .has("nullable"))
                .isFalse();
        assertThat(
                        v2.at("/definitions/io.k8s.api.apps.v1.Deployment/properties/spec/$ref")
                                .asText())
                .isEqualTo("#/definitions/io.k8s.api.apps.v1.DeploymentSpec");
        assertThat(
                        v2.at("/definitions/io.k8s.apimachinery.pkg.api.resource.Quantity/type")
                                .asText())
                .isEqualTo("string");
        JsonNode patch =
                v2.path("paths")
                        .path("/apis/apps/v1/namespaces/{namespace}/deployments/{name}")
                        .path("patch");
        assertThat(patch.path("consumes").toString()).contains("strategic-merge-patch");
        assertThat(patch.path("parameters").get(0).path("in").asText()).isEqualTo("body");
    }

    @Test
    void theProtobufFormIsWellFormedAndHoldsEveryDefinition()
            throws InvalidProtocolBufferException {
        ObjectNode v2 = documents.v2(List.of(apps(), widgets()));

        UnknownFieldSet document = UnknownFieldSet.parseFrom(documents.v2Protobuf(v2));
        UnknownFieldSet definitions =
                UnknownFieldSet.parseFrom(document.getField(9).getLengthDelimitedList().getFirst());
        UnknownFieldSet paths =
                UnknownFieldSet.parseFrom(document.getField(8).getLengthDelimitedList().getFirst());

        assertThat(document.getField(1).getLengthDelimitedList().getFirst().toStringUtf8())
                .isEqualTo("2.0");
        assertThat(definitions.getField(1).getLengthDelimitedList())
                .hasSize(v2.path("definitions").size());
        assertThat(paths.getField(2).getLengthDelimitedList()).hasSize(v2.path("paths").size());
    }
}
