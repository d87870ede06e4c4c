package dev.kemudi.apiserver;

import dev.kemudi.api.Resource;
import java.util.ArrayList;
import java.util.List;

/**
 * Which parts of an object have a path of their own, and which resources exist only as requests.
 */
final class Subresources {
    private static final List<String> READ_WRITE = List.of("get", "patch", "update");

    /** Subresources of {@code kind} in the order of their names. */
    List<Discovery.Extra> of(Kind kind) {
        Resource resource = kind.resource();
        List<Discovery.Extra> extras = new ArrayList<>();
        if (resource.equals(Resource.PODS)) {
            List<String> streams = List.of("create", "get");
            extras.add(extra("attach", "", "v1", "PodAttachOptions", streams));
            extras.add(extra("binding", "", "v1", "Binding", List.of("create")));
            extras.add(extra("eviction", "policy", "v1", "Eviction", List.of("create")));
            extras.add(extra("exec", "", "v1", "PodExecOptions", streams));
            extras.add(extra("log", "", "v1", "Pod", List.of("get")));
            extras.add(extra("portforward", "", "v1", "PodPortForwardOptions", streams));
        }
        if (resource.equals(Resource.SERVICE_ACCOUNTS)) {
            extras.add(
                    extra(
                            "token",
                            "authentication.k8s.io",
                            "v1",
                            "TokenRequest",
                            List.of("create")));
        }
        if (resource.equals(Resource.CERTIFICATE_SIGNING_REQUESTS)) {
            extras.add(
                    new Discovery.Extra(
                            SigningRequests.APPROVAL,
                            resource.group(),
                            resource.version(),
                            resource.kind(),
                            false,
                            READ_WRITE));
        }
        if (resource.equals(Resource.NAMESPACES)) {
            extras.add(
                    new Discovery.Extra(
                            "finalize", "", "v1", "Namespace", false, List.of("update")));
        }
        if (kind.definition().scale().isPresent()) {
            extras.add(
                    new Discovery.Extra(
                            "scale",
                            "autoscaling",
                            "v1",
                            "Scale",
                            resource.namespaced(),
                            READ_WRITE));
        }
        if (kind.definition().statusSubresource()) {
            extras.add(
                    new Discovery.Extra(
                            "status",
                            resource.group(),
                            resource.version(),
                            resource.kind(),
                            resource.namespaced(),
                            READ_WRITE));
        }
        return extras;
    }

    private static Discovery.Extra extra(
            String name, String group, String version, String kind, List<String> verbs) {
        return new Discovery.Extra(name, group, version, kind, true, verbs);
    }

    /** Resources that are answered but never stored. */
    List<Discovery.Extra> virtual() {
        List<String> create = List.of("create");
        String authorization = "authorization.k8s.io";
        return List.of(
                new Discovery.Extra(
                        "tokenreviews",
                        "authentication.k8s.io",
                        "v1",
                        "TokenReview",
                        false,
                        create),
                new Discovery.Extra(
                        "selfsubjectreviews",
                        "authentication.k8s.io",
                        "v1",
                        "SelfSubjectReview",
                        false,
                        create),
                new Discovery.Extra(
                        "selfsubjectaccessreviews",
                        authorization,
                        "v1",
                        "SelfSubjectAccessReview",
                        false,
                        create),
                new Discovery.Extra(
                        "selfsubjectrulesreviews",
                        authorization,
                        "v1",
                        "SelfSubjectRulesReview",
                        false,
                        create),
                new Discovery.Extra(
                        "localsubjectaccessreviews",
                        authorization,
                        "v1",
                        "LocalSubjectAccessReview",
                        true,
                        create),
                new Discovery.Extra(
                        "subjectaccessreviews",
                        authorization,
                        "v1",
                        "SubjectAccessReview",
                        false,
                        create));
    }
}
