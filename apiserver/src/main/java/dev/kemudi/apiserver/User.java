package dev.kemudi.apiserver;

import java.util.ArrayList;
import java.util.List;

/** Who asks. */
record User(String name, List<String> groups) {
    static final String MASTERS = "system:masters";
    static final User ANONYMOUS = new User("system:anonymous", List.of("system:unauthenticated"));

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
            groups.add("system:authenticated");
        }
        return new User(name, groups.stream().distinct().toList());
    }

    boolean anonymous() {
        return groups.contains("system:unauthenticated");
    }

    boolean master() {
        return groups.contains(MASTERS);
    }
}
