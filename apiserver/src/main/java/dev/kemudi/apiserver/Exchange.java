package dev.kemudi.apiserver;

import dev.kemudi.admission.Attributes.Feedback;
import java.io.IOException;
import java.io.OutputStream;
import java.security.cert.Certificate;
import java.util.List;
import java.util.Optional;

/** One request and its answer: all that the server's own code sees of HTTP. One thread. */
interface Exchange extends Feedback {
    String method();

    String rawPath();

    String rawQuery();

    Params params();

    /** Of whoever is at the other end of the connection. */
    String remoteAddress();

    /** All values joined by commas. */
    Optional<String> header(String name);

    Optional<Certificate[]> certificates();

    /** The whole body. @throws dev.kemudi.api.ApiException 413 or 408 */
    byte[] body();

    void setHeader(String name, String value);

    @Override
    void warn(String text);

    /** Kept where an audit log is kept. */
    @Override
    default void annotate(String key, String value) {}

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

    /** All of another exchange; subclasses look at some of it. */
    abstract class Forwarding implements Exchange {
        private final Exchange plain;

        Forwarding(Exchange plain) {
            this.plain = plain;
        }

        @Override
        public String method() {
            return plain.method();
        }

        @Override
        public String rawPath() {
            return plain.rawPath();
        }

        @Override
        public String rawQuery() {
            return plain.rawQuery();
        }

        @Override
        public Params params() {
            return plain.params();
        }

        @Override
        public String remoteAddress() {
            return plain.remoteAddress();
        }

        @Override
        public Optional<String> header(String name) {
            return plain.header(name);
        }

        @Override
        public Optional<Certificate[]> certificates() {
            return plain.certificates();
        }

        @Override
        public byte[] body() {
            return plain.body();
        }

        @Override
        public void setHeader(String name, String value) {
            plain.setHeader(name, value);
        }

        @Override
        public void warn(String text) {
            plain.warn(text);
        }

        @Override
        public void annotate(String key, String value) {
            plain.annotate(key, value);
        }

        @Override
        public void send(int code, String contentType, byte[] body) {
            plain.send(code, contentType, body);
        }

        @Override
        public OutputStream stream(int code, String contentType) throws IOException {
            return plain.stream(code, contentType);
        }

        @Override
        public OutputStream streamAtOnce(int code, String contentType) throws IOException {
            return plain.streamAtOnce(code, contentType);
        }

        @Override
        public boolean sent() {
            return plain.sent();
        }

        @Override
        public RuntimeException cutShort() {
            return plain.cutShort();
        }
    }
}
