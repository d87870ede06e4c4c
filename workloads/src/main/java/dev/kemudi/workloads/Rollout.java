package dev.kemudi.workloads;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.api.ApiObject;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * The numbers of one Deployment: what it wants, what its ReplicaSets have, and how far each may
 * move. Pure arithmetic; nothing here writes.
 *
 * @param newest the ReplicaSet of the present template, once there is one
 * @param olds all others, oldest first
 */
record Rollout(ApiObject deployment, Optional<ApiObject> newest, List<ApiObject> olds) {
    static final String DESIRED = "deployment.kubernetes.io/desired-replicas";
    static final String MOST = "deployment.kubernetes.io/max-replicas";
    static final Comparator<ApiObject> BY_AGE =
            Comparator.comparing((ApiObject rs) -> rs.text("/metadata/creationTimestamp"))
                    .thenComparing(ApiObject::name);

    /** One ReplicaSet and the replicas it is to have. */
    record Move(ApiObject replicaSet, int replicas) {}

    List<ApiObject> all() {
        List<ApiObject> all = new ArrayList<>(olds);
        newest.ifPresent(all::add);
        return all;
    }

    int wanted() {
        return deployment.integer("/spec/replicas", 1);
    }

    boolean recreates() {
        return deployment.text("/spec/strategy/type").equals("Recreate");
    }

    int maxSurge() {
        return recreates() ? 0 : share("maxSurge", RoundingMode.CEILING);
    }

    /** At least one when nothing may surge, or a rollout could not move. */
    int maxUnavailable() {
        if (recreates() || wanted() == 0) {
            return 0;
        }
        int unavailable = share("maxUnavailable", RoundingMode.FLOOR);
        if (unavailable == 0 && maxSurge() == 0) {
            return 1;
        }
        return Math.min(unavailable, wanted());
    }

    private int share(String field, RoundingMode rounding) {
        JsonNode value = deployment.at("/spec/strategy/rollingUpdate/" + field);
        return value.isMissingNode() || value.isNull()
                ? Share.percent(25, wanted(), rounding)
                : Share.of(value, wanted(), rounding);
    }

    int minAvailable() {
        return wanted() - maxUnavailable();
    }

    static int replicas(ApiObject replicaSet) {
        return replicaSet.integer("/spec/replicas", 1);
    }

    static int available(ApiObject replicaSet) {
        return replicaSet.integer("/status/availableReplicas", 0);
    }

    static int sum(List<ApiObject> replicaSets, String counter) {
        return replicaSets.stream().mapToInt(rs -> rs.integer(counter, 0)).sum();
    }

    int totalReplicas() {
        return all().stream().mapToInt(Rollout::replicas).sum();
    }

    /** How many replicas the newest ReplicaSet may have now. */
    int newestReplicas(ApiObject newestSet) {
        int has = replicas(newestSet);
        if (recreates() || has > wanted()) {
            return wanted();
        }
        int room = wanted() + maxSurge() - totalReplicas();
        return room <= 0 ? has : has + Math.min(room, wanted() - has);
    }

    /** What a ReplicaSet that does not exist yet may start with. */
    int firstReplicas() {
        if (recreates()) {
            return wanted();
        }
        int room = wanted() + maxSurge() - totalReplicas();
        return Math.max(0, Math.min(room, wanted()));
    }

    /**
     * How far the old ReplicaSets may shrink now: first what is broken in them, then what the
     * newest has replaced.
     */
    List<Move> shrinkOlds() {
        int newReplicas = newest.map(Rollout::replicas).orElse(0);
        int newAvailable = newest.map(Rollout::available).orElse(0);
        int budget = totalReplicas() - minAvailable() - (newReplicas - newAvailable);
        List<Move> moves = new ArrayList<>();
        if (budget <= 0) {
            return moves;
        }
        int availableNow = newAvailable + olds.stream().mapToInt(Rollout::available).sum();
        int spare = availableNow - minAvailable();
        for (ApiObject old : olds) {
            int has = replicas(old);
            int broken = Math.min(budget, Math.max(0, has - available(old)));
            budget -= broken;
            int healthy = Math.max(0, Math.min(Math.min(spare, budget), has - broken));
            spare -= healthy;
            budget -= healthy;
            if (broken + healthy > 0) {
                moves.add(new Move(old, has - broken - healthy));
            }
        }
        return moves;
    }

    /** Whether {@code spec.replicas} changed since the ReplicaSets were last sized. */
    boolean resized() {
        return all().stream()
                .filter(rs -> replicas(rs) > 0)
                .map(rs -> rs.annotations().get(DESIRED))
                .anyMatch(
                        desired -> desired != null && !desired.equals(Integer.toString(wanted())));
    }

    /**
     * New sizes when only {@code spec.replicas} changed: a rollout under way keeps its proportions.
     */
    List<Move> resize() {
        List<ApiObject> active = all().stream().filter(rs -> replicas(rs) > 0).toList();
        if (active.size() <= 1) {
            Optional<ApiObject> only =
                    active.isEmpty() ? newest.or(() -> last(olds)) : last(active);
            return only.filter(rs -> replicas(rs) != wanted() || outdated(rs))
                    .map(rs -> List.of(new Move(rs, wanted())))
                    .orElse(List.of());
        }
        if (newest.filter(this::saturated).isPresent()) {
            return olds.stream().filter(rs -> replicas(rs) > 0).map(rs -> new Move(rs, 0)).toList();
        }
        return recreates() ? List.of() : proportional(active);
    }

    private boolean outdated(ApiObject replicaSet) {
        return !Integer.toString(wanted()).equals(replicaSet.annotations().get(DESIRED));
    }

    private boolean saturated(ApiObject replicaSet) {
        return replicas(replicaSet) == wanted()
                && !outdated(replicaSet)
                && available(replicaSet) == wanted();
    }

    private static Optional<ApiObject> last(List<ApiObject> replicaSets) {
        return replicaSets.isEmpty() ? Optional.empty() : Optional.of(replicaSets.getLast());
    }

    private List<Move> proportional(List<ApiObject> active) {
        int total = active.stream().mapToInt(Rollout::replicas).sum();
        int allowed = wanted() > 0 ? wanted() + maxSurge() : 0;
        int toAdd = allowed - total;
        Comparator<ApiObject> bySize = Comparator.comparingInt(Rollout::replicas).reversed();
        List<ApiObject> ordered =
                active.stream()
                        .sorted(bySize.thenComparing(toAdd > 0 ? BY_AGE.reversed() : BY_AGE))
                        .toList();
        int added = 0;
        List<Move> moves = new ArrayList<>();
        for (ApiObject replicaSet : ordered) {
            int share = toAdd == 0 ? 0 : shareOf(replicaSet, total, allowed);
            int left = toAdd - added;
            int part =
                    toAdd > 0
                            ? Math.min(Math.max(share, 0), left)
                            : Math.max(Math.min(share, 0), left);
            added += part;
            moves.add(new Move(replicaSet, replicas(replicaSet) + part));
        }
        if (added != toAdd) {
            Move first = moves.getFirst();
            moves.set(0, new Move(first.replicaSet, Math.max(0, first.replicas + toAdd - added)));
        }
        return moves;
    }

    private static int shareOf(ApiObject replicaSet, int total, int allowed) {
        String annotated = replicaSet.annotations().getOrDefault(MOST, "");
        int most = annotated.matches("[1-9]\\d{0,8}") ? Integer.parseInt(annotated) : total;
        return Math.round((float) replicas(replicaSet) * allowed / most) - replicas(replicaSet);
    }
}
