package dev.kemudi.gateway;

/** How a redirect or rewrite changes the path. */
sealed interface PathEdit {
    /** Leaves the path alone. */
    record Keep() implements PathEdit {}

    record Full(String path) implements PathEdit {}

    /**
     * Replaces the prefix that matched; a trailing slash of the replacement is ignored, as the
     * specification says.
     */
    record Prefix(String replacement) implements PathEdit {}

    /**
     * The path as the upstream shall see it.
     *
     * @param prefix length of the matched prefix without its trailing slash
     */
    static String apply(PathEdit edit, String path, int prefix) {
        return switch (edit) {
            case Keep() -> path;
            case Full(String full) -> full;
            case Prefix(String replacement) -> {
                String head =
                        replacement.endsWith("/")
                                ? replacement.substring(0, replacement.length() - 1)
                                : replacement;
                String rest = path.substring(Math.min(prefix, path.length()));
                String changed =
                        head + (rest.isEmpty() || rest.startsWith("/") ? rest : "/" + rest);
                yield changed.isEmpty() ? "/" : changed;
            }
        };
    }
}
