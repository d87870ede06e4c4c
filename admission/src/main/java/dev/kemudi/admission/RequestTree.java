package dev.kemudi.admission;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.admission.Attributes.Requester;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Resource;

/** The {@code request} of an AdmissionReview, as webhooks are sent it and expressions read it. */
final class RequestTree {
    private RequestTree() {}

    /**
     * Without the objects themselves.
     *
     * @param asked what the client asked for
     * @param seen the same in the version that was matched
     */
    static ObjectNode of(Attributes asked, Attributes seen) {
        ObjectNode tree = JsonNodeFactory.instance.objectNode();
        kind(tree.putObject("kind"), seen);
        resource(tree.putObject("resource"), seen.resource());
        text(tree, "subResource", seen.subresource());
        kind(tree.putObject("requestKind"), asked);
        resource(tree.putObject("requestResource"), asked.resource());
        text(tree, "requestSubResource", asked.subresource());
        text(tree, "name", asked.name());
        text(tree, "namespace", asked.namespace());
        tree.put("operation", asked.operation().name());
        user(tree.putObject("userInfo"), asked.user());
        tree.put("dryRun", asked.dryRun());
        tree.set("options", asked.options().get());
        return tree;
    }

    private static void kind(ObjectNode into, Attributes attributes) {
        ApiObject object = attributes.either();
        String version = object.apiVersion();
        int slash = version.indexOf('/');
        into.put("group", slash < 0 ? "" : version.substring(0, slash));
        into.put("version", version.substring(slash + 1));
        into.put("kind", object.kind());
    }

    private static void resource(ObjectNode into, Resource resource) {
        into.put("group", resource.group());
        into.put("version", resource.version());
        into.put("resource", resource.plural());
    }

    private static void user(ObjectNode into, Requester user) {
        into.put("username", user.name());
        text(into, "uid", user.uid());
        user.groups().forEach(into.putArray("groups")::add);
        if (!user.extra().isEmpty()) {
            ObjectNode extra = into.putObject("extra");
            user.extra().forEach((key, values) -> values.forEach(extra.putArray(key)::add));
        }
    }

    private static void text(ObjectNode into, String name, String value) {
        if (!value.isEmpty()) {
            into.put(name, value);
        }
    }
}
