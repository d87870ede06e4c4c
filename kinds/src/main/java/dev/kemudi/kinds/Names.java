package dev.kemudi.kinds;

import java.util.regex.Pattern;

/**
 * The forms of name that Kubernetes knows, and how it words a wrong one. Lengths are checked before
 * patterns: a name of megabytes must not reach the regular expression engine.
 */
final class Names {
    private static final int LABEL_MAX = 63;
    private static final int SUBDOMAIN_MAX = 253;
    private static final int PORT_NAME_MAX = 15;
    private static final String LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
    private static final String LABEL_1035 = "[a-z]([-a-z0-9]*[a-z0-9])?";
    private static final String SUBDOMAIN = LABEL + "(\\." + LABEL + ")*";
    private static final String QUALIFIED = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
    private static final String LABEL_VALUE = "(" + QUALIFIED + ")?";
    private static final String FILE_KEY = "[-._a-zA-Z0-9]+";
    private static final Pattern LABEL_PATTERN = Pattern.compile(LABEL);
    private static final Pattern LABEL_1035_PATTERN = Pattern.compile(LABEL_1035);
    private static final Pattern SUBDOMAIN_PATTERN = Pattern.compile(SUBDOMAIN);
    private static final Pattern QUALIFIED_PATTERN = Pattern.compile(QUALIFIED);
    private static final Pattern LABEL_VALUE_PATTERN = Pattern.compile(LABEL_VALUE);
    private static final Pattern FILE_KEY_PATTERN = Pattern.compile(FILE_KEY);
    private static final Pattern PORT_NAME_PATTERN = Pattern.compile("[-a-z0-9]+");

    private static final String LABEL_RULE =
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', "
                    + "and must start and"
                    + " end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex "
                    + "used for validation"
                    + " is '"
                    + LABEL
                    + "')";
    private static final String LABEL_1035_RULE =
            "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with "
                    + "an alphabetic"
                    + " character, and end with an alphanumeric character (e.g. 'my-name',  or "
                    + "'abc-123', regex used"
                    + " for validation is '"
                    + LABEL_1035
                    + "')";
    private static final String SUBDOMAIN_RULE =
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' "
                    + "or '.', and must"
                    + " start and end with an alphanumeric character (e.g. 'example.com', regex "
                    + "used for validation"
                    + " is '"
                    + SUBDOMAIN
                    + "')";
    private static final String WILDCARD_RULE =
            "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, "
                    + "which must consist of lower case alphanumeric characters, '-' or '.' and end"
                    + " with an alphanumeric character (e.g. '*.example.com', regex used for"
                    + " validation is '\\*\\."
                    + SUBDOMAIN
                    + "')";
    private static final String QUALIFIED_RULE =
            "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with "
                    + "an alphanumeric"
                    + " character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for "
                    + "validation is '"
                    + QUALIFIED
                    + "')";
    private static final String LABEL_VALUE_RULE =
            "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' "
                    + "or '.', and must"
                    + " start and end with an alphanumeric character (e.g. 'MyValue',  or "
                    + "'my_value',  or '12345',"
                    + " regex used for validation is '"
                    + LABEL_VALUE
                    + "')";
    private static final String FILE_KEY_RULE =
            "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. "
                    + "'key.name',  or"
                    + " 'KEY_NAME',  or 'key-name', regex used for validation is '"
                    + FILE_KEY
                    + "')";

    private Names() {}

    /** RFC 1123 label: at most 63 characters, no dots. */
    static void label(String name, String field, Problems problems) {
        check(name, LABEL_MAX, LABEL_PATTERN, LABEL_RULE, field, problems);
    }

    /** RFC 1035 label: as {@link #label} but beginning with a letter, as DNS once wanted. */
    static void label1035(String name, String field, Problems problems) {
        check(name, LABEL_MAX, LABEL_1035_PATTERN, LABEL_1035_RULE, field, problems);
    }

