package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.InetAddress;
import java.util.Optional;
import java.util.regex.Pattern;

/** IP addresses and ranges as text, judged without asking any name server. */
final class Addresses {
    static final String IP_RULE = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
    private static final String CIDR_RULE =
            "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";
    private static final int TEXT_MAX = 45;
    private static final Pattern FOUR = Pattern.compile("[0-9]{1,3}(\\.[0-9]{1,3}){3}");
    private static final Pattern SIX = Pattern.compile("[0-9a-fA-F:.]*:[0-9a-fA-F:.]*");
    private static final Pattern PREFIX_LENGTH = Pattern.compile("[0-9]{1,3}");

    /** A range of addresses: those that begin with the first {@code bits} of {@code base}. */
    record Range(byte[] base, int bits) {
        /** Whether every address of {@code other} is here, and some address here is not there. */
        boolean strictlyHolds(Range other) {
            if (base.length != other.base.length || bits >= other.bits) {
                return false;
            }
            for (int bit = 0; bit < bits; bit++) {
                int mask = 0x80 >> (bit % 8);
                if ((base[bit / 8] & mask) != (other.base[bit / 8] & mask)) {
                    return false;
                }
            }
            return true;
        }
    }

    private Addresses() {}

    /** Empty for what is no literal address; a zone such as {@code %eth0} is none. */
    static Optional<InetAddress> parse(String text) {
        boolean shaped = FOUR.matcher(text).matches() || SIX.matcher(text).matches();
        if (text.length() > TEXT_MAX || !shaped) {
            return Optional.empty();
        }
        try {
            return Optional.of(InetAddress.ofLiteral(text));
        } catch (IllegalArgumentException _) {
            return Optional.empty(); // an answer here: 256.1.1.1 has the shape and is none
        }
    }

    static Optional<Range> range(String text) {
        int slash = text.indexOf('/');
        if (slash < 0 || !PREFIX_LENGTH.matcher(text.substring(slash + 1)).matches()) {
            return Optional.empty();
        }
        int bits = Integer.parseInt(text.substring(slash + 1));
        return parse(text.substring(0, slash))
                .map(InetAddress::getAddress)
                .filter(base -> bits <= base.length * 8)
                .map(base -> new Range(base, bits));
    }

    /** The range at {@code node}; what is none is reported. */
    static Optional<Range> checkRange(JsonNode node, String field, Problems problems) {
        Optional<Range> range = range(node.asText(""));
        if (range.isEmpty()) {
            problems.invalid(field, node.asText(""), CIDR_RULE);
        }
        return range;
    }
}
