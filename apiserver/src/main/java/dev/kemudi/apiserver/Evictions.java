package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.DeleteOptions.Propagation;
import dev.kemudi.api.LabelSelector;
import dev.kemudi.api.ListOptions;
import dev.kemudi.api.Resource;
import dev.kemudi.api.Status;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/*
 * How a pod is evicted
 * --------------------
 * A pod that serves nobody (not begun, ended, or leaving) goes without asking. Otherwise its budget's
 * status says how many may go; one is taken and the pod's name noted in disruptedPods, in one write on the
 * condition that nobody else was faster. Only then is the pod deleted. If that fails the allowance stays
 * spent until the disruption controller, which sees no deletion for two minutes, gives it back: too few
 * evictions are safe, too many are not.
 */
/** Deletes pods as far as PodDisruptionBudgets let it: {@code POST …/pods/NAME/eviction}. */
final class Evictions {
    private static final String REFUSED =
            "Cannot evict pod as it would violate the pod's disruption budget.";

    private static final String TARGET = "DisruptionTarget";

    private final Core core;

    Evictions(Core core) {
        this.core = core;
    }

    /**
     * @throws ApiException 429 when the budget allows none now
     */
    void evict(String namespace, String name, ObjectNode eviction, WriteOptions options) {
        String named = eviction.path("metadata").path("name").asText(name);
        if (!named.equals(name)) {
            throw new ApiException(
                    Status.badRequest("name in URL does not match name in Eviction object"));
        }
        Deletes.Request request = request(eviction, options);
        Kind pods = core.registry().get(Resource.PODS);
        ApiObject pod = core.reads().get(pods, namespace, name);
        Deletes.checkPreconditions(pods, name, pod, request);
        if (servesSomebody(pod)) {
            Optional<ApiObject> budget = budget(pod);
            if (budget.isPresent() && counts(pod, budget.get())) {
                take(budget.get(), name, options.forDryRun(request.dryRun()));
            }
        }
        if (!request.dryRun() && !pod.deleting()) {
            ApiObject told = tell(pods, pod, request.resourceVersion(), options);
            request = request.about(told);
        }
        core.deletes().delete(pods, namespace, name, request);
    }

    private static Deletes.Request request(ObjectNode eviction, WriteOptions options) {
        JsonNode asked = eviction.path("deleteOptions");
        long grace = asked.path("gracePeriodSeconds").asLong(-1);
        return new Deletes.Request(
                Optional.of(Propagation.BACKGROUND),
                grace < 0 ? OptionalLong.empty() : OptionalLong.of(grace),
                asked.path("preconditions").path("uid").asText(""),
                asked.path("preconditions").path("resourceVersion").asText(""),
                options.dryRun() || asked.path("dryRun").path(0).asText("").equals("All"),
                options);
    }

    private static boolean servesSomebody(ApiObject pod) {
        return !pod.deleting()
                && switch (pod.text("/status/phase")) {
                    case "Succeeded", "Failed", "Pending" -> false;
                    default -> true;
                };
    }

    private Optional<ApiObject> budget(ApiObject pod) {
        Resource resource = Resource.POD_DISRUPTION_BUDGETS;
        Optional<Kind> kind =
                core.registry().find(resource.group(), resource.version(), resource.plural());
        if (kind.isEmpty()) {
            return Optional.empty();
        }
        List<ApiObject> covering =
                core.reads().list(kind.get(), pod.namespace(), ListOptions.ALL).items().stream()
                        .filter(budget -> selects(budget.at("/spec/selector"), pod))
                        .toList();
        if (covering.size() > 1) {
            throw new ApiException(
                    Status.of(
                            500,
                            "InternalError",
                            "This pod has more than one PodDisruptionBudget, which the eviction"
                                    + " subresource does not support."));
        }
        return covering.stream().findFirst();
    }

    private static boolean selects(JsonNode selector, ApiObject pod) {
        return selector.isObject() && new LabelSelector(selector).matches(pod.labels());
    }

    /** Whether the pod's leaving takes something from its budget: one that is not ready may not. */
    private static boolean counts(ApiObject pod, ApiObject budget) {
        for (JsonNode condition : pod.at("/status/conditions")) {
            if (condition.path("type").asText().equals("Ready")
                    && condition.path("status").asText().equals("True")) {
                return true;
            }
        }
        if (budget.text("/spec/unhealthyPodEvictionPolicy").equals("AlwaysAllow")) {
            return false;
        }
        int desired = budget.integer("/status/desiredHealthy", 0);
        return desired == 0 || budget.integer("/status/currentHealthy", 0) < desired;
    }

