package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.api.ApiException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Which requests are kept, and how much of them: the first rule that fits decides, none keeps
 * nothing. Whatever a rule says, of Secrets and tokens no more than the metadata is kept. Source:
 * Kubernetes reference, {@code audit.k8s.io/v1 Policy}.
 */
record AuditPolicy(List<Rule> rules) {
    /** Everything's metadata, once a request. */
    static final AuditPolicy METADATA =
            new AuditPolicy(
                    List.of(
                            new Rule(
                                    new Kept(Level.METADATA, Set.of("RequestReceived"), false),
                                    List.of(),
                                    List.of(),
                                    List.of(),
                                    List.of(),
                                    List.of(),
                                    List.of())));

    private static final Set<String> STAGES =
            Set.of("RequestReceived", "ResponseStarted", "ResponseComplete", "Panic");

    /** How much is kept. */
    enum Level {
        NONE("None"),
        METADATA("Metadata"),
        REQUEST("Request"),
        REQUEST_RESPONSE("RequestResponse");

        private final String word;

        Level(String word) {
            this.word = word;
        }

        String word() {
            return word;
        }
    }

    /** What is kept of one request. */
    record Kept(Level level, Set<String> omitStages, boolean omitManagedFields) {
        boolean atLeast(Level other) {
            return level.compareTo(other) >= 0;
        }
    }

    private record Resources(String group, List<String> resources, List<String> names) {}

    private record Rule(
            Kept kept,
            List<String> users,
            List<String> groups,
            List<String> verbs,
            List<Resources> resources,
            List<String> namespaces,
            List<String> paths) {

        boolean fits(Access access) {
            User user = access.user();
            if (!(users.isEmpty() || users.contains(user.name()))
                    || !(groups.isEmpty() || user.groups().stream().anyMatch(groups::contains))
                    || !(verbs.isEmpty() || verbs.contains(access.verb()))) {
                return false;
            }
            if (!resources.isEmpty() || !namespaces.isEmpty()) {
                return !access.aboutPath()
                        && (namespaces.isEmpty() || namespaces.contains(access.namespace()))
                        && (resources.isEmpty()
                                || resources.stream().anyMatch(named -> names(named, access)));
            }
            return paths.isEmpty()
                    || access.aboutPath() && paths.stream().anyMatch(p -> fits(p, access.path()));
        }

        private static boolean names(Resources named, Access access) {
            if (!named.group().equals(access.group())) {
                return false;
            }
            if (named.resources().isEmpty()) {
                return true;
            }
            boolean name = named.names().isEmpty() || named.names().contains(access.name());
            String subresource = access.subresource();
            return name
                    && named.resources().stream()
                            .anyMatch(resource ->
                                    resource.equals("*")
                                            || resource.equals(access.resource())
                                            || resource.equals(access.plural() + "/*")
                                            || !subresource.isEmpty()
                                                    && resource.equals("*/" + subresource));
        }

        private static boolean fits(String pattern, String path) {
            return pattern.endsWith("*")
                    ? path.startsWith(pattern.substring(0, pattern.length() - 1))
                    : path.equals(pattern);
        }
    }

    Kept decide(Access access) {
        for (Rule rule : rules) {
            if (rule.fits(access)) {
                Kept kept = rule.kept();
                return kept.atLeast(Level.REQUEST) && secret(access)
                        ? new Kept(Level.METADATA, kept.omitStages(), kept.omitManagedFields())
                        : kept;
            }
        }
        return new Kept(Level.NONE, Set.of(), false);
    }

    private static boolean secret(Access access) {
        return switch (access.resource()) {
            case "secrets", "serviceaccounts/token" -> access.group().isEmpty();
            case "tokenreviews" -> true;
            default -> false;
        };
    }

    /**
     * @throws IllegalArgumentException naming the file, the field, what was expected and found
     */
    static AuditPolicy read(Path file) {
        JsonNode tree;
        try {
            tree = Bodies.yaml(Files.readAllBytes(file));
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    "the audit policy " + file + " cannot be read: " + e, e);
        } catch (ApiException e) {
            throw new IllegalArgumentException(
                    "the audit policy " + file + ": " + e.status().message(), e);
        }
        try {
            return parse(tree);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "the audit policy " + file + ": " + e.getMessage(), e);
        }
    }

    static AuditPolicy parse(JsonNode tree) {
        expect("apiVersion", Set.of("audit.k8s.io/v1"), tree.path("apiVersion").asText());
        expect("kind", Set.of("Policy"), tree.path("kind").asText());
        if (!tree.path("rules").isArray() || tree.path("rules").isEmpty()) {
            throw new IllegalArgumentException("rules: expected at least one rule, found none");
        }
        Set<String> omitted = stages(tree.path("omitStages"), "omitStages");
        List<Rule> rules = new ArrayList<>();
        for (JsonNode rule : tree.path("rules")) {
            rules.add(rule(rule, "rules[" + rules.size() + "]", omitted, tree));
        }
        return new AuditPolicy(List.copyOf(rules));
    }

    private static Rule rule(JsonNode rule, String at, Set<String> omitted, JsonNode policy) {
        String word = rule.path("level").asText();
        Optional<Level> level =
                Arrays.stream(Level.values()).filter(l -> l.word().equals(word)).findFirst();
        if (level.isEmpty()) {
            List<String> words = Arrays.stream(Level.values()).map(Level::word).toList();
            throw new IllegalArgumentException(
                    "%s.level: expected one of %s, found \"%s\"".formatted(at, words, word));
        }
        Set<String> omit = new HashSet<>(omitted);
        omit.addAll(stages(rule.path("omitStages"), at + ".omitStages"));
        List<Resources> resources = new ArrayList<>();
        for (JsonNode named : rule.path("resources")) {
            resources.add(
                    new Resources(
                            named.path("group").asText(""),
                            texts(named.path("resources")),
                            texts(named.path("resourceNames"))));
        }
        List<String> paths = texts(rule.path("nonResourceURLs"));
        List<String> namespaces = texts(rule.path("namespaces"));
        if (!paths.isEmpty() && !(resources.isEmpty() && namespaces.isEmpty())) {
            throw new IllegalArgumentException(
                    at
                            + ".nonResourceURLs: rules cannot apply to both regular resources and"
                            + " non-resource URLs");
        }
        boolean fields =
                rule.path("omitManagedFields")
                        .asBoolean(policy.path("omitManagedFields").asBoolean());
        return new Rule(
                new Kept(level.get(), Set.copyOf(omit), fields),
                texts(rule.path("users")),
                texts(rule.path("userGroups")),
                texts(rule.path("verbs")),
                List.copyOf(resources),
                namespaces,
                paths);
    }

    private static Set<String> stages(JsonNode stages, String at) {
        Set<String> all = new HashSet<>(texts(stages));
        all.forEach(stage -> expect(at, STAGES, stage));
        return all;
    }

    private static void expect(String at, Set<String> known, String found) {
        if (!known.contains(found)) {
            throw new IllegalArgumentException(
                    "%s: expected %s, found \"%s\""
                            .formatted(at, String.join(" or ", known), found));
        }
    }

    private static List<String> texts(JsonNode array) {
        List<String> texts = new ArrayList<>();
        array.forEach(text -> texts.add(text.asText()));
        return List.copyOf(texts);
    }
}
