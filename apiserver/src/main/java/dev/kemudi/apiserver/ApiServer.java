package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.kemudi.admission.AdmissionChain;
import dev.kemudi.admission.ObjectConversion;
import dev.kemudi.api.ApiClient;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.PodStreams;
import dev.kemudi.api.Resource;
import dev.kemudi.api.ResourceDefinition;
import dev.kemudi.api.StoredForm;
import dev.kemudi.kernel.TimeSource;
import dev.kemudi.kernel.Tracer;
import dev.kemudi.schema.BuiltinSchemas;
import dev.kemudi.schema.ProtobufCodec;
import dev.kemudi.schema.Schema;
import dev.kemudi.store.Store;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * The Kubernetes API over a {@link Store}: HTTPS for every client, and {@link #client} for callers
 * in the process, both with the same semantics. Safe for use by many threads.
 */
public final class ApiServer implements AutoCloseable {
    private static final String LIST_SUFFIX = "List";
    private static final double TRACED_SHARE = 0.01;

    private final Config config;
    private final Store store;
    private final Limits limits;
    private final Core core;
    private final Pki pki;
    private final HttpFront front;
    private final Gate gate;
    private final WatchHandler watches;
    private final Lazy<BuiltinSchemas> schemas;
    private final CustomResources customResources;
    private final Rbac rbac;
    private final AdmissionChain chain;
    private final ServiceAccountTokens tokens;
    private final Optional<AuditLog> auditLog;
    private final CustomResourceCleanup cleanup;

    /** By the prefix of their keys: versions of one kind show the same objects. */
    private final Map<String, WatchCache> caches = new ConcurrentHashMap<>();

    private final AtomicReference<List<PodStreams>> podStreams = new AtomicReference<>(List.of());

    /**
     * Where to listen and where keys are kept.
     *
     * @param port 0 picks a free one
     * @param pkiDirectory made when missing; holds the authority, certificates, the admin token and
     *     the keys of ServiceAccount tokens
     * @param audit what is kept of each request; empty for nothing
     */
    public record Config(
            String listenAddress, int port, Path pkiDirectory, Optional<AuditSettings> audit) {
        /** Without an audit log. */
        public Config(String listenAddress, int port, Path pkiDirectory) {
            this(listenAddress, port, pkiDirectory, Optional.empty());
        }
    }

    public ApiServer(
            Config config,
            Store store,
            List<ResourceDefinition> kinds,
            PrometheusRegistry metrics,
            Tracer tracer,
            TimeSource time,
            Limits limits) {
        this.config = config;
        this.store = store;
        this.limits = limits;
        pki = Pki.open(config.pkiDirectory(), config.listenAddress(), time.now());
        Registry registry = new Registry();
        Storage storage = new Storage(store);
        Namespaces namespaces = new Namespaces(registry, storage);
        schemas = Lazy.of(BuiltinSchemas::new);
        customResources =
                new CustomResources(
                        registry, store, limits, time, new CustomKinds(schemas, this::conversion));
        Reads reads = new Reads(storage, limits);
        rbac = new Rbac(registry, reads);
        chain =
                new AdmissionChain(
                        new AdmissionCluster(registry, rbac, () -> client("kube-apiserver")),
                        dev.kemudi.admission.Limits.defaults());
        Admitting admission = new Admitting(chain);
        tokens = tokens(registry, storage, time);
        Writes writes = writes(registry, storage, time, namespaces, admission);
        Scales scales = new Scales(writes, admission);
        core =
                new Core(
                        registry,
                        storage,
                        reads,
                        writes,
                        new Patching(writes, storage, scales, limits, rbac),
                        scales,
                        new Deletes(storage, limits, time, customResources, admission),
                        namespaces,
                        admission,
                        time,
                        limits);
        cleanup = new CustomResourceCleanup(core);
        customResources.cleanWith(cleanup::begin);
        register(kinds.toArray(ResourceDefinition[]::new));
        Authenticator authenticator = new Authenticator(pki.adminToken(), tokens);
        Lazy<ProtobufCodec> protobuf =
                Lazy.of(() ->
                        new ProtobufCodec(schemas.get(), dev.kemudi.schema.Limits.defaults()));
        RequestBodies bodies = new RequestBodies(protobuf);
        Render render = new Render(time, new ProtobufRender(protobuf));
        PodHandler pods = new PodHandler(core, podStreams::get);
        watches = new WatchHandler(core, render);
        Metrics counts = new Metrics(metrics, watches::open);
        auditLog = config.audit().map(to -> new AuditLog(to, limits, counts::audited));
        Function<Supplier<Audit.Asked>, Trail> audit = audit(bodies, time);
        Fairness fairness = new Fairness(registry, reads, writes, time, limits, counts);
        Router router = router(authenticator, bodies, render, pods, fairness, audit);
        gate = new Gate(router, registry, counts, tracer, time, TRACED_SHARE);
        Upgrades upgrades = new Upgrades(authenticator, rbac, pods, limits, gate::handle, audit);
        front = new HttpFront(config, limits, pki, gate, upgrades);
    }

    private Writes writes(
            Registry registry,
            Storage storage,
            TimeSource time,
            Namespaces namespaces,
            Admitting admission) {
        List<Filling> fillings =
                List.of(
                        new TokenSecrets(registry, storage, tokens, pki::authorityPem),
                        new SigningRequests(pki, rbac, time));
        return new Writes(
                storage,
                limits,
                time,
                namespaces,
                new Leases(store, time),
                customResources,
                new RoleGuard(rbac),
                fillings,
                admission);
    }

    private Function<Supplier<Audit.Asked>, Trail> audit(RequestBodies bodies, TimeSource time) {
        if (auditLog.isEmpty()) {
            return asked -> Trail.OFF;
        }
        AuditPolicy policy = config.audit().orElseThrow().read();
        return new Audit(policy, auditLog.get(), bodies, time, limits)::begin;
    }

    private ServiceAccountTokens tokens(Registry registry, Storage storage, TimeSource time) {
        Path directory = config.pkiDirectory();
        Lazy<TokenKeys> keys = Lazy.of(() -> TokenKeys.open(directory));
        return new ServiceAccountTokens(registry, storage, keys, time, limits);
    }

    private Router router(
            Authenticator authenticator,
            RequestBodies bodies,
            Render render,
            PodHandler pods,
            Fairness fairness,
            Function<Supplier<Audit.Asked>, Trail> audit) {
        ResourceHandler resources =
                new ResourceHandler(
                        core,
                        bodies,
                        render,
                        watches,
                        new SubresourceHandler(
                                core,
                                bodies,
                                render,
                                pods,
                                new TokenRequests(core.registry(), core.reads(), tokens)));
        Discovery discovery = new Discovery(core.registry(), new Subresources());
        return new Router(
                authenticator,
                discovery,
                resources,
                new Reviews(bodies, rbac, authenticator),
                new OpenApi(discovery, core.registry(), schemas),
                new IssuerDiscovery(tokens, this::url),
                rbac,
                fairness,
                audit);
    }

    /**
     * Binds and serves.
     *
     * @throws IllegalStateException naming the address when it cannot be bound
     */
    public void start() {
        if (core.registry().any("", Resource.NAMESPACES.plural()).isPresent()) {
            createInitialNamespaces();
        }
        if (core.registry().any(Resource.ROLES.group(), Resource.ROLES.plural()).isPresent()) {
            new BootstrapRoles(client("kube-apiserver")).make();
        }
        Resource priorities = Resource.PRIORITY_CLASSES;
        if (core.registry().any(priorities.group(), priorities.plural()).isPresent()) {
            new SystemPriorities(client("kube-apiserver")).make();
        }
        serveStoredDefinitions();
        front.start();
    }

    private void serveStoredDefinitions() {
        Resource definitions = Resource.CUSTOM_RESOURCE_DEFINITIONS;
        Optional<Kind> kind = core.registry().any(definitions.group(), definitions.plural());
        kind.ifPresent(k -> k.cache().awaitFresh());
    }

    private void createInitialNamespaces() {
        ApiClient client = client("kube-apiserver");
        for (String name : Namespaces.INITIAL) {
            if (client.find(Resource.NAMESPACES, "", name).isEmpty()) {
                try {
                    client.create(
                            Resource.NAMESPACES, ApiObject.named(Resource.NAMESPACES, "", name));
                } catch (ApiException e) {
                    if (!e.alreadyExists()) {
                        throw e;
                    }
                }
            }
        }
    }

    /** The port that is served; only after {@link #start}. */
    public int port() {
        return front.port();
    }

    /** Watches open over HTTP now. */
    int openWatches() {
        return watches.open();
    }

    /** The API in this process, as {@code userName} of group {@code system:masters}. */
    public ApiClient client(String userName) {
        return new InProcessClient(
                core, userName, new TokenRequests(core.registry(), core.reads(), tokens));
    }

    /** A kubeconfig for the admin with everything embedded; only after {@link #start}. */
    public String kubeconfig() {
        return pki.kubeconfig(url());
    }

    private String url() {
        String host =
                switch (config.listenAddress()) {
                    case "0.0.0.0", "::", "" -> "127.0.0.1";
                    default -> config.listenAddress();
                };
        return "https://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + port();
    }

    /** Serves more kinds from now on. */
    public void register(ResourceDefinition... definitions) {
        core.registry().put(Arrays.stream(definitions).map(this::kind).toList());
    }

    private ObjectConversion conversion(JsonNode clientConfig) {
        return chain.conversion(clientConfig);
    }

    private Kind kind(ResourceDefinition definition) {
        Resource resource = definition.resource();
        Resource stored =
                definition.strategy().storedForm().map(StoredForm::resource).orElse(resource);
        return new Kind(
                definition,
                new Rules(
                        Lazy.of(() -> schema(resource)),
                        false,
                        MissingNode.getInstance(),
                        Optional.empty()),
                caches.computeIfAbsent(Kind.keyPrefix(stored), this::cache),
                resource.kind() + LIST_SUFFIX,
                stored.apiVersion(),
                false,
                Optional.empty());
    }

    private WatchCache cache(String prefix) {
        boolean definitions = prefix.equals(Kind.keyPrefix(Resource.CUSTOM_RESOURCE_DEFINITIONS));
        return new WatchCache(
                store,
                prefix,
                limits,
                definitions ? Optional.of(customResources) : Optional.empty());
    }

    private Schema schema(Resource resource) {
        // a kind that a module registers without a published schema may hold anything
        return schemas.get()
                .of(resource.apiVersion(), resource.kind())
                .orElseGet(() -> schemas.get().customResource(MissingNode.getInstance()));
    }

    /** Puts {@code before} in front of every request over HTTP, in place of what was there. */
    public void filter(RequestFilter before) {
        gate.filter(before);
    }

    /** Ends the watches that are open over HTTP now; clients begin them again. */
    public void endWatches() {
        watches.end();
    }

    /**
     * Stops serving HTTP for a while, on the same port afterwards, as a server that is restarted
     * does. Callers in the process notice nothing.
     */
    public void restart(Duration away) throws InterruptedException {
        watches.end();
        front.close();
        try {
            Thread.sleep(away); // how long is what the caller asked for
        } finally {
            front.start();
        }
    }

    /** Where logs, exec, attach and port-forward of pods come from. */
    public void attach(PodStreams streams) {
        podStreams.set(List.of(streams));
    }

    /**
     * Ends watches politely, lets running requests finish within {@code drainMillis}, and frees the
     * port.
     */
    @Override
    public void close() {
        cleanup.close();
        core.registry().all().forEach(kind -> kind.cache().close());
        front.close();
        chain.close();
        auditLog.ifPresent(AuditLog::close);
    }
}