    private void take(ApiObject budget, String pod, WriteOptions options) {
        core.writes()
                .replace(
                        core.registry().get(Resource.POD_DISRUPTION_BUDGETS),
                        budget.namespace(),
                        budget.name(),
                        "status",
                        "",
                        newest -> {
                            requireAllowance(newest);
                            ObjectNode tree = newest.tree().deepCopy();
                            ObjectNode status = tree.withObjectProperty("status");
                            int left = status.path("disruptionsAllowed").asInt() - 1;
                            status.put("disruptionsAllowed", left);
                            String now = ObjectMeta.timestamp(core.time().now());
                            status.withObjectProperty("disruptedPods").put(pod, now);
                            if (left == 0) {
                                sayNone(status, now);
                            }
                            return tree;
                        },
                        options);
    }

    private void requireAllowance(ApiObject budget) {
        String name = budget.name();
        if (budget.at("/status/observedGeneration").asLong(0) < budget.generation()) {
            throw refusal(
                    "The disruption budget %s is still being processed by the server."
                            .formatted(name));
        }
        int allowed = budget.integer("/status/disruptionsAllowed", 0);
        String wrong =
                allowed < 0
                        ? "pdb disruptions allowed is negative"
                        : budget.at("/status/disruptedPods").size()
                                        >= core.limits().disruptedPodsMax()
                                ? "DisruptedPods map too big - too many evictions not confirmed by"
                                        + " PDB controller"
                                : "";
        if (!wrong.isEmpty()) {
            throw new ApiException(Status.forbidden(Resource.POD_DISRUPTION_BUDGETS, name, wrong));
        }
        if (allowed > 0) {
            return;
        }
        for (JsonNode condition : budget.at("/status/conditions")) {
            if (condition.path("type").asText().equals("DisruptionAllowed")
                    && condition.path("reason").asText().equals("SyncFailed")) {
                throw refusal(
                        ("The disruption budget %s does not allow evicting pods currently because it"
                                        + " failed sync: %s")
                                .formatted(name, condition.path("message").asText()));
            }
        }
        throw refusal(
                "The disruption budget %s needs %d healthy pods and has %d currently"
                        .formatted(
                                name,
                                budget.integer("/status/desiredHealthy", 0),
                                budget.integer("/status/currentHealthy", 0)));
    }

    private static ApiException refusal(String why) {
        Status status = Status.of(429, "TooManyRequests", REFUSED);
        status.details()
                .putArray("causes")
                .addObject()
                .put("reason", "DisruptionBudget")
                .put("message", why);
        return new ApiException(status);
    }

    private static void sayNone(ObjectNode status, String now) {
        for (JsonNode condition : status.path("conditions")) {
            if (condition instanceof ObjectNode known
                    && known.path("type").asText().equals("DisruptionAllowed")) {
                if (!known.path("status").asText().equals("False")) {
                    known.put("lastTransitionTime", now);
                }
                known.put("status", "False").put("reason", "InsufficientPods");
            }
        }
    }

    /** The pod's own status says why it goes, for Jobs that do not count such failures. */
    private ApiObject tell(Kind pods, ApiObject pod, String version, WriteOptions options) {
        return core.writes()
                .replace(
                        pods,
                        pod.namespace(),
                        pod.name(),
                        "status",
                        version,
                        newest -> {
                            ObjectNode tree = newest.tree().deepCopy();
                            var conditions =
                                    tree.withObjectProperty("status")
                                            .withArrayProperty("conditions");
                            for (int i = conditions.size() - 1; i >= 0; i--) {
                                if (conditions.get(i).path("type").asText().equals(TARGET)) {
                                    conditions.remove(i);
                                }
                            }
                            conditions
                                    .addObject()
                                    .put("type", TARGET)
                                    .put("status", "True")
                                    .put("reason", "EvictionByEvictionAPI")
                                    .put("message", "Eviction API: evicting")
                                    .put(
                                            "lastTransitionTime",
                                            ObjectMeta.timestamp(core.time().now()));
                            return tree;
                        },
                        options);
    }
}
