package dev.kemudi.admission;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Resource;
import dev.kemudi.api.Status;
import dev.kemudi.kernel.Fanout;
import dev.kemudi.schema.PatchException;
import dev.kemudi.schema.Patches;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;

/*
 * How webhooks are asked
 * ----------------------
 * Those that change objects one after the other, each seeing what the ones before have made of it. When one
 * has changed what an earlier one had already seen, those that wish so (reinvocationPolicy IfNeeded) are
 * asked once more, in a second round, and never in a third. Those that judge are asked side by side, each
 * within its own time; all are heard, and the first refusal in the order of the configurations is the answer.
 *
 * One that cannot be asked, or answers nonsense, has refused, unless its failurePolicy is Ignore.
 */
/**
 * ValidatingWebhookConfigurations and MutatingWebhookConfigurations. Source: Kubernetes
 * documentation, "Dynamic Admission Control".
 */
final class Webhooks implements Plugin {
    private static final System.Logger LOG = System.getLogger(Webhooks.class.getName());
    private static final int ROUNDS = 2;

    private final Cluster cluster;
    private final Limits limits;
    private final WebhookClient client;
    private final Derived<List<Webhook>> mutating;
    private final Derived<List<Webhook>> validating;

    Webhooks(Cluster cluster, Limits limits, WebhookClient client) {
        this.cluster = cluster;
        this.limits = limits;
        this.client = client;
        mutating = new Derived<>(cluster, Resource.MUTATING_WEBHOOK_CONFIGURATIONS, Webhook::of);
        validating =
                new Derived<>(cluster, Resource.VALIDATING_WEBHOOK_CONFIGURATIONS, Webhook::of);
    }

    @Override
    public ObjectNode mutate(Attributes attributes, ObjectNode object) {
        List<Webhook> webhooks = mutating.get();
        if (webhooks.isEmpty() || RequestRules.exempt(attributes)) {
            return object;
        }
        Attributes now = attributes;
        Map<String, ApiObject> left = new HashMap<>();
        for (int round = 0; round < ROUNDS; round++) {
            for (Webhook webhook : webhooks) {
                ApiObject before = left.get(webhook.key());
                boolean again =
                        before != null && webhook.reinvoked() && !before.equals(now.either());
                if (round == 0 || again) {
                    Optional<Attributes> changed = mutated(webhook, now);
                    if (changed.isPresent()) {
                        now = changed.get();
                        left.put(webhook.key(), now.either());
                    }
                }
            }
        }
        return now == attributes ? object : now.either().tree();
    }

    /**
     * @return the request after the webhook; empty when it was not asked or could not answer
     */
    private Optional<Attributes> mutated(Webhook webhook, Attributes asked) {
        Optional<Attributes> seen = webhook.concerning(asked, cluster);
        if (seen.isEmpty()) {
            return Optional.empty();
        }
        AdmissionReview review;
        try {
            review = AdmissionReview.of(webhook, asked, seen.get(), client);
        } catch (WebhookException e) {
            failed(webhook, e)
                    .ifPresent(status -> {
                        throw new ApiException(status);
                    });
            return Optional.empty();
        }
        report(webhook, review, asked);
        if (review.denial().isPresent()) {
            throw new ApiException(review.denial().get());
        }
        return Optional.of(
                review.patch()
                        .map(patch -> patched(webhook, asked, seen.get(), patch))
                        .orElse(asked));
    }

    private Attributes patched(Webhook webhook, Attributes asked, Attributes seen, JsonNode patch) {
        if (seen.object().isEmpty()) {
            throw internal(
                    ("admission webhook \"%s\" attempted to modify the object, which is not supported"
                                    + " for this operation")
                            .formatted(webhook.name()));
        }
        if (patch.size() > limits.patchOperationsMax()) {
            throw internal(
                    "admission webhook \"%s\": the allowed maximum operations in a JSON patch is %d, got %d"
                            .formatted(webhook.name(), limits.patchOperationsMax(), patch.size()));
        }
        try {
            JsonNode result = Patches.json(seen.object().get().tree(), patch);
            if (result instanceof ObjectNode changed) {
                ApiObject filled = cluster.filled(seen.resource(), seen.subresource(), changed);
                return asked.with(
                        (seen.resource().equals(asked.resource())
                                        ? filled
                                        : cluster.converted(filled, asked.resource()))
                                .tree());
            }
            throw internal("admission webhook \"" + webhook.name() + "\" leaves no JSON object");
        } catch (PatchException e) {
            throw internal(
                    "admission webhook \"%s\": %s".formatted(webhook.name(), e.getMessage()));
        }
    }

