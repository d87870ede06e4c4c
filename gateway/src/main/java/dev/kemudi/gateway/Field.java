package dev.kemudi.gateway;

/**
 * Header names the gateway acts upon, recognised once while parsing so that nothing compares
 * strings later.
 */
final class Field {
    static final byte OTHER = 0;
    static final byte HOST = 1;
    static final byte CONTENT_LENGTH = 2;
    static final byte TRANSFER_ENCODING = 3;
    static final byte CONNECTION = 4;
    static final byte UPGRADE = 5;
    static final byte EXPECT = 6;
    static final byte TRACEPARENT = 7;
    static final byte FORWARDED_FOR = 8;
    static final byte FORWARDED_PROTO = 9;
    static final byte FORWARDED_HOST = 10;

    /** Hop-by-hop by RFC 9110 §7.6.1 or by long custom: never passed on. */
    static final byte HOP = 11;

    static final byte NOMINATED = 12;

    private static final byte[][] NAMES = {
        {},
        Bytes.ascii("host"),
        Bytes.ascii("content-length"),
        Bytes.ascii("transfer-encoding"),
        Bytes.ascii("connection"),
        Bytes.ascii("upgrade"),
        Bytes.ascii("expect"),
        Bytes.ascii("traceparent"),
        Bytes.ascii("x-forwarded-for"),
        Bytes.ascii("x-forwarded-proto"),
        Bytes.ascii("x-forwarded-host"),
    };
    private static final byte[] TE = Bytes.ascii("te");
    private static final byte[] KEEP_ALIVE = Bytes.ascii("keep-alive");
    private static final byte[] HTTP2_SETTINGS = Bytes.ascii("http2-settings");
    private static final byte[] PROXY_CONNECTION = Bytes.ascii("proxy-connection");

    private Field() {}

    static byte of(byte[] bytes, int start, int end) {
        return switch (end - start) {
            case 2 -> Bytes.equalsIgnoreCase(bytes, start, end, TE) ? HOP : OTHER;
            case 4 -> either(bytes, start, end, HOST);
            case 6 -> either(bytes, start, end, EXPECT);
            case 7 -> either(bytes, start, end, UPGRADE);
            case 10 ->
                    Bytes.equalsIgnoreCase(bytes, start, end, KEEP_ALIVE)
                            ? HOP
                            : either(bytes, start, end, CONNECTION);
            case 11 -> either(bytes, start, end, TRACEPARENT);
            case 14 ->
                    Bytes.equalsIgnoreCase(bytes, start, end, HTTP2_SETTINGS)
                            ? HOP
                            : either(bytes, start, end, CONTENT_LENGTH);
            case 15 -> either(bytes, start, end, FORWARDED_FOR);
            case 16 ->
                    Bytes.equalsIgnoreCase(bytes, start, end, PROXY_CONNECTION)
                            ? HOP
                            : either(bytes, start, end, FORWARDED_HOST);
            case 17 -> {
                byte id = either(bytes, start, end, TRANSFER_ENCODING);
                yield id != OTHER ? id : either(bytes, start, end, FORWARDED_PROTO);
            }
            default -> OTHER;
        };
    }

    private static byte either(byte[] bytes, int start, int end, byte id) {
        return Bytes.equalsIgnoreCase(bytes, start, end, NAMES[id]) ? id : OTHER;
    }
}
