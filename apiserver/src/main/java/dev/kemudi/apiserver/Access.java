package dev.kemudi.apiserver;

import dev.kemudi.api.Status;
import java.util.Locale;

/**
 * What somebody wants to do.
 *
 * @param verb such as {@code get}, {@code list}, {@code create}; the HTTP method in lower case for
 *     paths
 * @param plural empty when it is about {@code path}, which is no object's
 * @param namespace empty for all namespaces and for what has none
 * @param name empty for collections
 * @param path of requests that are not about objects
 */
record Access(
        User user,
        String verb,
        String group,
        String plural,
        String subresource,
        String namespace,
        String name,
        String path) {

    static Access toPath(User user, String method, String path) {
        return new Access(user, method.toLowerCase(Locale.ROOT), "", "", "", "", "", path);
    }

    /** What a request about objects wants. */
    static Access toObjects(User user, String method, boolean watch, RequestPath path) {
        String verb =
                switch (method) {
                    case "GET", "HEAD" -> watch ? "watch" : path.name().isEmpty() ? "list" : "get";
                    case "POST" -> "create";
                    case "PUT" -> "update";
                    case "DELETE" -> path.name().isEmpty() ? "deletecollection" : "delete";
                    default -> method.toLowerCase(Locale.ROOT);
                };
        return new Access(
                user,
                verb,
                path.group(),
                path.plural(),
                path.subresource(),
                namespaceOf(path),
                path.name(),
                "");
    }

    /** A namespace is in itself: a role in it may say who reads it. */
    private static String namespaceOf(RequestPath path) {
        boolean itself = path.group().isEmpty() && path.plural().equals("namespaces");
        return itself ? path.name() : path.namespace();
    }

    boolean aboutPath() {
        return plural.isEmpty();
    }

    String resource() {
        return subresource.isEmpty() ? plural : plural + "/" + subresource;
    }

    /** The same for another verb, or another object. */
    Access with(String otherVerb, String otherName) {
        return new Access(user, otherVerb, group, plural, subresource, namespace, otherName, path);
    }

    /** How Kubernetes says no. */
    Status denial() {
        String what =
                aboutPath()
                        ? "path \"" + path + "\""
                        : "resource \"%s\" in API group \"%s\" %s"
                                .formatted(
                                        resource(),
                                        group,
                                        namespace.isEmpty()
                                                ? "at the cluster scope"
                                                : "in the namespace \"" + namespace + "\"");
        String qualified = group.isEmpty() ? plural : plural + "." + group;
        String subject = name.isEmpty() ? qualified : qualified + " \"" + name + "\"";
        Status status =
                Status.of(
                        403,
                        "Forbidden",
                        "%sforbidden: User \"%s\" cannot %s %s"
                                .formatted(
                                        aboutPath() ? "" : subject + " is ",
                                        user.name(),
                                        verb,
                                        what));
        if (!aboutPath()) {
            status.details().put("kind", plural);
            if (!name.isEmpty()) {
                status.details().put("name", name);
            }
            if (!group.isEmpty()) {
                status.details().put("group", group);
            }
        }
        return status;
    }
}
