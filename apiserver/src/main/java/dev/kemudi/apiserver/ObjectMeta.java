package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Resource;
import dev.kemudi.api.Status;
import dev.kemudi.api.Status.Cause;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/** The rules of {@code metadata} that hold for every kind. */
final class ObjectMeta {
    // without vowels and look-alikes, as Kubernetes does
    private static final String SUFFIX_ALPHABET = "bcdfghjklmnpqrstvwxz2456789";
    private static final int SUFFIX_LENGTH = 5;
    private static final int GENERATED_PREFIX_MAX = 58;
    private static final int ANNOTATION_BYTES_MAX = 256 * 1024;
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final List<String> SERVER_OWNED =
            List.of(
                    "uid",
                    "creationTimestamp",
                    "generation",
                    "deletionTimestamp",
                    "deletionGracePeriodSeconds",
                    "selfLink");

    private ObjectMeta() {}

    static ObjectNode of(ObjectNode tree) {
        JsonNode metadata = tree.get("metadata");
        if (metadata instanceof ObjectNode object) {
            return object;
        }
        if (metadata != null && !metadata.isNull()) {
            throw new ApiException(
                    Status.badRequest(
                            "metadata: expected an object, found " + metadata.getNodeType()));
        }
        return tree.putObject("metadata");
    }

    static String timestamp(Instant instant) {
        return instant.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    static String generatedName(String prefix) {
        StringBuilder name =
                new StringBuilder(
                        prefix.substring(0, Math.min(prefix.length(), GENERATED_PREFIX_MAX)));
        for (int i = 0; i < SUFFIX_LENGTH; i++) {
            name.append(SUFFIX_ALPHABET.charAt(RANDOM.nextInt(SUFFIX_ALPHABET.length())));
        }
        return name.toString();
    }

    /** What a creator may not choose. */
    static void fillForCreate(ObjectNode metadata, Instant now) {
        metadata.remove(
                List.of(
                        "deletionTimestamp",
                        "deletionGracePeriodSeconds",
                        "selfLink",
                        "resourceVersion"));
        metadata.remove("generation");
        metadata.put("uid", UUID.randomUUID().toString());
        metadata.put("creationTimestamp", timestamp(now));
    }

    /** What an update may not change. */
    static void carry(ObjectNode metadata, ApiObject old) {
        JsonNode before = old.tree().path("metadata");
        for (String field : SERVER_OWNED) {
            if (before.has(field)) {
                metadata.set(field, before.get(field));
            } else {
                metadata.remove(field);
            }
        }
        metadata.remove("resourceVersion");
    }

    static List<Cause> validate(Resource resource, ObjectNode metadata) {
        List<Cause> causes = new ArrayList<>();
        String name = metadata.path("name").asText("");
        if (name.isEmpty()) {
            causes.add(
                    new Cause(
                            "FieldValueRequired",
                            "Required value: name or generateName is required",
                            "metadata.name"));
        } else if (!Names.isDnsSubdomain(name)
                && !resource.group().equals("rbac.authorization.k8s.io")
                && !resource.equals(Resource.IP_ADDRESSES)) {
            causes.add(invalid("metadata.name", name, Names.SUBDOMAIN_RULE));
        }
        keys(metadata, "labels", causes);
        metadata.path("labels")
                .properties()
                .forEach(e -> {
                    if (!Names.isLabelValue(e.getValue().asText())) {
                        causes.add(
                                invalid(
                                        "metadata.labels",
                                        e.getValue().asText(),
                                        "a valid label must be an empty string or consist of "
                                                + "alphanumeric characters, '-', '_' or '.',"
                                                + " and must start and end with an alphanumeric character"));
                    }
                });
        keys(metadata, "annotations", causes);
        long bytes =
                metadata.path("annotations").properties().stream()
                        .mapToLong(e -> e.getKey().length() + e.getValue().asText().length())
                        .sum();
        if (bytes > ANNOTATION_BYTES_MAX) {
            causes.add(
                    new Cause(
                            "FieldValueTooLong",
                            "Too long: may not be more than " + ANNOTATION_BYTES_MAX + " bytes",
                            "metadata.annotations"));
        }
        lists(metadata, causes);
        return causes;
    }

    private static void keys(ObjectNode metadata, String field, List<Cause> causes) {
        JsonNode map = metadata.path(field);
        if (!map.isMissingNode() && !map.isNull() && !map.isObject()) {
            causes.add(invalid("metadata." + field, map.toString(), "must be a map of strings"));
            return;
        }
        map.properties()
                .forEach(e -> {
                    // annotation keys may have upper case prefixes
                    String key =
                            field.equals("labels")
                                    ? e.getKey()
                                    : e.getKey().toLowerCase(java.util.Locale.ROOT);
                    if (!Names.isQualifiedName(key)) {
                        causes.add(
                                invalid(
                                        "metadata." + field,
                                        e.getKey(),
                                        "name part must consist of alphanumeric characters, '-', "
                                                + "'_' or '.', and must start and end"
                                                + " with an alphanumeric character"));
                    }
                    if (!e.getValue().isTextual()) {
                        causes.add(
                                invalid(
                                        "metadata." + field + "." + e.getKey(),
                                        e.getValue().toString(),
                                        "must be a string"));
                    }
                });
    }

    private static void lists(ObjectNode metadata, List<Cause> causes) {
        int i = 0;
        Set<String> controllers = new HashSet<>();
        for (JsonNode owner : metadata.path("ownerReferences")) {
            for (String field : List.of("apiVersion", "kind", "name", "uid")) {
                if (owner.path(field).asText("").isEmpty()) {
                    causes.add(
                            new Cause(
                                    "FieldValueInvalid",
                                    "Invalid value: \"\": must not be empty",
                                    "metadata.ownerReferences[" + i + "]." + field));
                }
            }
            if (owner.path("controller").asBoolean() && !controllers.add("controller")) {
                causes.add(
                        invalid(
                                "metadata.ownerReferences",
                                owner.path("name").asText(),
                                "Only one reference can have Controller set to true"));
            }
            i++;
        }
        for (JsonNode finalizer : metadata.path("finalizers")) {
            if (!Names.isQualifiedName(finalizer.asText())) {
                causes.add(
                        invalid(
                                "metadata.finalizers",
                                finalizer.asText(),
                                "must be a qualified name"));
            }
        }
    }

    static Cause invalid(String field, String value, String why) {
        return new Cause("FieldValueInvalid", "Invalid value: \"" + value + "\": " + why, field);
    }
}
