package dev.kemudi.gateway;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A compiled header filter.
 *
 * @param removed lower-case names whose lines are left out: removed ones, and set ones before they
 *     are written anew
 * @param lines complete lines to append
 */
record HeaderEdit(List<byte[]> removed, byte[] lines) {
    static final HeaderEdit NONE = new HeaderEdit(List.of(), new byte[0]);

    /** Gathers set, add and remove in the order of the specification. */
    static final class Builder {
        private final List<byte[]> removed = new ArrayList<>();
        private final StringBuilder lines = new StringBuilder();

        Builder set(String name, String value) {
            remove(name);
            return add(name, value);
        }

        Builder add(String name, String value) {
            lines.append(name).append(": ").append(value).append("\r\n");
            return this;
        }

        Builder remove(String name) {
            removed.add(Bytes.ascii(name.toLowerCase(Locale.ROOT)));
            return this;
        }

        HeaderEdit build() {
            boolean empty = removed.isEmpty() && lines.isEmpty();
            return empty
                    ? NONE
                    : new HeaderEdit(List.copyOf(removed), Bytes.ascii(lines.toString()));
        }
    }

    boolean removes(Head head, int field) {
        for (byte[] name : removed) {
            if (head.nameIs(field, name)) {
                return true;
            }
        }
        return false;
    }
}
