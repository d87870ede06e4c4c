package dev.kemudi.admission;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.admission.Attributes.Operation;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Quantity;
import dev.kemudi.api.QuotaScopes;
import dev.kemudi.api.QuotaUsage;
import dev.kemudi.api.Resource;
import dev.kemudi.api.Status;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;

/*
 * How a quota holds against many creators
 * ---------------------------------------
 * What is used stands in the quota's own status, and every creation first adds what it will use, on the
 * condition that the status is still the one that was read: two creators cannot take the same last place.
 * Who loses the race reads again and judges again. Creators of one namespace in one process wait for one
 * another instead of racing, since all of them would change the same object.
 *
 * What was added stays when the creation fails later on; the controller that counts anew takes it back, as it
 * takes back what deletions free. A quota that nobody has counted yet is counted here, so that it holds from
 * the moment it exists.
 *
 * Asked last of all, so that nothing refuses a creation that has been charged already.
 */
/**
 * ResourceQuotas of the object's namespace. Source: Kubernetes documentation, "Resource Quotas".
 */
final class QuotaPlugin implements Plugin {
    private final Cluster cluster;
    private final Limits limits;
    private final Derived<Map<String, List<ApiObject>>> byNamespace;
    private final ReentrantLock[] stripes;

    QuotaPlugin(Cluster cluster, Limits limits) {
        this.cluster = cluster;
        this.limits = limits;
        byNamespace =
                new Derived<>(
                        cluster,
                        Resource.RESOURCE_QUOTAS,
                        all -> all.stream().collect(Collectors.groupingBy(ApiObject::namespace)));
        stripes = new ReentrantLock[limits.quotaStripes()];
        java.util.Arrays.setAll(stripes, i -> new ReentrantLock());
    }

    @Override
    public void validate(Attributes attributes) {
        boolean charged =
                attributes.operation() == Operation.CREATE
                        || attributes.operation() == Operation.UPDATE && growing(attributes);
        if (!charged || !attributes.subresource().isEmpty() || attributes.namespace().isEmpty()) {
            return;
        }
        List<ApiObject> quotas = byNamespace.get().getOrDefault(attributes.namespace(), List.of());
        if (quotas.isEmpty()) {
            return;
        }
        ReentrantLock stripe =
                stripes[Math.floorMod(attributes.namespace().hashCode(), stripes.length)];
        stripe.lock();
        try {
            for (ApiObject quota :
                    byNamespace.get().getOrDefault(attributes.namespace(), List.of())) {
                charge(attributes, quota);
            }
        } finally {
            stripe.unlock();
        }
    }

    /** Kinds whose objects may come to use more than when they were created. */
    private static boolean growing(Attributes attributes) {
        return attributes.resource().group().isEmpty()
                && List.of("services", "persistentvolumeclaims")
                        .contains(attributes.resource().plural());
    }

    private void charge(Attributes attributes, ApiObject first) {
        ApiObject quota = first;
        for (int attempt = 0; attempt <= limits.quotaRetriesMax(); attempt++) {
            Optional<ObjectNode> charged = charged(attributes, quota);
            if (charged.isEmpty() || attributes.dryRun()) {
                return;
            }
            try {
                cluster.client()
                        .updateStatus(Resource.RESOURCE_QUOTAS, ApiObject.of(charged.get()));
                return;
            } catch (ApiException e) {
                if (e.notFound()) {
                    return;
                }
                if (!e.conflict()) {
                    throw e;
                }
            }
            Optional<ApiObject> newer =
                    cluster.client()
                            .find(Resource.RESOURCE_QUOTAS, quota.namespace(), quota.name());
            if (newer.isEmpty()) {
                return;
            }
            quota = newer.get();
        }
        throw new ApiException(
                Status.conflict(
                        Resource.RESOURCE_QUOTAS,
                        quota.name(),
                        "the object has been modified; please apply your changes to the latest "
                                + "version and try again"));
    }

