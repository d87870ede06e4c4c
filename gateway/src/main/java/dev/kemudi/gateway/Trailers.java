package dev.kemudi.gateway;

/** Passes a trailer section on, without the fields that RFC 9110 §6.5.1 forbids there. */
final class Trailers {
    private static final byte[] AUTHORIZATION = Bytes.ascii("authorization");
    private static final byte[] SET_COOKIE = Bytes.ascii("set-cookie");
    private static final byte[] CONTENT_TYPE = Bytes.ascii("content-type");
    private static final byte[] CONTENT_ENCODING = Bytes.ascii("content-encoding");

    private Trailers() {}

    /** Copies the trailer fields that may pass; false when the section is malformed. */
    static boolean copy(byte[] section, int size, Head head, Out out) {
        if (head.readTrailers(section, size) != Fault.NONE) {
            return false;
        }
        for (int i = 0; i < head.count(); i++) {
            boolean allowed =
                    head.id(i) == Field.OTHER
                            && !head.nameIs(i, AUTHORIZATION)
                            && !head.nameIs(i, SET_COOKIE)
                            && !head.nameIs(i, CONTENT_TYPE)
                            && !head.nameIs(i, CONTENT_ENCODING);
            if (allowed) {
                out.put(head.bytes, head.lineStart(i), head.lineEnd(i));
            }
        }
        return true;
    }
}
