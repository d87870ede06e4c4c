package dev.kemudi.api;

/**
 * A change to an object.
 *
 * @param body the patch document: JSON, or YAML for {@link Type#APPLY}
 * @param fieldManager who owns the fields this patch sets; required for {@link Type#APPLY}
 * @param force whether {@link Type#APPLY} takes fields that others own
 * @param subresource empty, {@code status} or {@code scale}
 */
public record Patch(
        Type type, byte[] body, String fieldManager, boolean force, String subresource) {
    /** The four patch formats of the Kubernetes API. */
    public enum Type {
        JSON("application/json-patch+json"),
        MERGE("application/merge-patch+json"),
        STRATEGIC("application/strategic-merge-patch+json"),
        APPLY("application/apply-patch+yaml");

        private final String mediaType;

        Type(String mediaType) {
            this.mediaType = mediaType;
        }

        public String mediaType() {
            return mediaType;
        }
    }
}
