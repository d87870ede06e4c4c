package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Patch;
import dev.kemudi.api.Resource;
import dev.kemudi.api.ResourceDefinition;
import dev.kemudi.apiserver.Https.Reply;
import dev.kemudi.apiserver.ServedFeatures.Feature;
import dev.kemudi.apiserver.ServedFeatures.Missing;
import dev.kemudi.kinds.BuiltinKinds;
import java.io.IOException;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/**
 * Writes down what a running server says of itself: kinds from its discovery, media types and
 * patches from what it answers when it is asked.
 */
final class ProtocolDocument {
    private static final String HEAD =
            """
            # Kubernetes

            What Kemudi serves of the Kubernetes API, as of 1.32. Generated from a running server by
            `ProtocolDocumentTest`: kinds, versions, subresources and verbs are its own discovery,
            media types and patches what it answered when asked, remarks stand in the code beside
            the kinds that they are about. Written anew with

            ```
            %s
            ```

            Custom resources of any group are served beside these; Kemudi's own kinds and those of
            the Gateway API are such.
            """;

    private static final String AGGREGATED =
            "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    private static final List<String> ALL_VERBS =
            List.of(
                    "create",
                    "delete",
                    "deletecollection",
                    "get",
                    "list",
                    "patch",
                    "update",
                    "watch");

    private static final String META = ";v=v1;g=meta.k8s.io";
    private static final String PROTOBUF = "application/vnd.kubernetes.protobuf";
    private static final List<String> MEDIA_TYPES =
            List.of(
                    "application/json",
                    "application/yaml",
                    PROTOBUF,
                    "application/json;as=Table" + META,
                    "application/json;as=PartialObjectMetadata" + META,
                    PROTOBUF + ";as=PartialObjectMetadata" + META,
                    PROTOBUF + ";as=Table" + META,
                    "application/cbor");

    private static final String DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments";
    private static final String THINGS = "/apis/example.com/v1/namespaces/default/things";

    private final Https https;
    private final StringBuilder text = new StringBuilder();

    ProtocolDocument(Https https) {
        this.https = https;
    }

    static List<String> asked() {
        return MEDIA_TYPES;
    }

    String markdown(String command) throws IOException, InterruptedException {
        makeWhatIsAskedFor();
        text.append(HEAD.formatted(command));
        groups();
        mediaTypes();
        patches();
        features();
        section("Not served");
        table("what", "why");
        for (Missing missing : ServedFeatures.MISSING) {
            row(missing.what(), missing.why());
        }
        return text.toString();
    }

    private void section(String title) {
        text.append("\n## ").append(title).append("\n\n");
    }

    private void table(String... columns) {
        row(columns);
        text.append("|---".repeat(columns.length)).append("|\n");
    }

    private void row(String... cells) {
        text.append("| ").append(String.join(" | ", cells)).append(" |\n");
    }

    private void groups() {
        section("Groups, versions and kinds");
        text.append("Verbs, where none are named: ")
                .append(String.join(", ", ALL_VERBS))
                .append(".\n");
        for (String root : List.of("/api", "/apis")) {
            JsonNode list =
                    https.send(https.request(root).header("Accept", AGGREGATED).build()).body();
            for (JsonNode group : list.path("items")) {
                String name = group.at("/metadata/name").asText("");
                if (!name.equals("example.com")) {
                    group.path("versions").forEach(version -> version(name, version));
                }
            }
        }
    }

    private void version(String group, JsonNode version) {
        String name = version.path("version").asText();
        text.append("\n### ").append(group.isEmpty() ? name : group + "/" + name).append("\n\n");
        table("resource", "kind", "names", "subresources", "selectable fields", "remarks");
        for (JsonNode resource : version.path("resources")) {
            List<String> remarks = new ArrayList<>();
            List<String> verbs = texts(resource.path("verbs"));
            if (!verbs.equals(ALL_VERBS)) {
                remarks.add("only " + String.join(", ", verbs));
            }
            if (resource.path("scope").asText().equals("Cluster")) {
                remarks.add("cluster-scoped");
            }
            String plural = resource.path("resource").asText();
            List<String> fields = new ArrayList<>();
            definition(group, name, plural, remarks, fields);
            List<String> names = texts(resource.path("shortNames"));
            texts(resource.path("categories")).forEach(c -> names.add("category " + c));
            List<String> subresources = new ArrayList<>();
            resource.path("subresources")
                    .forEach(s -> subresources.add("`" + s.path("subresource").asText() + "`"));
            row(
                    "`" + plural + "`",
                    resource.at("/responseKind/kind").asText(),
                    String.join(", ", names),
                    String.join(", ", subresources),
                    String.join(", ", fields),
                    String.join("; ", remarks));
        }
    }

