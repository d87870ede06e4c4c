package dev.kemudi.cel;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * An IP address. Texts with zones, with leading zeros, and IPv4 addresses in IPv6's clothes are
 * none, as in Kubernetes.
 *
 * <p>Source: RFC 4291, RFC 5952 for the canonical text.
 */
record Address(InetAddress net) {
    private static final Pattern IPV4 =
            Pattern.compile("(?:(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)(?:\\.(?!$)|$)){4}");
    private static final Pattern IPV6 = Pattern.compile("[0-9a-fA-F:]{2,39}");
    private static final int IPV4_BYTES = 4;

    /** The address, or nothing when {@code text} is none. Asks no name service. */
    static Optional<Address> read(String text) {
        boolean six = IPV6.matcher(text).matches() && text.indexOf(':') >= 0;
        if (!six && !IPV4.matcher(text).matches()) {
            return Optional.empty();
        }
        try {
            InetAddress net = InetAddress.ofLiteral(text);
            return (net.getAddress().length == IPV4_BYTES) == six
                    ? Optional.empty()
                    : Optional.of(new Address(net));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    static Address parse(String text) {
        return read(text)
                .orElseThrow(() ->
                        new IllegalArgumentException(
                                "IP Address \"%s\" parse error during conversion from string"
                                        .formatted(text)));
    }

    static Address of(byte[] bytes) {
        try {
            return new Address(InetAddress.getByAddress(bytes));
        } catch (UnknownHostException e) {
            throw new IllegalStateException("the bytes are those of an address", e);
        }
    }

    int family() {
        return net.getAddress().length == IPV4_BYTES ? 4 : 6;
    }

    boolean globalUnicast() {
        byte[] bytes = net.getAddress();
        boolean broadcast = family() == 4 && Arrays.equals(bytes, new byte[] {-1, -1, -1, -1});
        return !broadcast
                && !net.isAnyLocalAddress()
                && !net.isLoopbackAddress()
                && !net.isMulticastAddress()
                && !net.isLinkLocalAddress();
    }

    /** As RFC 5952 has it: lower case, the longest run of zeros as two colons. */
    @Override
    public String toString() {
        if (family() == 4) {
            return net.getHostAddress();
        }
        byte[] bytes = net.getAddress();
        int[] groups = new int[bytes.length / 2];
        for (int i = 0; i < groups.length; i++) {
            groups[i] = (bytes[2 * i] & 0xff) << Byte.SIZE | bytes[2 * i + 1] & 0xff;
        }
        int best = -1;
        int length = 1;
        for (int i = 0; i < groups.length; i++) {
            int run = 0;
            while (i + run < groups.length && groups[i + run] == 0) {
                run++;
            }
            if (run > length) {
                best = i;
                length = run;
            }
        }
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < groups.length; i++) {
            if (i == best) {
                text.append("::");
                i += length - 1;
            } else {
                text.append(text.isEmpty() || text.charAt(text.length() - 1) == ':' ? "" : ":");
                text.append(Integer.toHexString(groups[i]));
            }
        }
        return text.toString();
    }
}
