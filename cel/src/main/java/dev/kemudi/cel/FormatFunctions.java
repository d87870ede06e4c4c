package dev.kemudi.cel;

import com.google.re2j.Pattern;
import dev.cel.common.types.ListType;
import dev.cel.common.types.OpaqueType;
import dev.cel.common.types.OptionalType;
import dev.cel.common.types.SimpleType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Kubernetes' format library: the names and values that Kubernetes checks, checked by expressions.
 */
final class FormatFunctions {
    private static final OpaqueType TYPE = OpaqueType.create("kubernetes.NamedFormat");
    private static final String LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
    private static final String NAME = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
    private static final int LABEL_MAX = 63;
    private static final int SUBDOMAIN_MAX = 253;

    /** A format by its name: what is wrong with a text, or nothing. */
    private record Format(String name, Function<String, Optional<String>> problem) {}

    private static final Map<String, Format> FORMATS = formats();

    private FormatFunctions() {}

    static void addTo(Functions functions) {
        FORMATS.values()
                .forEach(format -> functions.constant("format." + format.name(), TYPE, format));
        functions.global(
                "format.named",
                OptionalType.create(TYPE),
                SimpleType.STRING,
                String.class,
                name -> Optional.ofNullable(FORMATS.get(name)));
        functions.member(
                "validate",
                OptionalType.create(ListType.create(SimpleType.STRING)),
                TYPE,
                Format.class,
                SimpleType.STRING,
                String.class,
                (format, text) -> format.problem().apply(text).map(List::of));
    }

    private static Map<String, Format> formats() {
        Map<String, Format> formats = new LinkedHashMap<>();
        pattern(formats, "dns1123Label", LABEL, LABEL_MAX, "a lowercase RFC 1123 label");
        pattern(
                formats,
                "dns1123Subdomain",
                LABEL + "(\\." + LABEL + ")*",
                SUBDOMAIN_MAX,
                "a lowercase RFC 1123 subdomain");
        pattern(
                formats,
                "dns1035Label",
                "[a-z]([-a-z0-9]*[a-z0-9])?",
                LABEL_MAX,
                "a DNS-1035 label");
        pattern(
                formats,
                "dns1123LabelPrefix",
                "[a-z0-9]([-a-z0-9]*[a-z0-9])?-?",
                LABEL_MAX,
                "the beginning of a lowercase RFC 1123 label");
        pattern(
                formats,
                "dns1123SubdomainPrefix",
                LABEL + "(\\." + LABEL + ")*[-.]?",
                SUBDOMAIN_MAX,
                "the beginning of a lowercase RFC 1123 subdomain");
        pattern(
                formats,
                "dns1035LabelPrefix",
                "[a-z]([-a-z0-9]*[a-z0-9])?-?",
                LABEL_MAX,
                "the beginning of a DNS-1035 label");
        pattern(
                formats,
                "qualifiedName",
                "(" + LABEL + "(\\." + LABEL + ")*/)?" + NAME,
                SUBDOMAIN_MAX + 1 + LABEL_MAX,
                "a qualified name");
        pattern(formats, "labelValue", "(" + NAME + ")?", LABEL_MAX, "a label value");
        formats.put(
                "uri",
                new Format(
                        "uri",
                        text ->
                                UrlFunctions.is(text)
                                        ? Optional.empty()
                                        : Optional.of("must be an absolute URI or path")));
        pattern(
                formats,
                "uuid",
                "(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}",
                40,
                "a UUID");
        pattern(
                formats,
                "byte",
                "(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?",
                Integer.MAX_VALUE,
                "base64");
        pattern(formats, "date", "\\d{4}-\\d{2}-\\d{2}", 10, "a date such as 2006-01-02");
        pattern(
                formats,
                "datetime",
                "\\d{4}-\\d{2}-\\d{2}[Tt]\\d{2}:\\d{2}:\\d{2}(\\.\\d+)?([Zz]|[-+]\\d{2}:\\d{2})",
                64,
                "a time such as 2006-01-02T15:04:05Z");
        return formats;
    }

    private static void pattern(
            Map<String, Format> into, String name, String regex, int lengthMax, String what) {
        Pattern pattern = Pattern.compile(regex);
        into.put(
                name,
                new Format(
                        name,
                        text ->
                                text.length() <= lengthMax && pattern.matcher(text).matches()
                                        ? Optional.empty()
                                        : Optional.of(
                                                "must be %s of at most %d characters, matching %s"
                                                        .formatted(what, lengthMax, regex))));
    }
}
