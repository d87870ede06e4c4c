package dev.kemudi.testkit;

import dev.kemudi.api.ApiClient;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/** What {@link Kemudi} adds to a test class. The platform lives as long as the class's tests. */
public final class KemudiExtension implements BeforeAllCallback, ParameterResolver {
    private static final Namespace NAMESPACE = Namespace.create(KemudiExtension.class);

    @Override
    public void beforeAll(ExtensionContext context) throws IOException, InterruptedException {
        Class<?> testClass = context.getRequiredTestClass();
        Kemudi wanted = testClass.getAnnotation(Kemudi.class);
        boolean inMemory = wanted == null || wanted.inMemory();
        Cluster cluster = Cluster.start(inMemory);
        context.getStore(NAMESPACE).put(Cluster.class, cluster);
        if (wanted != null && wanted.manifests().length > 0) {
            List<Path> paths = Stream.of(wanted.manifests()).map(Path::of).toList();
            cluster.apply(paths);
        }
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        Class<?> type = parameter.getParameter().getType();
        return type == Cluster.class || type == ApiClient.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        Cluster cluster = context.getStore(NAMESPACE).get(Cluster.class, Cluster.class);
        if (cluster == null) {
            throw new IllegalStateException(
                    "no cluster was started for " + context.getDisplayName());
        }
        return parameter.getParameter().getType() == Cluster.class ? cluster : cluster.client();
    }
}
