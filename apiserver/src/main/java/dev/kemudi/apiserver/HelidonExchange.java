package dev.kemudi.apiserver;

import dev.kemudi.api.ApiException;
import dev.kemudi.api.Status;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.security.cert.Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** {@link Exchange} over Helidon's request and response. */
final class HelidonExchange implements Exchange {
    private final ServerRequest request;
    private final ServerResponse response;
    private final Limits limits;
    private final Watchdog watchdog;
    private final Params params;
    private final List<String> warnings = new ArrayList<>();
    private boolean streaming;

    HelidonExchange(
            ServerRequest request, ServerResponse response, Limits limits, Watchdog watchdog) {
        this.request = request;
        this.response = response;
        this.limits = limits;
        this.watchdog = watchdog;
        params = Params.parse(request.query().rawValue());
    }

    @Override
    public String method() {
        return request.prologue().method().text();
    }

    @Override
    public String rawPath() {
        return request.prologue().uriPath().rawPath();
    }

    @Override
    public Params params() {
        return params;
    }

    @Override
    public Optional<String> header(String name) {
        HeaderName header = HeaderNames.create(name);
        return request.headers().contains(header)
                ? Optional.of(String.join(",", request.headers().values(header)))
                : Optional.empty();
    }

    @Override
    public Optional<Certificate[]> certificates() {
        return request.remotePeer().tlsCertificates();
    }

    @Override
    public byte[] body() {
        long length = request.headers().contentLength().orElse(-1);
        if (length > limits.bodyBytesMax()) {
            throw tooLarge();
        }
        if (!request.content().hasEntity()) {
            return new byte[0];
        }
        try (Watchdog.Guard guard = watchdog.guard(limits.bodyReadMillisMax())) {
            InputStream in = request.content().inputStream();
            ByteArrayOutputStream out = new ByteArrayOutputStream(length > 0 ? (int) length : 1024);
            byte[] chunk = new byte[8192];
            for (int n = in.read(chunk); n >= 0; n = in.read(chunk)) {
                out.write(chunk, 0, n);
                if (out.size() > limits.bodyBytesMax()) {
                    throw tooLarge();
                }
            }
            return out.toByteArray();
        } catch (IOException | RuntimeException e) {
            if (e instanceof ApiException said) {
                throw said;
            }
            throw new ApiException(
                    Status.of(
                            408,
                            "Timeout",
                            "the request's body ended early or took longer than "
                                    + limits.bodyReadMillisMax()
                                    + " ms"));
        }
    }

    private ApiException tooLarge() {
        return new ApiException(
                Status.of(
                        413,
                        "RequestEntityTooLarge",
                        "Request entity too large: limit is " + limits.bodyBytesMax()));
    }

    @Override
    public void setHeader(String name, String value) {
        response.headers().set(HeaderValues.create(HeaderNames.create(name), value));
    }

    @Override
    public void warn(String text) {
        warnings.add(Exchange.warning(text));
    }

    private void head(int code, String contentType) {
        response.status(code);
        setHeader("Content-Type", contentType);
        setHeader("Cache-Control", "no-cache, private");
        if (!warnings.isEmpty()) {
            response.header("Warning", warnings.toArray(String[]::new));
        }
    }

    @Override
    public void send(int code, String contentType, byte[] body) {
        head(code, contentType);
        if (method().equals("HEAD") || code == 304) {
            response.send();
        } else {
            response.send(body);
        }
    }

    @Override
    public OutputStream stream(int code, String contentType) {
        head(code, contentType);
        streaming = true;
        return response.outputStream();
    }

    @Override
    public OutputStream streamAtOnce(int code, String contentType) {
        head(code, contentType);
        streaming = true;
        return response.sink(HeadersSink.TYPE).stream();
    }

    @Override
    public boolean sent() {
        return streaming || response.isSent();
    }

    @Override
    public RuntimeException cutShort() {
        return new CloseConnectionException("the answer ended before its time");
    }
}
