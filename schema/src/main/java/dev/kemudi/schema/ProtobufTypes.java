package dev.kemudi.schema;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import io.kubernetes.client.proto.Meta;
import io.kubernetes.client.proto.V1;
import io.kubernetes.client.proto.V1Admissionregistration;
import io.kubernetes.client.proto.V1Apiextensions;
import io.kubernetes.client.proto.V1Apps;
import io.kubernetes.client.proto.V1Authentication;
import io.kubernetes.client.proto.V1Authorization;
import io.kubernetes.client.proto.V1Autoscaling;
import io.kubernetes.client.proto.V1Batch;
import io.kubernetes.client.proto.V1Certificates;
import io.kubernetes.client.proto.V1Coordination;
import io.kubernetes.client.proto.V1Discovery;
import io.kubernetes.client.proto.V1Events;
import io.kubernetes.client.proto.V1Flowcontrol;
import io.kubernetes.client.proto.V1Networking;
import io.kubernetes.client.proto.V1Node;
import io.kubernetes.client.proto.V1Policy;
import io.kubernetes.client.proto.V1Rbac;
import io.kubernetes.client.proto.V1Scheduling;
import io.kubernetes.client.proto.V1Storage;
import io.kubernetes.client.proto.V2Autoscaling;
import java.util.List;
import java.util.Optional;

/**
 * The published protobuf descriptors of the built-in kinds. A group's classes load when it is first
 * asked for.
 */
final class ProtobufTypes {
    static final List<String> GROUP_VERSIONS =
            List.of(
                    "v1",
                    "apps/v1",
                    "batch/v1",
                    "autoscaling/v1",
                    "autoscaling/v2",
                    "policy/v1",
                    "admissionregistration.k8s.io/v1",
                    "apiextensions.k8s.io/v1",
                    "authentication.k8s.io/v1",
                    "authorization.k8s.io/v1",
                    "certificates.k8s.io/v1",
                    "coordination.k8s.io/v1",
                    "discovery.k8s.io/v1",
                    "events.k8s.io/v1",
                    "flowcontrol.apiserver.k8s.io/v1",
                    "networking.k8s.io/v1",
                    "node.k8s.io/v1",
                    "rbac.authorization.k8s.io/v1",
                    "scheduling.k8s.io/v1",
                    "storage.k8s.io/v1");

    private ProtobufTypes() {}

    /**
     * The message of a kind. {@code DeleteOptions} and the other meta kinds are known in every
     * group.
     */
    static Optional<Descriptor> of(String apiVersion, String kind) {
        Optional<Descriptor> own = file(apiVersion).map(f -> f.findMessageTypeByName(kind));
        boolean meta =
                kind.endsWith("Options") || kind.equals("Status") || kind.equals("WatchEvent");
        return own.isPresent() || !meta
                ? own
                : Optional.ofNullable(metaFile().findMessageTypeByName(kind));
    }

    static FileDescriptor metaFile() {
        return Meta.getDescriptor();
    }

    static Optional<FileDescriptor> file(String apiVersion) {
        FileDescriptor file =
                switch (apiVersion) {
                    case "v1" -> V1.getDescriptor();
                    case "meta.k8s.io/v1" -> metaFile();
                    case "apps/v1" -> V1Apps.getDescriptor();
                    case "batch/v1" -> V1Batch.getDescriptor();
                    case "autoscaling/v1" -> V1Autoscaling.getDescriptor();
                    case "autoscaling/v2" -> V2Autoscaling.getDescriptor();
                    case "policy/v1" -> V1Policy.getDescriptor();
                    case "admissionregistration.k8s.io/v1" ->
                            V1Admissionregistration.getDescriptor();
                    case "apiextensions.k8s.io/v1" -> V1Apiextensions.getDescriptor();
                    case "authentication.k8s.io/v1" -> V1Authentication.getDescriptor();
                    case "authorization.k8s.io/v1" -> V1Authorization.getDescriptor();
                    case "certificates.k8s.io/v1" -> V1Certificates.getDescriptor();
                    case "coordination.k8s.io/v1" -> V1Coordination.getDescriptor();
                    case "discovery.k8s.io/v1" -> V1Discovery.getDescriptor();
                    case "events.k8s.io/v1" -> V1Events.getDescriptor();
                    case "flowcontrol.apiserver.k8s.io/v1" -> V1Flowcontrol.getDescriptor();
                    case "networking.k8s.io/v1" -> V1Networking.getDescriptor();
                    case "node.k8s.io/v1" -> V1Node.getDescriptor();
                    case "rbac.authorization.k8s.io/v1" -> V1Rbac.getDescriptor();
                    case "scheduling.k8s.io/v1" -> V1Scheduling.getDescriptor();
                    case "storage.k8s.io/v1" -> V1Storage.getDescriptor();
                    default -> null;
                };
        return Optional.ofNullable(file);
    }
}
