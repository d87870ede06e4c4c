package dev.kemudi.admission;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.Resource;
import dev.kemudi.api.Status.Cause;
import java.util.List;

/*
 * How a write is admitted
 * -----------------------
 * Twice on its way to the store an object comes by here. First it may be changed: limits fill in what a pod
 * leaves out, its priority and account are settled, mutating policies and webhooks have their say. Then the
 * server fills its own fields and validates; and then it is looked at as it will be stored: limits,
 * validating policies, webhooks and, last of all, quotas. Who says no ends the request.
 *
 * What is configured is read from the server's watch caches; while nothing is, a write passes by at the cost
 * of reading a counter. Deletions and connections have no object to change and are only looked at.
 */
/**
 * Everything that is asked of a request before the API server does it. Safe for use by many
 * threads; calls block as long as webhooks take.
 */
public final class AdmissionChain implements AutoCloseable {
    private final List<Plugin> mutating;
    private final MutatingPolicies policies;
    private final Webhooks webhooks;
    private final List<Plugin> validating;
    private final WebhookClient client;
    private final Limits limits;

    public AdmissionChain(Cluster cluster, Limits limits) {
        LimitRanger limitRanger = new LimitRanger(cluster);
        PriorityPlugin priority = new PriorityPlugin(cluster);
        this.limits = limits;
        client = new WebhookClient(cluster, limits);
        webhooks = new Webhooks(cluster, limits, client);
        policies = new MutatingPolicies(cluster, limits);
        mutating = List.of(limitRanger, new ServiceAccountPlugin(cluster), priority, policies);
        validating =
                List.of(
                        limitRanger,
                        priority,
                        new ValidatingPolicies(cluster, limits),
                        webhooks,
                        new QuotaPlugin(cluster, limits));
    }

    /**
     * The object as the request may store it.
     *
     * @return the very tree of {@code attributes} when nothing has changed; otherwise a copy
     * @throws ApiException when the request is refused
     */
    public ObjectNode mutate(Attributes attributes) {
        Attributes now = attributes;
        ObjectNode tree = attributes.either().tree();
        for (Plugin plugin : mutating) {
            ObjectNode changed = plugin.mutate(now, tree);
            if (changed != tree) {
                tree = changed;
                now = now.with(tree);
            }
        }
        ObjectNode changed = webhooks.mutate(now, tree);
        if (changed != tree) {
            tree = policies.mutateAgain(now.with(changed), changed);
        }
        return tree;
    }

    /** What is wrong with the expressions of a policy or webhook that is about to be stored. */
    public static List<Cause> problems(Resource resource, ObjectNode tree) {
        return ExpressionChecks.problems(resource, tree);
    }

    /**
     * How the objects of a custom resource are converted.
     *
     * @param clientConfig of the definition's conversion webhook
     */
    public ObjectConversion conversion(JsonNode clientConfig) {
        return new ObjectConversion(client, clientConfig, limits);
    }

    @Override
    public void close() {
        client.close();
    }

    /**
     * @throws ApiException when the request is refused
     */
    public void validate(Attributes attributes) {
        validating.forEach(plugin -> plugin.validate(attributes));
    }
}
