package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.admission.Attributes.Requester;
import dev.kemudi.admission.Cluster;
import dev.kemudi.api.ApiClient;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Resource;
import dev.kemudi.cel.Authorizer;
import dev.kemudi.schema.Schema;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** What admission sees of this server. */
final class AdmissionCluster implements Cluster {
    private final Registry registry;
    private final Rbac rbac;
    private final Supplier<ApiClient> client;

    AdmissionCluster(Registry registry, Rbac rbac, Supplier<ApiClient> client) {
        this.registry = registry;
        this.rbac = rbac;
        this.client = client;
    }

    private Optional<Kind> kind(Resource resource) {
        return registry.find(resource.group(), resource.version(), resource.plural());
    }

    @Override
    public long changes(Resource resource) {
        Optional<Kind> kind = kind(resource);
        if (kind.isEmpty()) {
            return -1;
        }
        WatchCache cache = kind.get().cache();
        if (cache.changes() == 0) {
            cache.load();
        }
        return cache.changes();
    }

    @Override
    public List<ApiObject> all(Resource resource) {
        return kind(resource)
                .map(kind -> kind.views(List.copyOf(kind.cache().snapshot("").objects().values())))
                .orElse(List.of());
    }

    @Override
    public Optional<ApiObject> find(Resource resource, String namespace, String name) {
        return kind(resource)
                .flatMap(kind ->
                        kind.cache().find(kind.relativeKey(namespace, name)).map(kind::view));
    }

    @Override
    public Optional<Resource> resource(String apiVersion, String kind) {
        return registry.all().stream()
                .map(Kind::resource)
                .filter(r -> r.kind().equals(kind) && r.apiVersion().equals(apiVersion))
                .findFirst();
    }

    @Override
    public Optional<Resource> served(String group, String plural) {
        return registry.any(group, plural).map(Kind::resource);
    }

    @Override
    public List<Resource> versions(Resource resource) {
        return registry.all().stream()
                .map(Kind::resource)
                .filter(r ->
                        r.group().equals(resource.group()) && r.plural().equals(resource.plural()))
                .toList();
    }

    @Override
    public ApiObject converted(ApiObject object, Resource to) {
        return registry.get(to).view(object);
    }

    @Override
    public ApiObject filled(Resource resource, String subresource, ObjectNode changed) {
        if (!subresource.isEmpty() && !subresource.equals("status")) {
            return ApiObject.of(changed);
        }
        Kind kind = registry.get(resource);
        ObjectNode tree = kind.rules().pruned(changed);
        kind.rules().applyDefaults(tree);
        kind.definition().strategy().applyDefaults(tree);
        return ApiObject.of(tree);
    }

    @Override
    public Optional<Schema> schema(Resource resource) {
        return kind(resource).map(kind -> kind.rules().schema());
    }

    @Override
    public Authorizer authorizer(Requester requester) {
        return question -> {
            String account = question.account();
            int slash = account.indexOf('/');
            User user =
                    slash < 0
                            ? new User(
                                    requester.name(),
                                    requester.uid(),
                                    requester.groups(),
                                    requester.extra())
                            : User.named(
                                    User.serviceAccountName(
                                            account.substring(0, slash),
                                            account.substring(slash + 1)),
                                    List.of());
            Rbac.Decision decision =
                    rbac.decide(
                            new Access(
                                    user,
                                    question.verb(),
                                    question.group(),
                                    question.resource(),
                                    question.subresource(),
                                    question.namespace(),
                                    question.name(),
                                    question.path()));
            return new Authorizer.Decision(decision.allowed(), decision.reason());
        };
    }

    @Override
    public ApiClient client() {
        return client.get();
    }
}
