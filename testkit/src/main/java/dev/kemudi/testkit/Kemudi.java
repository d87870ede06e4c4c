package dev.kemudi.testkit;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Runs the whole platform inside the test's own JVM on free loopback ports. Test methods and
 * constructors may take a {@link Cluster}, a {@link dev.kemudi.api.ApiClient} with administrator's
 * rights, fabric8's {@code KubernetesClient} or {@code Config} where they are on the class path;
 * methods also a {@link TestNamespace} of their own. When a test fails, its failure carries what
 * happened in the cluster last ({@link LastEvents}).
 *
 * <pre>{@code
 * @Kemudi(crds = "META-INF/fabric8")
 * class MyOperatorTest {
 *     @Test
 *     void createsWhatItShould(KubernetesClient client, TestNamespace namespace) { … }
 * }
 * }</pre>
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(KemudiExtension.class)
public @interface Kemudi {
    /** Whom a cluster is for. */
    Lifecycle lifecycle() default Lifecycle.PER_CLASS;

    /**
     * Keep the store in memory (quick), or on disk in a temporary directory (what production does).
     */
    boolean inMemory() default true;

    /**
     * CustomResourceDefinitions, served before the first test: each a file or a folder of YAML or
     * JSON, looked for on the class path, then relative to the working directory. fabric8's
     * generator leaves them in {@code META-INF/fabric8} of the module's classes.
     */
    String[] crds() default {};

    /**
     * Manifests, applied after the definitions and awaited before the first test; looked for as
     * {@link #crds} are.
     */
    String[] manifests() default {};

    /** How long a cluster lives. */
    enum Lifecycle {
        /** Each test method begins with an empty one. */
        PER_METHOD,
        /** The tests of a class share one, with those of its nested classes. */
        PER_CLASS,
        /** All classes of the run that ask for the same share one. */
        SHARED
    }
}
