package dev.kemudi.admission;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.LabelSelector;
import dev.kemudi.api.Resource;
import java.util.Map;
import java.util.Optional;

/**
 * Which requests a webhook or a policy is about: its rules, its selectors, and whether other
 * versions of the same objects count. Immutable.
 *
 * <p>Source: Kubernetes documentation, "Dynamic Admission Control", matching requests.
 *
 * @param excluded rules whose requests are left out; missing for webhooks
 */
record RequestRules(
        JsonNode rules,
        JsonNode excluded,
        boolean exact,
        JsonNode namespaceSelector,
        JsonNode objectSelector) {
    private static final String GROUP = Resource.VALIDATING_WEBHOOK_CONFIGURATIONS.group();

    /** Of a webhook. */
    static RequestRules ofWebhook(JsonNode webhook) {
        return of(webhook, webhook.path("rules"), webhook.path("absent"));
    }

    /** Of a policy's matchConstraints or a binding's matchResources. */
    static RequestRules ofPolicy(JsonNode match) {
        return of(match, match.path("resourceRules"), match.path("excludeResourceRules"));
    }

    private static RequestRules of(JsonNode holder, JsonNode rules, JsonNode excluded) {
        return new RequestRules(
                rules,
                excluded,
                holder.path("matchPolicy").asText("").equals("Exact"),
                holder.path("namespaceSelector"),
                holder.path("objectSelector"));
    }

    /** What configures admission is not subject to it: a mistake in it can always be taken back. */
    static boolean exempt(Attributes attributes) {
        return attributes.resource().group().equals(GROUP);
    }

    /**
     * The version in which the request is to be seen; empty when it is none of this one's business.
     */
    Optional<Resource> match(Attributes attributes, Cluster cluster) {
        if (!selected(attributes, cluster)) {
            return Optional.empty();
        }
        if (!excluded.isEmpty() && version(excluded, attributes, cluster).isPresent()) {
            return Optional.empty();
        }
        return rules.isMissingNode()
                ? Optional.of(attributes.resource())
                : version(rules, attributes, cluster);
    }

    private Optional<Resource> version(JsonNode list, Attributes attributes, Cluster cluster) {
        for (JsonNode rule : list) {
            if (about(rule, attributes, attributes.resource())) {
                return Optional.of(attributes.resource());
            }
        }
        if (exact) {
            return Optional.empty();
        }
        for (JsonNode rule : list) {
            if (!has(rule.path("apiVersions"), attributes.resource().version())) {
                for (Resource other : cluster.versions(attributes.resource())) {
                    if (about(rule, attributes, other)) {
                        return Optional.of(other);
                    }
                }
            }
        }
        return Optional.empty();
    }

    private static boolean about(JsonNode rule, Attributes attributes, Resource resource) {
        return has(rule.path("operations"), attributes.operation().name())
                && has(rule.path("apiGroups"), resource.group())
                && has(rule.path("apiVersions"), resource.version())
                && scope(rule.path("scope").asText("*"), attributes)
                && names(rule.path("resources"), resource.plural(), attributes.subresource())
                && (rule.path("resourceNames").isEmpty()
                        || has(rule.path("resourceNames"), attributes.name()));
    }

    private static boolean has(JsonNode values, String wanted) {
        for (JsonNode value : values) {
            if (value.asText().equals("*") || value.asText().equals(wanted)) {
                return true;
            }
        }
        return false;
    }

    /** {@code pods}, {@code pods/status}, {@code pods/*}, {@code *}, {@code *}{@code /scale}. */
    private static boolean names(JsonNode resources, String plural, String subresource) {
        for (JsonNode resource : resources) {
            String text = resource.asText();
            int slash = text.indexOf('/');
            String object = slash < 0 ? text : text.substring(0, slash);
            String part = slash < 0 ? "" : text.substring(slash + 1);
            if ((object.equals("*") || object.equals(plural))
                    && (part.equals("*") || part.equals(subresource))) {
                return true;
            }
        }
        return false;
    }

    private static boolean scope(String scope, Attributes attributes) {
        boolean namespaced =
                !attributes.namespace().isEmpty()
                        && !attributes.resource().equals(Resource.NAMESPACES);
        return switch (scope) {
            case "Namespaced" -> namespaced;
            case "Cluster" -> !namespaced;
            default -> true;
        };
    }

    private boolean selected(Attributes attributes, Cluster cluster) {
        LabelSelector objects = new LabelSelector(objectSelector);
        if (!objects.isEmpty()) {
            boolean either =
                    attributes.object().filter(o -> objects.matches(o.labels())).isPresent()
                            || attributes
                                    .old()
                                    .filter(o -> objects.matches(o.labels()))
                                    .isPresent();
            if (!either) {
                return false;
            }
        }
        LabelSelector namespaces = new LabelSelector(namespaceSelector);
        return namespaces.isEmpty()
                || namespaceLabels(attributes, cluster).filter(namespaces::matches).isPresent()
                || clusterScoped(attributes);
    }

    private static boolean clusterScoped(Attributes attributes) {
        return attributes.namespace().isEmpty()
                && !attributes.resource().equals(Resource.NAMESPACES);
    }

    private static Optional<Map<String, String>> namespaceLabels(
            Attributes attributes, Cluster cluster) {
        if (attributes.resource().equals(Resource.NAMESPACES)) {
            return Optional.of(attributes.either().labels());
        }
        return namespaceOf(attributes, cluster).map(ApiObject::labels);
    }

    /** The namespace that the request is about; none for what is in no namespace. */
    static Optional<ApiObject> namespaceOf(Attributes attributes, Cluster cluster) {
        boolean itself = attributes.resource().equals(Resource.NAMESPACES);
        String name = itself ? attributes.either().name() : attributes.namespace();
        if (name.isEmpty()) {
            return Optional.empty();
        }
        return cluster.find(Resource.NAMESPACES, "", name)
                .or(() -> cluster.client().find(Resource.NAMESPACES, "", name));
    }
}
