package dev.kemudi.gateway;

import io.netty.buffer.ByteBuf;

/*
 * How a head is read
 * ------------------
 * Each event loop owns one Head and reads every message head into it: the bytes are copied once into a plain
 * array (200 bytes cost some ten nanoseconds) and only offsets are kept, so that reading a head allocates
 * nothing and passing it on is copying ranges. A Head is valid until the loop reads the next one; whoever
 * needs more keeps a copy.
 *
 * What holds always
 * -----------------
 * The grammar is RFC 9112 without its leniences: lines end in CR LF, no folding, no blank before a colon,
 * names are tokens, values have no control characters. Whatever a peer could read differently is refused
 * here, because two readings of one message are what request smuggling is made of.
 */
final class Head {
    private static final int COLUMNS = 5;
    private static final int LINE = 0;
    private static final int NAME_END = 1;
    private static final int VALUE = 2;
    private static final int VALUE_END = 3;
    private static final int NEXT = 4;

    private final int headersMax;
    private final int targetMax;
    private final int[] offsets;
    private final byte[] ids;
    byte[] bytes;
    private int length;
    private int count;
    private int position;
    /* Start line: a request has method and target, a response has status and reason. */
    int methodEnd;
    int targetStart;
    int targetEnd;
    int minor;
    int status;
    int reasonStart;
    int reasonEnd;

    Head(Limits limits) {
        this.headersMax = limits.headersMax();
        this.targetMax = limits.targetBytesMax();
        this.offsets = new int[headersMax * COLUMNS];
        this.ids = new byte[headersMax];
        this.bytes = new byte[limits.headBytesMax()];
    }

    /**
     * Where the head that starts at the reader index ends.
     *
     * @param from index to search from: what lies before was searched already
     * @return index after the blank line, or -1 when it has not come yet
     */
    static int end(ByteBuf in, int from) {
        int limit = in.writerIndex();
        for (int i = from; i < limit; i++) {
            if (in.getByte(i) != '\n') {
                continue;
            }
            if (i + 1 < limit && in.getByte(i + 1) == '\n') {
                return i + 2;
            }
            if (i + 2 < limit && in.getByte(i + 1) == '\r' && in.getByte(i + 2) == '\n') {
                return i + 3;
            }
        }
        return -1;
    }

    /** Reads a request head of {@code size} bytes off {@code in}. */
    Fault readRequest(ByteBuf in, int size) {
        load(in, size);
        int i = 0;
        while (i < size && Bytes.token(bytes[i])) {
            i++;
        }
        methodEnd = i;
        if (i == 0 || i >= size || bytes[i] != ' ') {
            return Fault.REQUEST_LINE;
        }
        targetStart = ++i;
        while (i < size && Bytes.target(bytes[i])) {
            i++;
        }
        targetEnd = i;
        if (targetEnd - targetStart > targetMax) {
            return Fault.TARGET_TOO_LONG;
        }
        if (targetEnd == targetStart) {
            return Fault.REQUEST_LINE;
        }
        if (i >= size || bytes[i] != ' ') {
            return Fault.TARGET;
        }
        Fault version = readVersion(i + 1);
        if (version != Fault.NONE) {
            return version;
        }
        if (position + 1 >= size || bytes[position] != '\r' || bytes[position + 1] != '\n') {
            return position < size && bytes[position] == '\n'
                    ? Fault.BARE_LINE_FEED
                    : Fault.REQUEST_LINE;
        }
        position += 2;
        return readFields();
    }

    /** Reads a response head of {@code size} bytes off {@code in}. */
    Fault readResponse(ByteBuf in, int size) {
        load(in, size);
        Fault version = readVersion(0);
        if (version != Fault.NONE) {
            return Fault.STATUS_LINE;
        }
        int i = position;
        if (i + 4 >= size || bytes[i] != ' ' || !digit(i + 1) || !digit(i + 2) || !digit(i + 3)) {
            return Fault.STATUS_LINE;
        }
        status = (bytes[i + 1] - '0') * 100 + (bytes[i + 2] - '0') * 10 + (bytes[i + 3] - '0');
        if (status < 100 || status > 599) {
            return Fault.STATUS_LINE;
        }
        i += 4;
        if (bytes[i] == ' ') {
            i++;
        } else if (bytes[i] != '\r') {
            return Fault.STATUS_LINE;
        }
        reasonStart = i;
        while (i < size && Bytes.field(bytes[i])) {
            i++;
        }
        reasonEnd = i;
        if (i + 1 >= size || bytes[i] != '\r' || bytes[i + 1] != '\n') {
            return Fault.STATUS_LINE;
        }
        position = i + 2;
        return readFields();
    }

    /** Reads a trailer section: header lines and the blank line. */
    Fault readTrailers(byte[] section, int size) {
        if (size > bytes.length) {
            return Fault.TRAILER;
        }
        System.arraycopy(section, 0, bytes, 0, size);
        length = size;
        position = 0;
        return readFields();
    }

    private void load(ByteBuf in, int size) {
        in.readBytes(bytes, 0, size);
        length = size;
        count = 0;
        position = 0;
    }

    private boolean digit(int at) {
        return bytes[at] >= '0' && bytes[at] <= '9';
    }

    private Fault readVersion(int at) {
        boolean http =
                at + 8 <= length
                        && bytes[at] == 'H'
                        && bytes[at + 1] == 'T'
                        && bytes[at + 2] == 'T'
                        && bytes[at + 3] == 'P'
                        && bytes[at + 4] == '/'
                        && digit(at + 5)
                        && bytes[at + 6] == '.'
                        && digit(at + 7);
        if (!http) {
            return Fault.REQUEST_LINE;
        }
        minor = bytes[at + 7] - '0';
        position = at + 8;
        return bytes[at + 5] == '1' && minor <= 1 ? Fault.NONE : Fault.VERSION;
    }