    private static ApiException internal(String why) {
        return new ApiException(Status.of(500, "InternalError", "Internal error occurred: " + why));
    }

    /** What follows from a webhook that cannot be asked: nothing, when its failures are ignored. */
    private static Optional<Status> failed(Webhook webhook, WebhookException e) {
        String why = "failed calling webhook \"%s\": %s".formatted(webhook.name(), e.getMessage());
        if (webhook.ignoresFailure()) {
            LOG.log(Level.WARNING, why + "; its failurePolicy is Ignore");
            return Optional.empty();
        }
        return Optional.of(internal(why).status());
    }

    private void report(Webhook webhook, AdmissionReview review, Attributes asked) {
        for (String warning : review.warnings()) {
            asked.feedback()
                    .warn(
                            warning.length() > limits.warningCharsMax()
                                    ? warning.substring(0, limits.warningCharsMax())
                                    : warning);
        }
        review.annotations()
                .forEach((key, value) ->
                        asked.feedback().annotate(webhook.name() + "/" + key, value));
    }

    @Override
    public void validate(Attributes attributes) {
        List<Webhook> webhooks = validating.get();
        if (webhooks.isEmpty() || RequestRules.exempt(attributes)) {
            return;
        }
        List<Webhook> concerned = new ArrayList<>();
        List<Attributes> seen = new ArrayList<>();
        for (Webhook webhook : webhooks) {
            webhook.concerning(attributes, cluster)
                    .ifPresent(as -> {
                        concerned.add(webhook);
                        seen.add(as);
                    });
        }
        List<Heard> heard = new ArrayList<>();
        if (concerned.size() == 1) {
            heard.add(ask(concerned.getFirst(), attributes, seen.getFirst()));
        } else if (!concerned.isEmpty()) {
            heard.addAll(askAll(concerned, attributes, seen));
        }
        Optional<Status> refusal = Optional.empty();
        for (Heard each : heard) {
            each.review().ifPresent(review -> report(each.webhook(), review, attributes));
            refusal = refusal.or(each::refusal);
        }
        refusal.ifPresent(status -> {
            throw new ApiException(status);
        });
    }

    /** What one webhook has to say. */
    private record Heard(
            Webhook webhook, Optional<AdmissionReview> review, Optional<Status> refusal) {}

    private Heard ask(Webhook webhook, Attributes asked, Attributes seen) {
        try {
            AdmissionReview review = AdmissionReview.of(webhook, asked, seen, client);
            return new Heard(webhook, Optional.of(review), review.denial());
        } catch (WebhookException e) {
            return new Heard(webhook, Optional.empty(), failed(webhook, e));
        }
    }

    private List<Heard> askAll(List<Webhook> webhooks, Attributes asked, List<Attributes> seen) {
        List<Fanout.Task<Heard>> tasks = new ArrayList<>();
        try (Fanout fanout = Fanout.open(dev.kemudi.kernel.Limits.defaults())) {
            for (int i = 0; i < webhooks.size(); i++) {
                Webhook webhook = webhooks.get(i);
                Attributes as = seen.get(i);
                tasks.add(fanout.fork(() -> ask(webhook, asked, as)));
            }
            fanout.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ApiException(
                    Status.of(503, "ServiceUnavailable", "the request was interrupted"));
        } catch (ExecutionException e) {
            throw internal(String.valueOf(e.getCause()));
        }
        return tasks.stream().map(Fanout.Task::get).toList();
    }
}
