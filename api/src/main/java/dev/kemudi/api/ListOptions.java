package dev.kemudi.api;

/**
 * What a list asks for, after the query parameters of the Kubernetes API.
 *
 * @param labelSelector set- or equality-based selector, empty for all
 * @param fieldSelector such as {@code spec.nodeName=n1}, empty for all
 * @param limit page size, 0 for everything
 * @param continueToken from the page before, empty for the first page
 * @param resourceVersion empty for the newest, {@code 0} for any, otherwise at least that one
 */
public record ListOptions(
        String labelSelector,
        String fieldSelector,
        int limit,
        String continueToken,
        String resourceVersion) {
    public static final ListOptions ALL = new ListOptions("", "", 0, "", "");

    public static ListOptions labels(String labelSelector) {
        return new ListOptions(labelSelector, "", 0, "", "");
    }

    public static ListOptions fields(String fieldSelector) {
        return new ListOptions("", fieldSelector, 0, "", "");
    }

    public ListOptions page(int limit, String continueToken) {
        return new ListOptions(labelSelector, fieldSelector, limit, continueToken, resourceVersion);
    }

    public ListOptions at(String resourceVersion) {
        return new ListOptions(labelSelector, fieldSelector, limit, continueToken, resourceVersion);
    }
}
