package dev.kemudi.schema;

/**
 * What one request may cost here.
 *
 * @param jsonPatchOpsMax 10_000: what kube-apiserver allows; real patches have below 100 operations
 * @param jsonPatchCopiedNodesMax 500_000: JSON nodes that all copy operations of one patch may
 *     duplicate (about 40 MB of heap), so that repeated self-copies cannot double a document
 *     without end
 * @param protobufDepthMax 100: nesting of messages in one protobuf body; Kubernetes' deepest kinds
 *     (JSON schemas in CustomResourceDefinitions aside) stay below 25
 */
public record Limits(int jsonPatchOpsMax, int jsonPatchCopiedNodesMax, int protobufDepthMax) {
    public static Limits defaults() {
        return new Limits(10_000, 500_000, 100);
    }
}
