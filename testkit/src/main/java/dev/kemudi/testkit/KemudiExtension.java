package dev.kemudi.testkit;

import dev.kemudi.api.ApiClient;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.DeleteOptions;
import dev.kemudi.api.Resource;
import dev.kemudi.testkit.Kemudi.Lifecycle;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolutionException;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;
import org.junit.platform.commons.support.AnnotationSupport;

/**
 * What {@link Kemudi} adds to a test class. JUnit closes a cluster with the context that it was
 * made for: a method's, a class's or the run's.
 */
public final class KemudiExtension
        implements BeforeAllCallback,
                BeforeEachCallback,
                ParameterResolver,
                TestExecutionExceptionHandler {
    private static final Namespace NAMESPACE = Namespace.create(KemudiExtension.class);
    private static final ReentrantLock SHARING = new ReentrantLock();
    private static final int NAME_CHARS_MAX = 40;

    /** What was asked for; two that are equal may share a cluster. */
    private record Wanted(
            Lifecycle lifecycle, boolean inMemory, List<String> crds, List<String> manifests) {
        /** By the class's annotation, or an outer class's. */
        static Wanted by(Class<?> testClass) {
            for (Class<?> each = testClass; each != null; each = each.getEnclosingClass()) {
                Optional<Kemudi> found = AnnotationSupport.findAnnotation(each, Kemudi.class);
                if (found.isPresent()) {
                    Kemudi kemudi = found.get();
                    return new Wanted(
                            kemudi.lifecycle(),
                            kemudi.inMemory(),
                            List.of(kemudi.crds()),
                            List.of(kemudi.manifests()));
                }
            }
            return new Wanted(Lifecycle.PER_CLASS, true, List.of(), List.of());
        }
    }

    @Override
    public void beforeAll(ExtensionContext context) throws IOException, InterruptedException {
        Wanted wanted = Wanted.by(context.getRequiredTestClass());
        switch (wanted.lifecycle()) {
            case PER_METHOD -> {
                // each method makes its own
            }
            case PER_CLASS -> {
                // of a nested class: the outer one's is found
                if (find(context).isEmpty()) {
                    start(context, wanted);
                }
            }
            case SHARED -> {
                SHARING.lock();
                try {
                    ExtensionContext.Store run = context.getRoot().getStore(NAMESPACE);
                    Cluster shared = run.get(wanted, Cluster.class);
                    if (shared == null) {
                        shared = made(context, wanted);
                        run.put(wanted, shared);
                    }
                    context.getStore(NAMESPACE).put(Cluster.class, new Borrowed(shared));
                } finally {
                    SHARING.unlock();
                }
            }
        }
    }

    /** A cluster that is not closed with the context that has it. */
    private record Borrowed(Cluster cluster) {}

    @Override
    public void beforeEach(ExtensionContext context) throws IOException, InterruptedException {
        Wanted wanted = Wanted.by(context.getRequiredTestClass());
        if (wanted.lifecycle() == Lifecycle.PER_METHOD) {
            start(context, wanted);
        }
    }

    private static void start(ExtensionContext context, Wanted wanted)
            throws IOException, InterruptedException {
        context.getStore(NAMESPACE).put(Cluster.class, made(context, wanted));
    }

    private static Cluster made(ExtensionContext context, Wanted wanted)
            throws IOException, InterruptedException {
        Cluster cluster = Cluster.start(wanted.inMemory());
        boolean whole = false;
        try {
            ClassLoader classes = context.getRequiredTestClass().getClassLoader();
            cluster.applyNamed(wanted.crds(), classes);
            cluster.applyNamed(wanted.manifests(), classes);
            whole = true;
            return cluster;
        } finally {
            if (!whole) {
                cluster.close();
            }
        }
    }

    private static Optional<Cluster> find(ExtensionContext context) {
        return switch (context.getStore(NAMESPACE).get(Cluster.class)) {
            case Cluster cluster -> Optional.of(cluster);
            case Borrowed borrowed -> Optional.of(borrowed.cluster());
            case null, default -> Optional.empty();
        };
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        Class<?> type = parameter.getParameter().getType();
        return type == Cluster.class
                || type == ApiClient.class
                || type == TestNamespace.class
                || Fabric8.gives(type);
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        Cluster cluster =
                find(context)
                        .orElseThrow(() ->
                                new ParameterResolutionException(
                                        ("there is no cluster for %s yet: with one per method,"
                                                        + " only methods may take it")
                                                .formatted(context.getDisplayName())));
        Class<?> type = parameter.getParameter().getType();
        if (type == Cluster.class) {
            return cluster;
        }
        if (type == ApiClient.class) {
            return cluster.client();
        }
        if (type == TestNamespace.class) {
            return namespace(cluster, context);
        }
        try {
            return type.getSimpleName().equals("Config")
                    ? Fabric8.config(cluster)
                    : fabric8(cluster, context);
        } catch (IOException e) {
            throw new ParameterResolutionException("the kubeconfig cannot be read", e);
        }
    }

    private static Object fabric8(Cluster cluster, ExtensionContext context) throws IOException {
        AutoCloseable client = Fabric8.client(cluster);
        context.getStore(NAMESPACE).put(client, client); // closed with the context
        return client;
    }

    /** A namespace, and its end with the method's. */
    private record Lent(Cluster cluster, TestNamespace namespace) implements AutoCloseable {
        @Override
        public void close() {
            try {
                cluster.client()
                        .delete(
                                Resource.NAMESPACES,
                                "",
                                namespace.name(),
                                DeleteOptions.BACKGROUND);
            } catch (ApiException e) {
                if (!e.notFound()) { // the test may have deleted it itself
                    throw e;
                }
            }
        }
    }

    private static TestNamespace namespace(Cluster cluster, ExtensionContext context) {
        ExtensionContext.Store store = context.getStore(NAMESPACE);
        Lent known = store.get(TestNamespace.class, Lent.class);
        if (known != null) {
            return known.namespace();
        }
        String method =
                context.getTestMethod()
                        .orElseThrow(() ->
                                new ParameterResolutionException(
                                        "only a test method may take a TestNamespace"))
                        .getName();
        String words =
                method.replaceAll("(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-")
                        .toLowerCase(Locale.ROOT)
                        .replaceAll("[^a-z0-9]+", "-")
                        .replaceAll("^-+|-+$", "");
        String start = words.substring(0, Math.min(NAME_CHARS_MAX, words.length()));
        String name = "%s-%05d".formatted(start, ThreadLocalRandom.current().nextInt(100_000));
        TestNamespace namespace = new TestNamespace(name);
        cluster.client()
                .create(Resource.NAMESPACES, ApiObject.named(Resource.NAMESPACES, "", name));
        store.put(TestNamespace.class, new Lent(cluster, namespace));
        return namespace;
    }

    @Override
    public void handleTestExecutionException(ExtensionContext context, Throwable failure)
            throws Throwable {
        find(context).ifPresent(cluster -> failure.addSuppressed(new LastEvents(cluster.events())));
        throw failure;
    }
}