    /** RFC 1123 subdomain: labels joined by dots, at most 253 characters. */
    static void subdomain(String name, String field, Problems problems) {
        check(name, SUBDOMAIN_MAX, SUBDOMAIN_PATTERN, SUBDOMAIN_RULE, field, problems);
    }

    /** A host name, or {@code *.} and one, which stands for all hosts of that domain. */
    static void host(String name, String field, Problems problems) {
        if (!name.contains("*")) {
            subdomain(name, field, problems);
        } else if (!name.startsWith("*.") || !isSubdomain(name.substring(2))) {
            problems.invalid(field, shortened(name), WILDCARD_RULE);
        }
    }

    static boolean isSubdomain(String name) {
        return name.length() <= SUBDOMAIN_MAX && SUBDOMAIN_PATTERN.matcher(name).matches();
    }

    /** A label or annotation key: a name with an optional DNS prefix and a slash. */
    static void qualified(String key, String field, Problems problems) {
        int slash = key.indexOf('/');
        String prefix = slash < 0 ? "" : key.substring(0, slash);
        String name = key.substring(slash + 1);
        if (name.indexOf('/') >= 0) {
            problems.invalid(
                    field,
                    key,
                    "a qualified name "
                            + QUALIFIED_RULE
                            + " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')");
            return;
        }
        if (slash == 0) {
            problems.invalid(field, key, "prefix part must be non-empty");
        } else if (slash > 0 && !isSubdomain(prefix)) {
            problems.invalid(field, key, "prefix part " + SUBDOMAIN_RULE);
        }
        if (name.isEmpty()) {
            problems.invalid(field, key, "name part must be non-empty");
        } else if (name.length() > LABEL_MAX) {
            problems.invalid(
                    field, key, "name part must be no more than " + LABEL_MAX + " characters");
        } else if (!QUALIFIED_PATTERN.matcher(name).matches()) {
            problems.invalid(field, key, "name part " + QUALIFIED_RULE);
        }
    }

    static void labelValue(String value, String field, Problems problems) {
        check(value, LABEL_MAX, LABEL_VALUE_PATTERN, LABEL_VALUE_RULE, field, problems);
    }

    /**
     * A key of a ConfigMap or Secret: it becomes a file name, so it must not lead out of its
     * folder.
     */
    static void fileKey(String key, String field, Problems problems) {
        check(key, SUBDOMAIN_MAX, FILE_KEY_PATTERN, FILE_KEY_RULE, field, problems);
        if (key.equals(".") || key.equals("..")) {
            problems.invalid(field, key, "must not be '" + key + "'");
        } else if (key.startsWith("..")) {
            problems.invalid(field, key, "must not start with '..'");
        }
    }

    /** An IANA service name, as container and service ports use it. */
    static void port(String name, String field, Problems problems) {
        if (name.length() > PORT_NAME_MAX) {
            problems.invalid(field, name, "must be no more than " + PORT_NAME_MAX + " characters");
        } else if (!PORT_NAME_PATTERN.matcher(name).matches()) {
            problems.invalid(
                    field,
                    name,
                    "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
        } else if (name.chars().noneMatch(c -> c >= 'a' && c <= 'z')) {
            problems.invalid(field, name, "must contain at least one letter (a-z)");
        } else if (name.contains("--")) {
            problems.invalid(field, name, "must not contain consecutive hyphens");
        } else if (name.startsWith("-") || name.endsWith("-")) {
            problems.invalid(field, name, "must not begin or end with a hyphen");
        }
    }

    private static void check(
            String name, int max, Pattern pattern, String rule, String field, Problems problems) {
        if (name.length() > max) {
            problems.invalid(field, shortened(name), "must be no more than " + max + " characters");
        } else if (!pattern.matcher(name).matches()) {
            problems.invalid(field, name, rule);
        }
    }

    /** A message need not carry megabytes back to whoever sent them. */
    private static String shortened(String name) {
        return name.length() <= 2 * SUBDOMAIN_MAX
                ? name
                : name.substring(0, 2 * SUBDOMAIN_MAX) + "…";
    }
}
