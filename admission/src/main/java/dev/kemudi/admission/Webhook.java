package dev.kemudi.admission;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Resource;
import dev.kemudi.cel.Budget;
import dev.kemudi.cel.ExpressionException;
import dev.kemudi.cel.RequestExpressions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** One webhook of a configuration. Its conditions are compiled when they are first asked. */
final class Webhook {
    private static final int TIMEOUT_SECONDS = 10;

    private final String configuration;
    private final JsonNode declared;
    private final RequestRules rules;
    private volatile @Nullable MatchConditions conditions;

    private Webhook(String configuration, JsonNode declared) {
        this.configuration = configuration;
        this.declared = declared;
        rules = RequestRules.ofWebhook(declared);
    }

    /** In the order of the configurations' names, as Kubernetes asks them. */
    static List<Webhook> of(List<ApiObject> configurations) {
        List<Webhook> webhooks = new ArrayList<>();
        configurations.stream()
                .sorted(Comparator.comparing(ApiObject::name))
                .forEach(configuration ->
                        configuration
                                .at("/webhooks")
                                .forEach(each ->
                                        webhooks.add(new Webhook(configuration.name(), each))));
        return List.copyOf(webhooks);
    }

    String name() {
        return declared.path("name").asText();
    }

    /** The same from one reading of the configuration to the next. */
    String key() {
        return configuration + "/" + name();
    }

    JsonNode clientConfig() {
        return declared.path("clientConfig");
    }

    int timeoutSeconds() {
        return declared.path("timeoutSeconds").asInt(TIMEOUT_SECONDS);
    }

    boolean ignoresFailure() {
        return declared.path("failurePolicy").asText("").equals("Ignore");
    }

    boolean reinvoked() {
        return declared.path("reinvocationPolicy").asText("").equals("IfNeeded");
    }

    /**
     * The request as this webhook is to see it; empty when it is not to be asked.
     *
     * @throws ApiException when that cannot be decided and failures count
     */
    Optional<Attributes> concerning(Attributes asked, Cluster cluster) {
        Optional<Resource> version = rules.match(asked, cluster);
        if (version.isEmpty()) {
            return Optional.empty();
        }
        Attributes seen = converted(asked, version.get(), cluster);
        if (declared.path("matchConditions").isEmpty()) {
            return Optional.of(seen);
        }
        try {
            RequestExpressions language = Languages.conditions();
            boolean hold =
                    conditions(language)
                            .hold(
                                    RequestScope.of(asked, seen, language, cluster),
                                    Budget.of(Languages.LIMITS));
            return hold ? Optional.of(seen) : Optional.empty();
        } catch (ExpressionException e) {
            if (ignoresFailure()) {
                return Optional.empty();
            }
            throw new ApiException(asked.forbidden(String.valueOf(e.getMessage())));
        }
    }

    private MatchConditions conditions(RequestExpressions language) throws ExpressionException {
        MatchConditions known = conditions;
        if (known == null) {
            known = MatchConditions.compile(declared.path("matchConditions"), language);
            conditions = known;
        }
        return known;
    }

    private static Attributes converted(Attributes asked, Resource version, Cluster cluster) {
        return version.equals(asked.resource())
                ? asked
                : asked.with(
                        version,
                        asked.object().map(o -> cluster.converted(o, version)),
                        asked.old().map(o -> cluster.converted(o, version)));
    }
}
