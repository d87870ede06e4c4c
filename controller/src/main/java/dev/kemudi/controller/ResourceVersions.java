package dev.kemudi.controller;

/** Resource versions are opaque, except that two decimal numbers may be compared. */
final class ResourceVersions {
    private static final int DIGITS_MAX = 18;

    private ResourceVersions() {}

    /** Whether both are numbers and {@code left} is the smaller. */
    static boolean older(String left, String right) {
        return number(left) && number(right) && Long.parseLong(left) < Long.parseLong(right);
    }

    /**
     * Whether {@code seen} is certainly not before {@code wanted}: equal, or both numbers and in
     * that order.
     */
    static boolean reached(String seen, String wanted) {
        return seen.equals(wanted) || (number(seen) && number(wanted) && !older(seen, wanted));
    }

    private static boolean number(String text) {
        return !text.isEmpty()
                && text.length() <= DIGITS_MAX
                && text.chars().allMatch(c -> c >= '0' && c <= '9');
    }
}
