package dev.kemudi.api;

/**
 * One addressable kind: where it lives in the URL space and what its objects call themselves.
 *
 * @param group API group, empty for the core group
 * @param version API version within the group, such as {@code v1}
 * @param plural the lower-case plural used in URLs, such as {@code pods}
 * @param kind the singular CamelCase name used in objects, such as {@code Pod}
 * @param namespaced whether objects live inside a namespace
 */
public record Resource(
        String group, String version, String plural, String kind, boolean namespaced) {
    public static final Resource NAMESPACES = core("namespaces", "Namespace", false);
    public static final Resource NODES = core("nodes", "Node", false);
    public static final Resource PODS = core("pods", "Pod", true);
    public static final Resource SERVICES = core("services", "Service", true);
    public static final Resource CONFIG_MAPS = core("configmaps", "ConfigMap", true);
    public static final Resource SECRETS = core("secrets", "Secret", true);
    public static final Resource SERVICE_ACCOUNTS = core("serviceaccounts", "ServiceAccount", true);
    public static final Resource EVENTS = core("events", "Event", true);
    public static final Resource DEPLOYMENTS =
            new Resource("apps", "v1", "deployments", "Deployment", true);
    public static final Resource REPLICA_SETS =
            new Resource("apps", "v1", "replicasets", "ReplicaSet", true);
    public static final Resource STATEFUL_SETS =
            new Resource("apps", "v1", "statefulsets", "StatefulSet", true);
    public static final Resource DAEMON_SETS =
            new Resource("apps", "v1", "daemonsets", "DaemonSet", true);
    public static final Resource CONTROLLER_REVISIONS =
            new Resource("apps", "v1", "controllerrevisions", "ControllerRevision", true);
    public static final Resource JOBS = new Resource("batch", "v1", "jobs", "Job", true);
    public static final Resource CRON_JOBS =
            new Resource("batch", "v1", "cronjobs", "CronJob", true);
    public static final Resource HORIZONTAL_POD_AUTOSCALERS =
            new Resource(
                    "autoscaling",
                    "v2",
                    "horizontalpodautoscalers",
                    "HorizontalPodAutoscaler",
                    true);
    public static final Resource OLD_AUTOSCALERS =
            new Resource(
                    "autoscaling",
                    "v1",
                    "horizontalpodautoscalers",
                    "HorizontalPodAutoscaler",
                    true);
    public static final Resource POD_DISRUPTION_BUDGETS =
            new Resource("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", true);
    public static final Resource ENDPOINT_SLICES =
            new Resource("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", true);
    public static final Resource LEASES =
            new Resource("coordination.k8s.io", "v1", "leases", "Lease", true);
    public static final Resource CERTIFICATE_SIGNING_REQUESTS =
            new Resource(
                    "certificates.k8s.io",
                    "v1",
                    "certificatesigningrequests",
                    "CertificateSigningRequest",
                    false);
    public static final Resource FLOW_SCHEMAS = flow("flowschemas", "FlowSchema");
    public static final Resource PRIORITY_LEVELS =
            flow("prioritylevelconfigurations", "PriorityLevelConfiguration");
    public static final Resource CUSTOM_RESOURCE_DEFINITIONS =
            new Resource(
                    "apiextensions.k8s.io",
                    "v1",
                    "customresourcedefinitions",
                    "CustomResourceDefinition",
                    false);
    public static final Resource ROLES = rbac("roles", "Role", true);
    public static final Resource CLUSTER_ROLES = rbac("clusterroles", "ClusterRole", false);
    public static final Resource ROLE_BINDINGS = rbac("rolebindings", "RoleBinding", true);
    public static final Resource CLUSTER_ROLE_BINDINGS =
            rbac("clusterrolebindings", "ClusterRoleBinding", false);

    public static final Resource LIMIT_RANGES = core("limitranges", "LimitRange", true);
    public static final Resource RESOURCE_QUOTAS = core("resourcequotas", "ResourceQuota", true);
    public static final Resource PRIORITY_CLASSES =
            new Resource("scheduling.k8s.io", "v1", "priorityclasses", "PriorityClass", false);
    public static final Resource VALIDATING_WEBHOOK_CONFIGURATIONS =
            admission("v1", "validatingwebhookconfigurations", "ValidatingWebhookConfiguration");
    public static final Resource MUTATING_WEBHOOK_CONFIGURATIONS =
            admission("v1", "mutatingwebhookconfigurations", "MutatingWebhookConfiguration");
    public static final Resource VALIDATING_ADMISSION_POLICIES =
            admission("v1", "validatingadmissionpolicies", "ValidatingAdmissionPolicy");
    public static final Resource VALIDATING_ADMISSION_POLICY_BINDINGS =
            admission(
                    "v1", "validatingadmissionpolicybindings", "ValidatingAdmissionPolicyBinding");
    public static final Resource MUTATING_ADMISSION_POLICIES =
            admission("v1beta1", "mutatingadmissionpolicies", "MutatingAdmissionPolicy");
    public static final Resource MUTATING_ADMISSION_POLICY_BINDINGS =
            admission(
                    "v1beta1", "mutatingadmissionpolicybindings", "MutatingAdmissionPolicyBinding");

    private static Resource admission(String version, String plural, String kind) {
        return new Resource("admissionregistration.k8s.io", version, plural, kind, false);
    }

    public static final Resource ENDPOINTS = core("endpoints", "Endpoints", true);
    public static final Resource PERSISTENT_VOLUMES =
            core("persistentvolumes", "PersistentVolume", false);
    public static final Resource PERSISTENT_VOLUME_CLAIMS =
            core("persistentvolumeclaims", "PersistentVolumeClaim", true);
    public static final Resource REPLICATION_CONTROLLERS =
            core("replicationcontrollers", "ReplicationController", true);
    public static final Resource POD_TEMPLATES = core("podtemplates", "PodTemplate", true);
    public static final Resource INGRESSES = network("ingresses", "Ingress", true);
    public static final Resource INGRESS_CLASSES = network("ingressclasses", "IngressClass", false);
    public static final Resource NETWORK_POLICIES =
            network("networkpolicies", "NetworkPolicy", true);
    public static final Resource IP_ADDRESSES = network("ipaddresses", "IPAddress", false);
    public static final Resource SERVICE_CIDRS = network("servicecidrs", "ServiceCIDR", false);
    public static final Resource STORAGE_CLASSES = storage("storageclasses", "StorageClass", false);
    public static final Resource CSI_DRIVERS = storage("csidrivers", "CSIDriver", false);
    public static final Resource CSI_NODES = storage("csinodes", "CSINode", false);
    public static final Resource CSI_STORAGE_CAPACITIES =
            storage("csistoragecapacities", "CSIStorageCapacity", true);
    public static final Resource VOLUME_ATTACHMENTS =
            storage("volumeattachments", "VolumeAttachment", false);
    public static final Resource NEW_EVENTS =
            new Resource("events.k8s.io", "v1", "events", "Event", true);
    public static final Resource RUNTIME_CLASSES =
            new Resource("node.k8s.io", "v1", "runtimeclasses", "RuntimeClass", false);

    private static Resource network(String plural, String kind, boolean namespaced) {
        return new Resource("networking.k8s.io", "v1", plural, kind, namespaced);
    }

    private static Resource storage(String plural, String kind, boolean namespaced) {
        return new Resource("storage.k8s.io", "v1", plural, kind, namespaced);
    }

    private static Resource flow(String plural, String kind) {
        return new Resource("flowcontrol.apiserver.k8s.io", "v1", plural, kind, false);
    }

    private static Resource rbac(String plural, String kind, boolean namespaced) {
        return new Resource("rbac.authorization.k8s.io", "v1", plural, kind, namespaced);
    }

    private static Resource core(String plural, String kind, boolean namespaced) {
        return new Resource("", "v1", plural, kind, namespaced);
    }

    /**
     * {@code v1} for the core group, {@code group/version} otherwise: what objects carry as {@code
     * apiVersion}.
     */
    public String apiVersion() {
        return group.isEmpty() ? version : group + "/" + version;
    }

    /** {@code pods} or {@code deployments.apps}: how messages name the resource. */
    public String qualifiedName() {
        return group.isEmpty() ? plural : plural + "." + group;
    }

    /**
     * The URL path of the collection; {@code namespace} is ignored by cluster-scoped kinds and
     * means "all" when empty.
     */
    public String path(String namespace) {
        String root = group.isEmpty() ? "/api/" + version : "/apis/" + group + "/" + version;
        return namespaced && !namespace.isEmpty()
                ? root + "/namespaces/" + namespace + "/" + plural
                : root + "/" + plural;
    }
}
