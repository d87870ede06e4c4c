package dev.kemudi.apiserver;

import java.util.List;

/** Who asks. */
record User(String name, List<String> groups) {
    static final String MASTERS = "system:masters";
    static final User ANONYMOUS = new User("system:anonymous", List.of("system:unauthenticated"));

    boolean anonymous() {
        return groups.contains("system:unauthenticated");
    }

    boolean master() {
        return groups.contains(MASTERS);
    }
}
