package dev.kemudi.workloads;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/*
 * How fast a count may move
 * -------------------------
 * Two brakes. A window looks at all recommendations of the last minutes: down goes only to the highest of
 * them, up only to the lowest, so that one dip or one peak moves nothing. Policies look at what was done:
 * at most so many pods, or so many percent of those at the beginning of the period, in each period. A
 * policy that allows less than what has been done allows nothing.
 */

/**
 * What one autoscaler recommended and did, and how far it may go now. For use by one thread at a
 * time.
 */
final class ScalePace {
    private static final int DOWN_WINDOW_SECONDS = 300;

    /** Longer windows and periods are refused when they are declared. */
    private static final Duration MEMORY = Duration.ofHours(1);

    private record Recommendation(Instant at, int replicas) {}

    /**
     * @param by how many pods, negative when there became fewer
     */
    private record Change(Instant at, int by) {}

    /**
     * @param limited whether something kept the count from what was recommended
     */
    record Pace(
            int replicas,
            boolean limited,
            String limitReason,
            String limitMessage,
            String stabilised) {}

    private final List<Recommendation> recommendations = new ArrayList<>();
    private final List<Change> changes = new ArrayList<>();

    void changed(Instant now, int from, int to) {
        changes.add(new Change(now, to - from));
    }

    /** Where to go from {@code current} when {@code desired} is recommended now. */
    Pace pace(ApiObject autoscaler, Instant now, int current, int desired) {
        Instant oldest = now.minus(MEMORY);
        recommendations.removeIf(r -> r.at.isBefore(oldest));
        changes.removeIf(c -> c.at.isBefore(oldest));
        if (recommendations.isEmpty()) {
            recommendations.add(new Recommendation(now, current));
        }
        recommendations.add(new Recommendation(now, desired));
        int stable = stable(autoscaler, now, current);
        String stabilised =
                stable == desired
                        ? ""
                        : stable > desired ? "ScaleDownStabilized" : "ScaleUpStabilized";
        return limited(autoscaler, now, current, stable, stabilised);
    }

    private int stable(ApiObject autoscaler, Instant now, int current) {
        Instant up = now.minusSeconds(window(autoscaler, "scaleUp", 0));
        Instant down = now.minusSeconds(window(autoscaler, "scaleDown", DOWN_WINDOW_SECONDS));
        int newest = recommendations.getLast().replicas;
        int lowest = newest;
        int highest = newest;
        for (Recommendation past : recommendations) {
            if (past.at.isAfter(up)) {
                lowest = Math.min(lowest, past.replicas);
            }
            if (past.at.isAfter(down)) {
                highest = Math.max(highest, past.replicas);
            }
        }
        return Math.min(Math.max(current, lowest), highest);
    }

    private static long window(ApiObject autoscaler, String direction, int absent) {
        return autoscaler.integer(
                "/spec/behavior/" + direction + "/stabilizationWindowSeconds", absent);
    }

    private Pace limited(
            ApiObject autoscaler, Instant now, int current, int wanted, String stabilised) {
        int least = autoscaler.integer("/spec/minReplicas", 1);
        int most = autoscaler.integer("/spec/maxReplicas", Integer.MAX_VALUE);
        if (wanted > current) {
            int pace = Math.max(current, upLimit(autoscaler, now, current));
            if (wanted > Math.min(pace, most)) {
                return most <= pace ? tooMany(most, stabilised) : tooFast(pace, stabilised, true);
            }
        } else if (wanted < current) {
            int pace = Math.min(current, downLimit(autoscaler, now, current));
            if (wanted < Math.max(pace, least)) {
                return least >= pace ? tooFew(least, stabilised) : tooFast(pace, stabilised, false);
            }
        }
        return wanted > most
                ? tooMany(most, stabilised)
                : wanted < least
                        ? tooFew(least, stabilised)
                        : new Pace(
                                wanted,
                                false,
                                "DesiredWithinRange",
                                "the desired count is within the acceptable range",
                                stabilised);
    }

    private static Pace tooMany(int most, String stabilised) {
        return new Pace(
                most,
                true,
                "TooManyReplicas",
                "the desired replica count is more than the maximum replica count",
                stabilised);
    }

    private static Pace tooFew(int least, String stabilised) {
        return new Pace(
                least,
                true,
                "TooFewReplicas",
                "the desired replica count is less than the minimum replica count",
                stabilised);
    }

    private static Pace tooFast(int pace, String stabilised, boolean up) {
        return new Pace(
                pace,
                true,
                up ? "ScaleUpLimit" : "ScaleDownLimit",
                "the desired replica count is %s faster than the maximum scale rate"
                        .formatted(up ? "increasing" : "decreasing"),
                stabilised);
    }

    // ---- policies
    // --------------------------------------------------------------------------------------------------

    private static JsonNode rules(ApiObject autoscaler, String direction) {
        JsonNode rules = autoscaler.at("/spec/behavior/" + direction);
        if (rules.isObject()) {
            return rules;
        }
        ObjectNode usual = JsonNodeFactory.instance.objectNode().put("selectPolicy", "Max");
        usual.putArray("policies")
                .addObject()
                .put("type", "Percent")
                .put("value", 100)
                .put("periodSeconds", 15);
        if (direction.equals("scaleUp")) {
            usual.withArrayProperty("policies")
                    .addObject()
                    .put("type", "Pods")
                    .put("value", 4)
                    .put("periodSeconds", 15);
        }
        return usual;
    }

    /** The count at the beginning of a policy's period. */
    private int before(JsonNode policy, Instant now, int current) {
        Instant begin = now.minusSeconds(policy.path("periodSeconds").asLong());
        return current
                - changes.stream().filter(c -> c.at.isAfter(begin)).mapToInt(Change::by).sum();
    }

    private int upLimit(ApiObject autoscaler, Instant now, int current) {
        JsonNode rules = rules(autoscaler, "scaleUp");
        String select = rules.path("selectPolicy").asText("Max");
        if (select.equals("Disabled")) {
            return current;
        }
        int limit = select.equals("Min") ? Integer.MAX_VALUE : Integer.MIN_VALUE;
        for (JsonNode policy : rules.path("policies")) {
            int before = before(policy, now, current);
            int value = policy.path("value").asInt();
            int proposed =
                    policy.path("type").asText().equals("Pods")
                            ? before + value
                            : (int) Math.ceil(before * (1 + value / 100.0));
            limit = select.equals("Min") ? Math.min(limit, proposed) : Math.max(limit, proposed);
        }
        return limit;
    }

    private int downLimit(ApiObject autoscaler, Instant now, int current) {
        JsonNode rules = rules(autoscaler, "scaleDown");
        String select = rules.path("selectPolicy").asText("Max");
        if (select.equals("Disabled")) {
            return current;
        }
        int limit = select.equals("Min") ? Integer.MIN_VALUE : Integer.MAX_VALUE;
        for (JsonNode policy : rules.path("policies")) {
            int before = before(policy, now, current);
            int value = policy.path("value").asInt();
            int proposed =
                    policy.path("type").asText().equals("Pods")
                            ? before - value
                            : (int) (before * (1 - value / 100.0));
            limit = select.equals("Min") ? Math.max(limit, proposed) : Math.min(limit, proposed);
        }
        return limit;
    }
}
