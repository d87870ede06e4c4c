package dev.kemudi.kinds;

import java.util.regex.Pattern;

/** The forms of name that Kubernetes knows, and how it words a wrong one. */
final class Names {
    private static final int LABEL_MAX = 63;
    private static final int SUBDOMAIN_MAX = 253;
    private static final String LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
    private static final String LABEL_1035 = "[a-z]([-a-z0-9]*[a-z0-9])?";
    private static final String SUBDOMAIN = LABEL + "(\\." + LABEL + ")*";
    private static final Pattern LABEL_PATTERN = Pattern.compile(LABEL);
    private static final Pattern LABEL_1035_PATTERN = Pattern.compile(LABEL_1035);
    private static final Pattern SUBDOMAIN_PATTERN = Pattern.compile(SUBDOMAIN);

    private Names() {}

    static void label(String name, String field, Problems problems) {
        checkLength(name, LABEL_MAX, field, problems);
        if (!LABEL_PATTERN.matcher(name).matches()) {
            problems.invalid(
                    field,
                    name,
                    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must"
                            + " start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex"
                            + " used for validation is '"
                            + LABEL
                            + "')");
        }
    }

    static void label1035(String name, String field, Problems problems) {
        checkLength(name, LABEL_MAX, field, problems);
        if (!LABEL_1035_PATTERN.matcher(name).matches()) {
            problems.invalid(
                    field,
                    name,
                    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an"
                            + " alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or"
                            + " 'abc-123', regex used for validation is '"
                            + LABEL_1035
                            + "')");
        }
    }

    static void subdomain(String name, String field, Problems problems) {
        checkLength(name, SUBDOMAIN_MAX, field, problems);
        if (!SUBDOMAIN_PATTERN.matcher(name).matches()) {
            problems.invalid(
                    field,
                    name,
                    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.',"
                            + " and must start and end with an alphanumeric character (e.g. 'example.com', regex used"
                            + " for validation is '"
                            + SUBDOMAIN
                            + "')");
        }
    }

    private static void checkLength(String name, int max, String field, Problems problems) {
        if (name.length() > max) {
            problems.invalid(field, name, "must be no more than " + max + " characters");
        }
    }
}
