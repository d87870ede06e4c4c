package dev.kemudi.gateway;

import java.util.List;
import java.util.Optional;

/**
 * What happens to a request that matched.
 *
 * @param backends weighted choices; an absent backend stands for an invalid reference and answers
 *     500
 * @param requestMillis whole request, 0 for no limit
 * @param attemptMillis one try at a back end, 0 for no limit
 * @param hostRewrite empty to keep the request's Host
 */
record Rule(
        RouteMetrics metrics,
        List<Choice> backends,
        int totalWeight,
        HeaderEdit requestEdit,
        HeaderEdit responseEdit,
        Optional<Redirect> redirect,
        String hostRewrite,
        PathEdit pathRewrite,
        int requestMillis,
        int attemptMillis) {

    record Choice(Optional<Backend> backend, int weight) {}

    static Rule forwarding(RouteMetrics metrics, List<Choice> backends) {
        int total = backends.stream().mapToInt(Choice::weight).sum();
        return new Rule(
                metrics,
                backends,
                total,
                HeaderEdit.NONE,
                HeaderEdit.NONE,
                Optional.empty(),
                "",
                new PathEdit.Keep(),
                0,
                0);
    }

    boolean rewritesPath() {
        return !(pathRewrite instanceof PathEdit.Keep);
    }

    /**
     * @param roll uniformly at random from 0 to totalWeight, exclusive
     */
    Optional<Backend> pick(int roll) {
        if (backends.size() == 1) {
            return totalWeight == 0 ? Optional.empty() : backends.getFirst().backend();
        }
        int left = roll;
        for (Choice choice : backends) {
            left -= choice.weight();
            if (left < 0) {
                return choice.backend();
            }
        }
        return Optional.empty();
    }
}
