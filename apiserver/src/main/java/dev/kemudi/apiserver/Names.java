package dev.kemudi.apiserver;

import java.util.regex.Pattern;

/** The naming rules of the Kubernetes API (RFC 1123 labels and subdomains, qualified names). */
final class Names {
    private static final String LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
    private static final Pattern DNS_LABEL = Pattern.compile(LABEL);
    private static final Pattern DNS_SUBDOMAIN = Pattern.compile(LABEL + "(\\." + LABEL + ")*");
    private static final Pattern NAME_PART =
            Pattern.compile("[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?");

    static final String SUBDOMAIN_RULE =
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' "
                    + "or '.', and must start and end with an alphanumeric character "
                    + "(e.g. 'example.com', regex used for validation is"
                    + " '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

    private Names() {}

    static boolean isDnsLabel(String text) {
        return text.length() <= 63 && DNS_LABEL.matcher(text).matches();
    }

    static boolean isDnsSubdomain(String text) {
        return text.length() <= 253 && DNS_SUBDOMAIN.matcher(text).matches();
    }

    static boolean isLabelValue(String text) {
        return text.isEmpty() || text.length() <= 63 && NAME_PART.matcher(text).matches();
    }

    /**
     * An optional DNS prefix, a slash and a name: what keys of labels and annotations look like.
     */
    static boolean isQualifiedName(String text) {
        int slash = text.indexOf('/');
        if (slash >= 0 && (!isDnsSubdomain(text.substring(0, slash)) || slash == 0)) {
            return false;
        }
        String name = text.substring(slash + 1);
        return !name.isEmpty() && name.length() <= 63 && NAME_PART.matcher(name).matches();
    }
}