    /**
     * The quota with what the request uses added; empty when it uses nothing of it.
     *
     * @throws ApiException 403 when that is more than may be used
     */
    private Optional<ObjectNode> charged(Attributes attributes, ApiObject quota) {
        ApiObject object = attributes.either();
        if (!QuotaScopes.covers(quota, attributes.resource(), object)) {
            return Optional.empty();
        }
        Map<String, Quantity> hard = amounts(quota.at("/spec/hard"));
        if (attributes.creates(Resource.PODS)) {
            String missing = QuotaUsage.missing(object, hard.keySet());
            if (!missing.isEmpty()) {
                throw new ApiException(
                        attributes.forbidden(
                                "failed quota: %s: must specify %s"
                                        .formatted(quota.name(), missing)));
            }
        }
        Map<String, Quantity> requested = requested(attributes, object);
        requested.keySet().retainAll(hard.keySet());
        if (requested.isEmpty()) {
            return Optional.empty();
        }
        boolean counted =
                quota.at("/status/hard").equals(quota.at("/spec/hard"))
                        && amounts(quota.at("/status/used")).keySet().containsAll(hard.keySet());
        Map<String, Quantity> used =
                counted ? amounts(quota.at("/status/used")) : count(quota, hard);
        refuseExcess(attributes, quota, requested, used, hard);
        requested.forEach((name, amount) -> used.merge(name, amount, Quantity::plus));
        ObjectNode changed = quota.tree().deepCopy();
        ObjectNode status = changed.withObjectProperty("status");
        status.set("hard", quota.at("/spec/hard"));
        ObjectNode all = status.putObject("used");
        used.forEach((name, amount) -> all.put(name, amount.toString()));
        return Optional.of(changed);
    }

    /** What the request uses more than before. */
    private static Map<String, Quantity> requested(Attributes attributes, ApiObject object) {
        Map<String, Quantity> requested = QuotaUsage.of(attributes.resource(), object);
        attributes
                .old()
                .ifPresent(old ->
                        QuotaUsage.of(attributes.resource(), old)
                                .forEach((name, amount) ->
                                        requested.computeIfPresent(
                                                name, (n, now) -> now.minus(amount))));
        requested.values().removeIf(amount -> amount.signum() <= 0);
        return requested;
    }

    private static void refuseExcess(
            Attributes attributes,
            ApiObject quota,
            Map<String, Quantity> requested,
            Map<String, Quantity> used,
            Map<String, Quantity> hard) {
        Map<String, Quantity> exceeded = new TreeMap<>(requested);
        exceeded.entrySet()
                .removeIf(e ->
                        used.getOrDefault(e.getKey(), Quantity.ZERO)
                                        .plus(e.getValue())
                                        .compareTo(hard.getOrDefault(e.getKey(), Quantity.ZERO))
                                <= 0);
        if (!exceeded.isEmpty()) {
            throw new ApiException(
                    attributes.forbidden(
                            "exceeded quota: %s, requested: %s, used: %s, limited: %s"
                                    .formatted(
                                            quota.name(),
                                            shown(exceeded, exceeded),
                                            shown(exceeded, used),
                                            shown(exceeded, hard))));
        }
    }

    private static String shown(Map<String, Quantity> names, Map<String, Quantity> amounts) {
        return names.keySet().stream()
                .map(name -> name + "=" + amounts.getOrDefault(name, Quantity.ZERO))
                .collect(Collectors.joining(","));
    }

    private static Map<String, Quantity> amounts(JsonNode map) {
        Map<String, Quantity> amounts = new TreeMap<>();
        map.properties().forEach(e -> amounts.put(e.getKey(), Quantity.of(e.getValue())));
        return amounts;
    }

    /** What all objects of the namespace use now. */
    private Map<String, Quantity> count(ApiObject quota, Map<String, Quantity> hard) {
        Map<String, Quantity> used = new TreeMap<>();
        hard.keySet().forEach(name -> used.put(name, Quantity.ZERO));
        hard.keySet().stream()
                .map(QuotaUsage::countedBy)
                .distinct()
                .flatMap(name -> resource(name).stream())
                .forEach(resource -> {
                    for (ApiObject object : cluster.all(resource)) {
                        if (object.namespace().equals(quota.namespace())
                                && QuotaScopes.covers(quota, resource, object)) {
                            QuotaUsage.of(resource, object)
                                    .forEach((name, amount) ->
                                            used.computeIfPresent(
                                                    name, (n, sum) -> sum.plus(amount)));
                        }
                    }
                });
        return used;
    }

    private Optional<Resource> resource(String qualified) {
        int dot = qualified.indexOf('.');
        return dot < 0
                ? cluster.served("", qualified)
                : cluster.served(qualified.substring(dot + 1), qualified.substring(0, dot));
    }
}
