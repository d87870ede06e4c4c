package dev.kemudi.cel;

/** Asked by expressions whether somebody may do something. Safe for use by many threads. */
@FunctionalInterface
public interface Authorizer {
    /**
     * A question.
     *
     * @param account a service account as {@code namespace/name} to ask for; empty for whoever sent
     *     the request
     * @param path of what is no object; empty otherwise
     */
    record Question(
            String account,
            String verb,
            String group,
            String resource,
            String subresource,
            String namespace,
            String name,
            String path) {}

    /** What is decided, and why. */
    record Decision(boolean allowed, String reason) {}

    Decision decide(Question question);

    /** The question about the object of a request, as {@code authorizer.requestResource}. */
    default Object about(
            String group, String resource, String subresource, String namespace, String name) {
        return new AuthorizerFunctions.Check(
                this, new Question("", "", group, resource, subresource, namespace, name, ""));
    }
}
