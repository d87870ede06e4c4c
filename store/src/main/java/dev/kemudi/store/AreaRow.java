package dev.kemudi.store;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The key of a row of AREA: a name alone leads to the area's revision, name 00 key to a row's
 * value.
 */
record AreaRow(String area, Optional<Bytes> key) {
    private static final Pattern NAME = Pattern.compile("[a-z0-9/.-]{1,64}");

    /**
     * @throws IllegalArgumentException for a name that could not be told from its rows
     */
    static void checkName(String area) {
        if (!NAME.matcher(area).matches()) {
            throw new IllegalArgumentException(
                    "area: expected 1 to 64 of a-z 0-9 / . -, got '" + area + "'");
        }
    }

    boolean isHead() {
        return key.isEmpty();
    }

    static byte[] head(String area) {
        return area.getBytes(StandardCharsets.US_ASCII);
    }

    static byte[] row(String area, Bytes key) {
        return new ByteWriter(area.length() + 1 + key.length())
                .raw(head(area))
                .u8(0)
                .raw(key.array())
                .done();
    }

    static AreaRow of(byte[] row) {
        int end = 0;
        while (end < row.length && row[end] != 0) {
            end++;
        }
        String area = new String(row, 0, end, StandardCharsets.US_ASCII);
        return new AreaRow(
                area,
                end == row.length
                        ? Optional.empty()
                        : Optional.of(Bytes.of(Arrays.copyOfRange(row, end + 1, row.length))));
    }
}
