package dev.kemudi.schema;

import java.net.URI;
import java.net.URISyntaxException;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.util.Base64;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * The string formats that Kubernetes checks. Formats it does not know are ignored, as Kubernetes
 * does.
 */
final class Formats {
    private static final Pattern IPV4 =
            Pattern.compile(
                    "((25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)\\.){3}(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)");
    private static final Pattern IPV6 = Pattern.compile("[0-9a-fA-F:.]*:[0-9a-fA-F:.]*");
    private static final Pattern HOSTNAME =
            Pattern.compile(
                    "(?=.{1,253}$)([a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)(\\.[a-zA-Z0-9]"
                            + "([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*\\.?");
    private static final Pattern EMAIL = Pattern.compile("[^@\\s]+@[^@\\s]+");
    private static final Pattern DURATION =
            Pattern.compile("[-+]?(0|((\\d+(\\.\\d*)?|\\.\\d+)(ns|us|µs|ms|s|m|h|d|w))+)");
    private static final Pattern MAC = Pattern.compile("([0-9a-fA-F]{2}[:-]){5}[0-9a-fA-F]{2}");

    private Formats() {}

    static boolean fits(String format, String text) {
        return switch (format) {
            case "date-time", "datetime" -> parses(() -> OffsetDateTime.parse(text));
            case "date" -> parses(() -> LocalDate.parse(text));
            case "byte" -> base64(text);
            case "ipv4" -> IPV4.matcher(text).matches();
            case "ipv6" -> IPV6.matcher(text).matches();
            case "cidr" -> cidr(text);
            case "uri" -> absoluteUri(text);
            case "hostname" -> HOSTNAME.matcher(text).matches();
            case "email" -> EMAIL.matcher(text).matches();
            case "duration" -> DURATION.matcher(text).matches();
            case "mac" -> MAC.matcher(text).matches();
            case "uuid", "uuid3", "uuid4", "uuid5" -> uuid(text);
            default -> true;
        };
    }

    private static boolean parses(Runnable parse) {
        try {
            parse.run();
            return true;
        } catch (DateTimeException e) {
            return false;
        }
    }

    private static boolean base64(String text) {
        try {
            Base64.getDecoder().decode(text);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static boolean cidr(String text) {
        int slash = text.indexOf('/');
        if (slash < 0 || text.length() - slash > 4 || text.length() - slash < 2) {
            return false;
        }
        String bits = text.substring(slash + 1);
        String address = text.substring(0, slash);
        int bitsMax = IPV4.matcher(address).matches() ? 32 : 128;
        return bits.chars().allMatch(c -> c >= '0' && c <= '9')
                && Integer.parseInt(bits) <= bitsMax
                && (bitsMax == 32 || IPV6.matcher(address).matches());
    }

    private static boolean absoluteUri(String text) {
        try {
            return new URI(text).isAbsolute() || text.startsWith("/");
        } catch (URISyntaxException e) {
            return false;
        }
    }

    private static boolean uuid(String text) {
        try {
            return text.length() == 32 || UUID.fromString(text).toString().equalsIgnoreCase(text);
        } catch (IllegalArgumentException e) {
            return false;
        }
    }
}
