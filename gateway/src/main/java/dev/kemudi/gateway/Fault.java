package dev.kemudi.gateway;

/**
 * What is wrong with a message, as a value: the parser answers one of these and the front turns it
 * into a response. From a back end every fault but {@link #NONE} means 502.
 */
enum Fault {
    NONE(200, ""),
    REQUEST_LINE(400, "malformed request line"),
    STATUS_LINE(400, "malformed status line"),
    TARGET(400, "malformed request target"),
    PATH(400, "malformed path"),
    HEADER_NAME(400, "malformed header name"),
    HEADER_VALUE(400, "malformed header value"),
    FOLDED_HEADER(400, "folded header line"),
    BARE_LINE_FEED(400, "line feed without carriage return"),
    HOST(400, "missing, repeated or malformed Host header"),
    AUTHORITY(400, "request target and Host header disagree"),
    CONTENT_LENGTH(400, "malformed or repeated Content-Length"),
    LENGTH_AND_CHUNKED(400, "both Content-Length and Transfer-Encoding"),
    TRANSFER_ENCODING(400, "malformed or repeated Transfer-Encoding"),
    CHUNK(400, "malformed chunk"),
    TRAILER(400, "malformed trailer"),
    UNSUPPORTED_CODING(501, "transfer coding other than chunked"),
    METHOD(501, "method CONNECT is not supported"),
    VERSION(505, "HTTP version is not supported"),
    BODY_TOO_LARGE(413, "request body too large"),
    TARGET_TOO_LONG(414, "request target too long"),
    EXPECTATION(417, "unknown expectation"),
    HEAD_TOO_LARGE(431, "request head too large"),
    TOO_MANY_HEADERS(431, "too many request headers");

    private final int status;
    private final String text;

    Fault(int status, String text) {
        this.status = status;
        this.text = text;
    }

    int status() {
        return status;
    }

    String text() {
        return text;
    }
}
