package dev.kemudi.testkit;

/**
 * A namespace of the test's own: a method that takes one gets one that was made for it, and that is
 * deleted when the method has ended.
 *
 * @param name of the namespace, from the name of the method
 */
public record TestNamespace(String name) {
    @Override
    public String toString() {
        return name;
    }
}