    private static void definition(
            String group,
            String version,
            String plural,
            List<String> remarks,
            List<String> fields) {
        for (ResourceDefinition definition : BuiltinKinds.all()) {
            Resource resource = definition.resource();
            if (resource.group().equals(group)
                    && resource.version().equals(version)
                    && resource.plural().equals(plural)) {
                new TreeSet<>(
                                definition
                                        .strategy()
                                        .selectableFields(ApiObject.named(resource, "", ""))
                                        .keySet())
                        .forEach(field -> fields.add("`" + field + "`"));
                if (!definition.strategy().remark().isEmpty()) {
                    remarks.add(definition.strategy().remark());
                }
            }
        }
    }

    private static List<String> texts(JsonNode array) {
        List<String> texts = new ArrayList<>();
        array.forEach(t -> texts.add(t.asText()));
        return texts;
    }

    private void makeWhatIsAskedFor() {
        made(
                "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
                """
                {"metadata":{"name":"things.example.com"},"spec":{"group":"example.com","scope":"Namespaced",
                 "names":{"plural":"things","kind":"Thing"},"versions":[{"name":"v1",
                 "served":true,"storage":true,
                 "subresources":{"status":{}},"schema":{"openAPIV3Schema":{"type":"object","properties":{
                 "spec":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}}}]}}\
                """);
        Eventually.holds("things are served", () -> https.get(THINGS).code() == 200);
        made(
                THINGS,
                "{\"apiVersion\":\"example.com/v1\",\"kind\":\"Thing\",\"metadata\":{\"name\":\"a\"}}");
        made(
                DEPLOYMENTS,
                """
                {"metadata":{"name":"a"},"spec":{"selector":{"matchLabels":{"a":"b"}},"template":{
                 "metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"host"}]}}}}\
                """);
    }

    private void made(String path, String body) {
        Reply reply = https.post(path, body);
        if (reply.code() != 201) {
            throw new AssertionError(path + ": " + reply.message());
        }
    }

    private void mediaTypes() throws IOException, InterruptedException {
        section("What answers are written in");
        table("`Accept`", "built-in object", "list", "watch", "custom object", "custom list");
        for (String type : MEDIA_TYPES) {
            row(
                    "`" + type + "`",
                    answered(DEPLOYMENTS + "/a", type),
                    answered(DEPLOYMENTS, type),
                    answered(DEPLOYMENTS + "?watch=true", type),
                    answered(THINGS + "/a", type),
                    answered(THINGS, type));
        }
        text.append(
                """

                Bodies are read as JSON, YAML and, of built-in kinds, as protobuf. Lists are streamed;
                protobuf needs its length first and encodes every item twice rather than hold them all.
                """);
    }

    private String answered(String path, String accept) throws IOException, InterruptedException {
        var response =
                https.client.send(
                        https.request(path).header("Accept", accept).build(),
                        BodyHandlers.ofInputStream());
        response.body().close(); // a watch goes on otherwise
        return outcome(response.statusCode());
    }

    private static String outcome(int code) {
        return code == 200 ? "yes" : "no (" + code + ")";
    }

    private void patches() {
        section("Patches");
        table(
                "`Content-Type`",
                "built-in object",
                "its status",
                "its scale",
                "custom object",
                "its status");
        for (Patch.Type type : Patch.Type.values()) {
            row(
                    "`" + type.mediaType() + "`",
                    patched(type, DEPLOYMENTS + "/a", "apps/v1", "Deployment"),
                    patched(type, DEPLOYMENTS + "/a/status", "apps/v1", "Deployment"),
                    patched(type, DEPLOYMENTS + "/a/scale", "autoscaling/v1", "Scale"),
                    patched(type, THINGS + "/a", "example.com/v1", "Thing"),
                    patched(type, THINGS + "/a/status", "example.com/v1", "Thing"));
        }
    }

    private String patched(Patch.Type type, String path, String apiVersion, String kind) {
        String body =
                switch (type) {
                    case JSON -> "[]";
                    case MERGE, STRATEGIC -> "{}";
                    case APPLY ->
                            "{\"apiVersion\":\"%s\",\"kind\":\"%s\",\"metadata\":{\"name\":\"a\"}}"
                                    .formatted(apiVersion, kind);
                };
        String query = "?dryRun=All&fieldManager=document";
        return outcome(https.send("PATCH", path + query, type.mediaType(), body).code());
    }

    private void features() {
        String area = "";
        for (Feature feature : ServedFeatures.ALL) {
            if (!feature.area().equals(area)) {
                area = feature.area();
                section(area);
                table("what", "how far", "shown by");
            }
            row(
                    feature.what(),
                    feature.remark(),
                    "`" + feature.proof().getSimpleName() + "." + feature.test() + "`");
        }
    }
}
