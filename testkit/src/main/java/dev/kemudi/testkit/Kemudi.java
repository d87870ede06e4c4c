package dev.kemudi.testkit;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Runs the whole platform inside the test's own JVM, one for the test class, on free loopback
 * ports. Test methods and constructors may take a {@link Cluster}, or a {@link
 * dev.kemudi.api.ApiClient} with administrator's rights.
 *
 * <pre>{@code
 * @Kemudi
 * class MyOperatorTest {
 *     @Test
 *     void createsWhatItShould(Cluster cluster) {
 *         Config config = Config.fromKubeconfig(cluster.kubeconfig());
 *         try (var client = new KubernetesClientBuilder().withConfig(config).build()) { … }
 *     }
 * }
 * }</pre>
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(KemudiExtension.class)
public @interface Kemudi {
    /**
     * Keep the store in memory (quick), or on disk in a temporary directory (what production does).
     */
    boolean inMemory() default true;

    /**
     * Manifest files or folders, relative to the working directory, applied and awaited before the
     * first test.
     */
    String[] manifests() default {};
}