    private Fault readFields() {
        count = 0;
        int i = position;
        while (i < length) {
            if (bytes[i] == '\r') {
                boolean end = i + 2 == length && bytes[i + 1] == '\n';
                return end ? Fault.NONE : Fault.HEADER_NAME;
            }
            if (count == headersMax) {
                return Fault.TOO_MANY_HEADERS;
            }
            Fault fault = readField(i);
            if (fault != Fault.NONE) {
                return fault;
            }
            i = offsets[(count - 1) * COLUMNS + NEXT];
        }
        return Fault.BARE_LINE_FEED;
    }

    private Fault readField(int line) {
        int i = line;
        while (i < length && Bytes.token(bytes[i])) {
            i++;
        }
        if (i == line || i >= length || bytes[i] != ':') {
            boolean folded = i == line && (bytes[i] == ' ' || bytes[i] == '\t');
            return folded
                    ? Fault.FOLDED_HEADER
                    : bytes[line] == '\n' ? Fault.BARE_LINE_FEED : Fault.HEADER_NAME;
        }
        int nameEnd = i++;
        while (i < length && (bytes[i] == ' ' || bytes[i] == '\t')) {
            i++;
        }
        int value = i;
        while (i < length && Bytes.field(bytes[i])) {
            i++;
        }
        if (i + 1 >= length || bytes[i] != '\r' || bytes[i + 1] != '\n') {
            return i < length && bytes[i] == '\n' ? Fault.BARE_LINE_FEED : Fault.HEADER_VALUE;
        }
        int next = i + 2;
        while (i > value && (bytes[i - 1] == ' ' || bytes[i - 1] == '\t')) {
            i--;
        }
        int row = count * COLUMNS;
        offsets[row + LINE] = line;
        offsets[row + NAME_END] = nameEnd;
        offsets[row + VALUE] = value;
        offsets[row + VALUE_END] = i;
        offsets[row + NEXT] = next;
        ids[count++] = Field.of(bytes, line, nameEnd);
        return Fault.NONE;
    }

    /** How many header lines there are. */
    int count() {
        return count;
    }

    byte id(int field) {
        return ids[field];
    }

    /** Marks a line so that it is not passed on. */
    void id(int field, byte id) {
        ids[field] = id;
    }

    int lineStart(int field) {
        return offsets[field * COLUMNS + LINE];
    }

    int lineEnd(int field) {
        return offsets[field * COLUMNS + NEXT];
    }

    int nameEnd(int field) {
        return offsets[field * COLUMNS + NAME_END];
    }

    int valueStart(int field) {
        return offsets[field * COLUMNS + VALUE];
    }

    int valueEnd(int field) {
        return offsets[field * COLUMNS + VALUE_END];
    }

    boolean nameIs(int field, byte[] lower) {
        return Bytes.equalsIgnoreCase(bytes, lineStart(field), nameEnd(field), lower);
    }

    String value(int field) {
        return Bytes.text(bytes, valueStart(field), valueEnd(field));
    }

    /** Whether a line is known as {@code id}; answers its index or -1. */
    int find(byte id) {
        for (int i = 0; i < count; i++) {
            if (ids[i] == id) {
                return i;
            }
        }
        return -1;
    }

    /**
     * Marks the lines that Connection headers nominate as hop-by-hop (RFC 9110 §7.6.1). Framing and
     * routing fields cannot be nominated away: that is an old trick to make a back end see another
     * message.
     */
    void markNominated(int connection) {
        int end = valueEnd(connection);
        int i = valueStart(connection);
        while (i < end) {
            int start = i;
            while (i < end && bytes[i] != ',') {
                i++;
            }
            int stop = i++;
            while (start < stop && (bytes[start] == ' ' || bytes[start] == '\t')) {
                start++;
            }
            while (stop > start && (bytes[stop - 1] == ' ' || bytes[stop - 1] == '\t')) {
                stop--;
            }
            nominate(start, stop);
        }
    }

    private void nominate(int start, int stop) {
        for (int f = 0; f < count; f++) {
            if (ids[f] == Field.OTHER && sameName(f, start, stop)) {
                ids[f] = Field.NOMINATED;
            }
        }
    }

    private boolean sameName(int field, int start, int stop) {
        int line = lineStart(field);
        if (nameEnd(field) - line != stop - start) {
            return false;
        }
        for (int i = 0; i < stop - start; i++) {
            if (Character.toLowerCase(bytes[line + i]) != Character.toLowerCase(bytes[start + i])) {
                return false;
            }
        }
        return true;
    }

    /** Whether a comma-separated value has {@code lower} among its members. */
    boolean valueHas(int field, byte[] lower) {
        int end = valueEnd(field);
        int i = valueStart(field);
        while (i < end) {
            int start = i;
            while (i < end && bytes[i] != ',') {
                i++;
            }
            int stop = i++;
            while (start < stop && (bytes[start] == ' ' || bytes[start] == '\t')) {
                start++;
            }
            while (stop > start && (bytes[stop - 1] == ' ' || bytes[stop - 1] == '\t')) {
                stop--;
            }
            if (Bytes.equalsIgnoreCase(bytes, start, stop, lower)) {
                return true;
            }
        }
        return false;
    }

    /**
     * Reads a Content-Length value: digits only, at most 18 of them; -1 when it is anything else.
     */
    long length(int field) {
        int start = valueStart(field);
        int end = valueEnd(field);
        if (end == start || end - start > 18) {
            return -1;
        }
        long value = 0;
        for (int i = start; i < end; i++) {
            if (!digit(i)) {
                return -1;
            }
            value = value * 10 + (bytes[i] - '0');
        }
        return value;
    }
}
