package dev.kemudi.conformance;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/*
 * How docs/limits.md comes about
 * ------------------------------
 * Every module that holds anything has a record `Limits`. Its components are the limits; `defaults()` has
 * their values; the Javadoc of the record has their reasons, one param tag ("name value: reason") each.
 * The records are compiled from source on the spot, so values and reasons always belong together: a
 * component without a reason, or a reason that states another value than the code has, fails the test
 * beside this class.
 */
final class LimitsDocument {
    private static final Pattern JAVADOC =
            Pattern.compile("/\\*\\*(.*?)\\*/\\s*public record Limits\\b", Pattern.DOTALL);
    private static final Pattern INLINE_TAG =
            Pattern.compile("\\{@(?:code|link|linkplain|literal)\\s+([^}]*)}");

    /** One row: what is limited, to how much, and why. */
    record Limit(String module, String name, String value, String reason) {}

    private LimitsDocument() {}

    /** All limits of all modules, in the order of the root POM and of the records' components. */
    static List<Limit> limits(SourceTree tree) {
        List<Limit> limits = new ArrayList<>();
        List<Source> sources =
                tree.mainJava().stream().filter(s -> s.simpleName().equals("Limits")).toList();
        try (FreshClasses classes = FreshClasses.of(tree, sources)) {
            for (Source source : sources) {
                Class<?> record =
                        classes.load("dev.kemudi." + source.module().replace("-", "") + ".Limits");
                limits.addAll(limits(source, record));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return limits;
    }

    static String markdown(SourceTree tree) {
        StringBuilder text =
                new StringBuilder(
                        "# Limits\n\n"
                                + "Everything that can grow has a bound. Generated from each "
                                + "module's `Limits` record; do not edit.\n"
                                + "To write it anew: `"
                                + LimitsDocumentTest.REGENERATE
                                + "`.\n");
        String module = "";
        for (Limit limit : limits(tree)) {
            if (!limit.module().equals(module)) {
                module = limit.module();
                text.append("\n## ")
                        .append(module)
                        .append("\n\n| limit | default | why |\n|---|---:|---|\n");
            }
            text.append(
                    "| `%s` | %s | %s |\n"
                            .formatted(limit.name(), limit.value(), withoutValue(limit)));
        }
        return text.toString();
    }

    /** The value has a column of its own. */
    private static String withoutValue(Limit limit) {
        String reason = limit.reason();
        return reason.startsWith(limit.value() + ": ")
                ? reason.substring(limit.value().length() + 2)
                : reason;
    }

    private static List<Limit> limits(Source source, Class<?> record) {
        Map<String, String> reasons = reasons(source.text());
        Object defaults = invoke(record, "defaults", null);
        List<Limit> limits = new ArrayList<>();
        for (RecordComponent component : record.getRecordComponents()) {
            String value = String.valueOf(invoke(record, component.getName(), defaults));
            String reason = reasons.getOrDefault(component.getName(), "");
            limits.add(new Limit(source.module(), component.getName(), shown(value), reason));
        }
        return limits;
    }

    /**
     * The text behind each {@code @param} of the record's Javadoc, on one line, ready for a table.
     */
    static Map<String, String> reasons(String source) {
        Map<String, String> reasons = new LinkedHashMap<>();
        Matcher javadoc = JAVADOC.matcher(source);
        if (!javadoc.find()) {
            return reasons;
        }
        // The last comment before the record: an earlier match may have begun at another comment.
        String comment = javadoc.group(1).substring(javadoc.group(1).lastIndexOf("/**") + 1);
        String text = comment.replaceAll("(?m)^\\s*\\*? ?", "");
        String[] params = text.split("(?m)^@param\\s+");
        for (int i = 1; i < params.length; i++) {
            String param = params[i].split("(?m)^@[a-z]+", 2)[0].strip().replaceAll("\\s+", " ");
            int space = param.indexOf(' ');
            if (space > 0) {
                String reason = INLINE_TAG.matcher(param.substring(space + 1)).replaceAll("`$1`");
                reasons.put(param.substring(0, space), reason.replace("|", "\\|"));
            }
        }
        return reasons;
    }

    /** {@code 4096} as {@code 4_096}, the way the sources write it. */
    static String shown(String value) {
        if (!value.matches("-?[0-9]{4,}")) {
            return value;
        }
        return value.replaceAll("(?<=[0-9])(?=([0-9]{3})+$)", "_");
    }

    private static Object invoke(Class<?> record, String method, Object target) {
        try {
            var found = record.getMethod(method);
            found.setAccessible(true);
            return found.invoke(target);
        } catch (NoSuchMethodException | IllegalAccessException | InvocationTargetException e) {
            throw new IllegalStateException(
                    "expected a public method " + method + "() in " + record, e);
        }
    }
}
