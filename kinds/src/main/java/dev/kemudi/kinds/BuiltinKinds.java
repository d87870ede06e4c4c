package dev.kemudi.kinds;

import dev.kemudi.api.Resource;
import dev.kemudi.api.ResourceDefinition;
import dev.kemudi.api.Strategy;
import java.util.List;
import java.util.stream.Stream;

/**
 * The kinds every Kubernetes client expects to find, with the defaults, rules and table columns of
 * Kubernetes' own API server. Immutable and stateless; safe for use by many threads. Source: the
 * Kubernetes API reference (v1.32) and what kube-apiserver answers to stable clients.
 */
public final class BuiltinKinds {
    static final String ALL = "all";

    private BuiltinKinds() {}

    /**
     * One definition per kind, in the order discovery lists them. {@code CustomResourceDefinition}
     * carries names and columns only: its meaning lies with the API server.
     */
    public static List<ResourceDefinition> all() {
        return Stream.of(
                        common(),
                        WorkloadKinds.all(),
                        PodKinds.all(),
                        StorageKinds.all(),
                        NetworkKinds.all(),
                        AdmissionKinds.all())
                .flatMap(List::stream)
                .toList();
    }

    private static List<ResourceDefinition> common() {
        return List.of(
                Kind.of(Resource.NAMESPACES, "ns")
                        .withStatus()
                        .columns(NamespaceStrategy.COLUMNS, new NamespaceStrategy()),
                Kind.of(Resource.NODES, "no")
                        .withStatus()
                        .columns(NodeStrategy.COLUMNS, new NodeStrategy()),
                Kind.of(Resource.PODS, "po")
                        .categories(ALL)
                        .withStatus()
                        .columns(PodColumns.ALL, new PodStrategy()),
                Kind.of(Resource.SERVICES, "svc")
                        .categories(ALL)
                        .withStatus()
                        .columns(ServiceColumns.ALL, new ServiceStrategy()),
                Kind.of(Resource.CONFIG_MAPS, "cm")
                        .columns(ConfigMapStrategy.COLUMNS, new ConfigMapStrategy()),
                Kind.of(Resource.SECRETS).columns(SecretStrategy.COLUMNS, new SecretStrategy()),
                Kind.of(Resource.SERVICE_ACCOUNTS, "sa")
                        .columns(SimpleColumns.SERVICE_ACCOUNT, Strategy.NONE),
                Kind.of(Resource.EVENTS, "ev").columns(EventColumns.ALL, new EventStrategy()),
                Kind.of(Resource.DEPLOYMENTS, "deploy")
                        .categories(ALL)
                        .withStatus()
                        .withScale()
                        .columns(DeploymentStrategy.COLUMNS, new DeploymentStrategy()),
                Kind.of(Resource.REPLICA_SETS, "rs")
                        .categories(ALL)
                        .withStatus()
                        .withScale()
                        .columns(ReplicaSetStrategy.COLUMNS, new ReplicaSetStrategy()),
                Kind.of(Resource.JOBS)
                        .categories(ALL)
                        .withStatus()
                        .columns(JobColumns.ALL, new JobStrategy()),
                Kind.of(Resource.ENDPOINT_SLICES)
                        .columns(EndpointSliceStrategy.COLUMNS, new EndpointSliceStrategy()),
                Kind.of(Resource.LEASES).columns(SimpleColumns.LEASE, new LeaseStrategy()),
                Kind.of(Resource.ROLES).columns(RoleStrategy.COLUMNS, new RoleStrategy(true)),
                Kind.of(Resource.CLUSTER_ROLES)
                        .columns(RoleStrategy.COLUMNS, new RoleStrategy(false)),
                Kind.of(Resource.ROLE_BINDINGS)
                        .columns(RoleBindingStrategy.COLUMNS, new RoleBindingStrategy(true)),
                Kind.of(Resource.CLUSTER_ROLE_BINDINGS)
                        .columns(RoleBindingStrategy.COLUMNS, new RoleBindingStrategy(false)),
                Kind.of(Resource.FLOW_SCHEMAS)
                        .withStatus()
                        .columns(FlowSchemaStrategy.COLUMNS, new FlowSchemaStrategy()),
                Kind.of(Resource.PRIORITY_LEVELS)
                        .withStatus()
                        .columns(PriorityLevelStrategy.COLUMNS, new PriorityLevelStrategy()),
                Kind.of(Resource.CERTIFICATE_SIGNING_REQUESTS, "csr")
                        .withStatus()
                        .columns(
                                CertificateSigningRequestStrategy.COLUMNS,
                                new CertificateSigningRequestStrategy()),
                Kind.of(Resource.CUSTOM_RESOURCE_DEFINITIONS, "crd", "crds")
                        .categories("api-extensions")
                        .withStatus()
                        .columns(SimpleColumns.CUSTOM_RESOURCE_DEFINITION, Strategy.NONE));
    }
}
