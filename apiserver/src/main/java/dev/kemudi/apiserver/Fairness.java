package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Json;
import dev.kemudi.api.ListOptions;
import dev.kemudi.api.Resource;
import dev.kemudi.api.Status;
import dev.kemudi.apiserver.FairQueues.Admission;
import dev.kemudi.apiserver.FairQueues.Level;
import dev.kemudi.apiserver.FairQueues.Ticket;
import dev.kemudi.kernel.TimeSource;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/*
 * Where the levels come from
 * --------------------------
 * What every cluster has is built in (flowcontrol.json); what is stored under the same names takes its
 * place, and what is stored besides comes in addition. The built-in objects are stored when somebody first
 * asks for one, so that a server that nobody tunes writes nothing. After a change the queues are made
 * anew: requests that run or wait under the old ones end there, and for that moment there may be more
 * seats than there should.
 */
/**
 * Priority and fairness: classes each request by the stored FlowSchemas and lets it run when its
 * level has room. Source: Kubernetes documentation, "API Priority and Fairness". Safe for use by
 * many threads.
 */
final class Fairness {
    private static final List<Resource> KINDS =
            List.of(Resource.FLOW_SCHEMAS, Resource.PRIORITY_LEVELS);
    private static final Set<String> MANDATORY = Set.of("exempt", "catch-all");
    private static final int OBJECTS_A_SEAT = 100;
    private static final int SEATS_MAX = 10;

    private final Registry registry;
    private final Reads reads;
    private final Writes writes;
    private final TimeSource time;
    private final Limits limits;
    private final Metrics metrics;
    private final Lazy<JsonNode> builtIn = Lazy.of(Fairness::load);
    private final Lazy<Boolean> stored = Lazy.of(this::store);
    private volatile @Nullable Plan plan;
    private volatile long seen;

    /**
     * @param levelUids by name
     */
    private record Plan(
            List<FlowSchema> schemas, Map<String, String> levelUids, FairQueues queues) {}

    Fairness(
            Registry registry,
            Reads reads,
            Writes writes,
            TimeSource time,
            Limits limits,
            Metrics metrics) {
        this.registry = registry;
        this.reads = reads;
        this.writes = writes;
        this.time = time;
        this.limits = limits;
        this.metrics = metrics;
    }

    /**
     * Waits until the request may run.
     *
     * @throws ApiException 429 when it may not, or not soon enough
     */
    Ticket admit(Exchange exchange, Access access, Optional<RequestPath> path)
            throws InterruptedException {
        if (access.group().equals(Resource.FLOW_SCHEMAS.group())) {
            stored.get();
        }
        if (streams(access)) {
            return Ticket.FREE; // these have limits of their own
        }
        Plan now = plan();
        FlowSchema schema =
                now.schemas().stream()
                        .filter(s -> s.fits(access))
                        .findFirst()
                        .orElse(now.schemas().getLast()); // catch-all, whoever it is
        tell(exchange, "FlowSchema", schema.uid());
        tell(exchange, "PriorityLevel", now.levelUids().getOrDefault(schema.level(), ""));
        int width = width(exchange, access, path);
        return switch (now.queues().enter(schema.level(), schema.flow(access), width)) {
            case Admission.Admitted admitted -> admitted.ticket();
            case Admission.Refused refused -> {
                metrics.refused(schema.level());
                throw new ApiException(
                        Storage.retryAfter(
                                Status.of(
                                        429,
                                        "TooManyRequests",
                                        "too many requests, please try again later ("
                                                + refused.why()
                                                + ")")));
            }
        };
    }

    private static boolean streams(Access access) {
        return access.verb().equals("watch") || access.subresource().equals("log");
    }

    private static void tell(Exchange exchange, String what, String uid) {
        if (!uid.isEmpty()) {
            exchange.setHeader("X-Kubernetes-PF-" + what + "-UID", uid);
        }
    }

    /** A long list is as heavy as ten others. */
    private int width(Exchange exchange, Access access, Optional<RequestPath> path) {
        if (!access.verb().equals("list")) {
            return 1;
        }
        long objects =
                path.flatMap(p -> registry.find(p.group(), p.version(), p.plural()))
                        .map(kind -> kind.cache().size())
                        .orElse(0);
        String limit = exchange.params().text("limit");
        if (limit.matches("[1-9][0-9]{0,8}")) {
            objects = Math.min(objects, Long.parseLong(limit));
        }
        return (int) Math.clamp(objects / OBJECTS_A_SEAT, 1, SEATS_MAX);
    }

    private Plan plan() {
        long now = revision();
        Plan known = plan;
        if (known != null && seen == now) {
            return known;
        }
        synchronized (this) {
            known = plan;
            if (known == null || seen != now) {
                known = build();
                plan = known;
                seen = now;
            }
            return known;
        }
    }

    private long revision() {
        long sum = 0;
        for (Resource resource : KINDS) {
            sum += kind(resource).map(kind -> kind.cache().changes()).orElse(0L);
        }
        return sum;
    }

