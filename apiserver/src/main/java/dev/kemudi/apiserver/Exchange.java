package dev.kemudi.apiserver;

import java.io.IOException;
import java.io.OutputStream;
import java.security.cert.Certificate;
import java.util.List;
import java.util.Optional;

/** One request and its answer: all that the server's own code sees of HTTP. One thread. */
interface Exchange {
    String method();

    String rawPath();

    Params params();

    /** All values joined by commas. */
    Optional<String> header(String name);

    Optional<Certificate[]> certificates();

    /** The whole body. @throws dev.kemudi.api.ApiException 413 or 408 */
    byte[] body();

    void setHeader(String name, String value);

    void warn(String text);

    void send(int code, String contentType, byte[] body);

    /** An answer of unknown length. */
    OutputStream stream(int code, String contentType) throws IOException;

    /** As {@link #stream}, with the headers sent before the first byte is there. */
    OutputStream streamAtOnce(int code, String contentType) throws IOException;

    /** Whether the answer has begun, so that no other can be given. */
    boolean sent();

    /** What to throw so that the client sees that the answer is not whole. */
    RuntimeException cutShort();

    /** {@code text} as the value of a {@code Warning} header (RFC 7234, section 5.5). */
    static String warning(String text) {
        return "299 - \"" + text.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
    }

    /** The path's decoded segments. */
    default List<String> segments() {
        return RequestPath.segments(rawPath());
    }
}
