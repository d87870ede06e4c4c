package dev.kemudi.kinds;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Json;
import dev.kemudi.api.ResourceDefinition;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** What the project tells newcomers to apply is what these kinds accept. */
class ExamplesTest {
    @Test
    void everyBuiltInObjectOfTheExamplesIsAccepted() throws IOException {
        List<String> accepted = new ArrayList<>();
        for (Path file : manifests()) {
            Load yaml = new Load(LoadSettings.builder().setLabel(file.toString()).build());
            for (Object document : yaml.loadAllFromString(Files.readString(file))) {
                ApiObject object =
                        ApiObject.of(Json.MAPPER.convertValue(document, ObjectNode.class));
                Optional<ResourceDefinition> kind = kindOf(object);
                if (kind.isPresent()) {
                    assertThat(causes(kind.get(), object))
                            .as("%s: %s", file, object.name())
                            .isEmpty();
                    accepted.add(object.kind());
                }
            }
        }
        assertThat(accepted).contains("Deployment", "Service");
    }

    private static List<String> causes(ResourceDefinition kind, ApiObject object) {
        ApiObject created =
                object.edit(tree -> {
                    tree.withObjectProperty("metadata").put("uid", "u-1");
                    kind.strategy().applyDefaults(tree);
                    kind.strategy().prepareForCreate(tree);
                });
        return Stream.concat(
                        kind.strategy().validate(created, Optional.empty()).stream(),
                        ObjectMetaRules.validate(created).stream())
                .map(cause -> cause.field() + ": " + cause.message())
                .toList();
    }

    private static Optional<ResourceDefinition> kindOf(ApiObject object) {
        return BuiltinKinds.all().stream()
                .filter(k -> k.resource().kind().equals(object.kind()))
                .filter(k -> k.resource().apiVersion().equals(object.apiVersion()))
                .findFirst();
    }

    private static List<Path> manifests() throws IOException {
        Path folder = Path.of("").toAbsolutePath();
        while (folder != null && !Files.exists(folder.resolve("mvnw"))) {
            folder = folder.getParent();
        }
        Path root = Objects.requireNonNull(folder, "a folder above with mvnw in it");
        try (Stream<Path> files = Files.walk(root.resolve("examples"))) {
            return files.filter(f -> f.toString().endsWith(".yaml")).sorted().toList();
        }
    }
}