    private Optional<Kind> kind(Resource resource) {
        return registry.find(resource.group(), resource.version(), resource.plural());
    }

    private Plan build() {
        List<FlowSchema> schemas = new ArrayList<>();
        Map<String, ApiObject> levels = objects(Resource.PRIORITY_LEVELS);
        for (ApiObject object : objects(Resource.FLOW_SCHEMAS).values()) {
            FlowSchema schema = FlowSchema.of(object);
            if (levels.containsKey(schema.level())) {
                schemas.add(schema);
            }
        }
        schemas.sort(
                Comparator.comparingLong(FlowSchema::precedence).thenComparing(FlowSchema::name));
        Map<String, String> uids = new LinkedHashMap<>();
        levels.forEach((name, level) -> uids.put(name, level.uid()));
        return new Plan(
                List.copyOf(schemas), uids, new FairQueues(levels(levels.values()), time, limits));
    }

    /** Built-in ones and stored ones, by name. */
    private Map<String, ApiObject> objects(Resource resource) {
        Map<String, ApiObject> objects = new LinkedHashMap<>();
        for (ApiObject object : builtIn(resource)) {
            objects.put(object.name(), object);
        }
        kind(resource)
                .ifPresent(kind -> {
                    for (ApiObject object : reads.list(kind, "", ListOptions.ALL).items()) {
                        objects.merge(
                                object.name(),
                                object,
                                (known, newer) ->
                                        MANDATORY.contains(newer.name())
                                                ? known.edit(tree -> identify(tree, newer))
                                                : newer);
                    }
                });
        return objects;
    }

    /** What nobody may change lest all be locked out still has the identity that is stored. */
    private static void identify(ObjectNode builtIn, ApiObject stored) {
        ObjectMeta.of(builtIn).put("uid", stored.uid());
    }

    private List<Level> levels(Iterable<ApiObject> objects) {
        int seats = limits.readsInFlightMax() + limits.writesInFlightMax();
        double shares = 0;
        for (ApiObject object : objects) {
            shares += shares(object);
        }
        List<Level> levels = new ArrayList<>();
        for (ApiObject object : objects) {
            boolean exempt = object.text("/spec/type").equals("Exempt");
            JsonNode limited = object.at(exempt ? "/spec/exempt" : "/spec/limited");
            int own = shares == 0 ? 0 : (int) Math.ceil(seats * shares(object) / shares);
            JsonNode borrow = limited.path("borrowingLimitPercent");
            JsonNode queuing = limited.path("limitResponse").path("queuing");
            boolean queues = limited.path("limitResponse").path("type").asText().equals("Queue");
            levels.add(
                    new Level(
                            object.name(),
                            exempt,
                            own,
                            own
                                    * Math.clamp(limited.path("lendablePercent").asInt(0), 0, 100)
                                    / 100,
                            borrow.isNumber()
                                    ? (int) Math.clamp(own * borrow.asLong() / 100, 0, seats)
                                    : seats,
                            queues
                                    ? Math.clamp(
                                            queuing.path("queues").asInt(64),
                                            1,
                                            limits.fairQueuesMax())
                                    : 0,
                            queuing.path("handSize").asInt(8),
                            queuing.path("queueLengthLimit").asInt(50)));
        }
        return levels;
    }

    private static double shares(ApiObject level) {
        return level.text("/spec/type").equals("Exempt")
                ? level.at("/spec/exempt/nominalConcurrencyShares").asDouble(0)
                : level.at("/spec/limited/nominalConcurrencyShares").asDouble(30);
    }

    private static JsonNode load() {
        try (InputStream in = Fairness.class.getResourceAsStream("flowcontrol.json")) {
            if (in == null) {
                throw new IllegalStateException("flowcontrol.json is missing from the jar");
            }
            return Json.MAPPER.readTree(in);
        } catch (IOException e) {
            throw new IllegalStateException("flowcontrol.json cannot be read", e);
        }
    }

    private List<ApiObject> builtIn(Resource resource) {
        List<ApiObject> objects = new ArrayList<>();
        for (JsonNode object : builtIn.get().path(resource.plural())) {
            objects.add(ApiObject.of(object.deepCopy()));
        }
        return objects;
    }

    /** Stores what is built in and not stored yet. */
    private boolean store() {
        for (Resource resource : KINDS) {
            Optional<Kind> kind = kind(resource);
            if (kind.isEmpty()) {
                return false;
            }
            for (ApiObject object : builtIn(resource)) {
                try {
                    ObjectNode tree = object.tree().deepCopy();
                    ObjectMeta.of(tree)
                            .withObjectProperty("annotations")
                            .put("apf.kubernetes.io/autoupdate-spec", "true");
                    writes.create(
                            kind.get(), "", tree, WriteOptions.of("api-priority-and-fairness"));
                } catch (ApiException e) {
                    if (!e.alreadyExists()) {
                        throw e;
                    }
                }
            }
        }
        return true;
    }

    /** Requests that wait at a level now. */
    int waiting(String level) {
        return plan().queues().waiting(level);
    }
}
