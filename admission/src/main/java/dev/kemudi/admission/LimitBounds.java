package dev.kemudi.admission;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.PodRequirements;
import dev.kemudi.api.Quantity;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * One item of a LimitRange held against an object: what it asks for, and what is wrong with that.
 */
final class LimitBounds {
    private final String type;
    private final JsonNode requests;
    private final JsonNode limits;
    private final List<String> wrong = new ArrayList<>();

    private LimitBounds(String type, JsonNode requests, JsonNode limits) {
        this.type = type;
        this.requests = requests;
        this.limits = limits;
    }

    /** What breaks the item, in Kubernetes' words; empty when nothing does. */
    static List<String> broken(ApiObject object, JsonNode item) {
        String type = item.path("type").asText();
        List<String> wrong = new ArrayList<>();
        switch (type) {
            case "Container" -> {
                for (String list : List.of("containers", "initContainers")) {
                    for (JsonNode container : object.at("/spec/" + list)) {
                        JsonNode resources = container.path("resources");
                        wrong.addAll(judged(type, resources, item));
                    }
                }
            }
            case "Pod" -> {
                if (object.kind().equals("Pod")) {
                    wrong.addAll(judged(type, PodRequirements.of(object).toTree(), item));
                }
            }
            case "PersistentVolumeClaim" -> {
                if (object.kind().equals(type)) {
                    JsonNode storage = object.at("/spec/resources");
                    for (String name : new TreeSet<>(keys(item.path("min")))) {
                        wrong.addAll(claim(storage, item, name, "min"));
                    }
                    for (String name : new TreeSet<>(keys(item.path("max")))) {
                        wrong.addAll(claim(storage, item, name, "max"));
                    }
                }
            }
            default -> {
                // a type that somebody else judges
            }
        }
        return wrong;
    }

    /** A claim has requests only. */
    private static List<String> claim(JsonNode resources, JsonNode item, String name, String side) {
        Quantity bound = Quantity.of(item.path(side).path(name));
        Optional<Quantity> asked = amount(resources.path("requests"), name);
        boolean least = side.equals("min");
        String rule =
                "%s %s usage per PersistentVolumeClaim is %s"
                        .formatted(least ? "minimum" : "maximum", name, bound);
        if (asked.isEmpty()) {
            return least ? List.of(rule + ".  No request is specified") : List.of();
        }
        int order = asked.get().compareTo(bound);
        return least && order < 0 || !least && order > 0
                ? List.of(rule + ", but request is " + asked.get())
                : List.of();
    }

    private static List<String> judged(String type, JsonNode resources, JsonNode item) {
        LimitBounds bounds =
                new LimitBounds(type, resources.path("requests"), resources.path("limits"));
        amounts(item.path("min")).forEach(bounds::min);
        amounts(item.path("max")).forEach(bounds::max);
        amounts(item.path("maxLimitRequestRatio")).forEach(bounds::ratio);
        return bounds.wrong;
    }

    private static Map<String, Quantity> amounts(JsonNode map) {
        Map<String, Quantity> amounts = new TreeMap<>();
        map.properties().forEach(e -> amounts.put(e.getKey(), Quantity.of(e.getValue())));
        return amounts;
    }

    private static List<String> keys(JsonNode map) {
        return map.properties().stream().map(Map.Entry::getKey).toList();
    }

    private static Optional<Quantity> amount(JsonNode amounts, String name) {
        return amounts.has(name) ? Optional.of(Quantity.of(amounts.path(name))) : Optional.empty();
    }

    private void min(String name, Quantity least) {
        String rule = "minimum %s usage per %s is %s".formatted(name, type, least);
        Optional<Quantity> request = amount(requests, name);
        Optional<Quantity> limit = amount(limits, name);
        if (request.isEmpty()) {
            wrong.add(rule + ".  No request is specified");
        } else if (request.get().compareTo(least) < 0) {
            wrong.add(rule + ", but request is " + request.get());
        } else if (limit.isPresent() && limit.get().compareTo(least) < 0) {
            wrong.add(rule + ", but limit is " + limit.get());
        }
    }

    private void max(String name, Quantity most) {
        String rule = "maximum %s usage per %s is %s".formatted(name, type, most);
        Optional<Quantity> request = amount(requests, name);
        Optional<Quantity> limit = amount(limits, name);
        if (limit.isEmpty()) {
            wrong.add(rule + ".  No limit is specified");
        } else if (limit.get().compareTo(most) > 0) {
            wrong.add(rule + ", but limit is " + limit.get());
        } else if (request.isPresent() && request.get().compareTo(most) > 0) {
            wrong.add(rule + ", but request is " + request.get());
        }
    }

    private void ratio(String name, Quantity most) {
        String rule = "%s max limit to request ratio per %s is %s".formatted(name, type, most);
        Optional<Quantity> request = amount(requests, name).filter(q -> q.signum() > 0);
        Optional<Quantity> limit = amount(limits, name).filter(q -> q.signum() > 0);
        if (request.isEmpty()) {
            wrong.add(rule + ", but no request is specified or request is 0");
        } else if (limit.isEmpty()) {
            wrong.add(rule + ", but no limit is specified or limit is 0");
        } else {
            var found = limit.get().amount().divide(request.get().amount(), MathContext.DECIMAL64);
            if (found.compareTo(most.amount()) > 0) {
                wrong.add(rule + ", but provided ratio is %.6f".formatted(found));
            }
        }
    }
}
