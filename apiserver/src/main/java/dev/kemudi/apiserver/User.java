package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Who asks.
 *
 * @param uid empty when whoever vouches for them gives none
 * @param extra what else is known of the credential, by names like {@code
 *     authentication.kubernetes.io/pod-name}
 */
record User(String name, String uid, List<String> groups, Map<String, List<String>> extra) {
    static final String MASTERS = "system:masters";
    static final String AUTHENTICATED = "system:authenticated";
    static final User ANONYMOUS = new User("system:anonymous", List.of("system:unauthenticated"));

    User(String name, List<String> groups) {
        this(name, "", groups, Map.of());
    }

    private static final String SERVICE_ACCOUNT = "system:serviceaccount:";

    static String serviceAccountName(String namespace, String name) {
        return SERVICE_ACCOUNT + namespace + ":" + name;
    }

    /** Somebody by name, in the groups that the name alone says. */
    static User named(String name, List<String> more) {
        List<String> groups = new ArrayList<>(more);
        if (name.equals(ANONYMOUS.name())) {
            groups.addAll(ANONYMOUS.groups());
        } else {
            if (name.startsWith(SERVICE_ACCOUNT)) {
                String rest = name.substring(SERVICE_ACCOUNT.length());
                groups.add("system:serviceaccounts");
                groups.add(
                        "system:serviceaccounts:"
                                + rest.substring(0, Math.max(0, rest.indexOf(':'))));
            }
            groups.add(AUTHENTICATED);
        }
        return new User(name, groups.stream().distinct().toList());
    }

    /** As reviews show it. */
    void into(ObjectNode info) {
        info.put("username", name);
        if (!uid.isEmpty()) {
            info.put("uid", uid);
        }
        groups.forEach(info.putArray("groups")::add);
        if (!extra.isEmpty()) {
            ObjectNode more = info.putObject("extra");
            extra.forEach((key, values) -> values.forEach(more.putArray(key)::add));
        }
    }

    boolean anonymous() {
        return groups.contains("system:unauthenticated");
    }

    boolean master() {
        return groups.contains(MASTERS);
    }
}
