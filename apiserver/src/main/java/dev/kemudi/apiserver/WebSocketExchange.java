package dev.kemudi.apiserver;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.concurrency.limits.Limit;
import io.helidon.http.HeaderNames;
import io.helidon.http.HttpPrologue;
import io.helidon.http.Status;
import io.helidon.http.WritableHeaders;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.spi.ServerConnection;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.security.cert.Certificate;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A request that asked for a WebSocket. A watch gets one, with each event as a text message; every
 * other answer, errors too, is given as plain HTTP, after which the connection closes. The
 * connection's thread reads, so that a client that leaves is noticed; another one answers.
 */
final class WebSocketExchange implements Exchange, ServerConnection {
    private static final System.Logger LOG = System.getLogger(WebSocketExchange.class.getName());

    private final ConnectionContext context;
    private final HttpPrologue prologue;
    private final WritableHeaders<?> headers;
    private final Limits limits;
    private final Consumer<Exchange> answer;
    private final Params params;
    private final Map<String, String> more = new LinkedHashMap<>();
    private final WebSocket socket;
    private final CountDownLatch answering = new CountDownLatch(1);
    private volatile boolean open;
    private volatile boolean sent;
    private volatile @Nullable Thread answerer;

    WebSocketExchange(
            ConnectionContext context,
            HttpPrologue prologue,
            WritableHeaders<?> headers,
            Limits limits,
            Consumer<Exchange> answer) {
        this.context = context;
        this.prologue = prologue;
        this.headers = headers;
        this.limits = limits;
        this.answer = answer;
        params = Params.parse(prologue.query().rawValue());
        socket = new WebSocket(context, limits.execBufferBytesMax());
    }

    @Override
    public void handle(Limit limit) throws InterruptedException {
        Thread reader = Thread.currentThread();
        Thread worker = Thread.ofVirtual().name("websocket").unstarted(() -> answer(reader));
        answerer = worker;
        worker.start();
        try {
            answering.await(); // until then nobody knows whether this becomes a WebSocket
            if (open) {
                while (socket.next().isPresent()) {
                    LOG.log(Level.TRACE, "what the client of a watch says means nothing");
                }
            }
        } catch (IOException | RuntimeException e) {
            LOG.log(Level.DEBUG, "the client of a watch went away: {0}", e.getMessage());
        } finally {
            if (open) {
                worker.interrupt();
            }
            worker.join();
        }
    }

    private void answer(Thread reader) {
        try {
            answer.accept(this);
        } catch (CloseConnectionException e) {
            LOG.log(Level.DEBUG, "{0}: {1}", prologue.uriPath().rawPath(), e.getMessage());
        } finally {
            answering.countDown();
        }
        if (open) {
            awaitGoodbye(reader);
        }
    }

    // the client closes when it has heard the end; one that does not is closed
    private void awaitGoodbye(Thread reader) {
        try {
            socket.close();
            if (!reader.join(Duration.ofMillis(limits.drainMillis()))) {
                reader.interrupt();
            }
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "a watch's client did not hear of its end: {0}", e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // the reader has gone and tells us so
        }
    }

    @Override
    public String method() {
        return prologue.method().text();
    }

    @Override
    public String rawPath() {
        return prologue.uriPath().rawPath();
    }

    @Override
    public Params params() {
        return params;
    }

    @Override
    public Optional<String> header(String name) {
        var header = HeaderNames.create(name);
        return headers.contains(header)
                ? Optional.of(String.join(",", headers.values(header)))
                : Optional.empty();
    }

    @Override
    public Optional<Certificate[]> certificates() {
        return context.remotePeer().tlsCertificates();
    }

    @Override
    public byte[] body() {
        return new byte[0];
    }

    @Override
    public void setHeader(String name, String value) {
        more.put(name, value);
    }

    @Override
    public void warn(String text) {
        more.merge("Warning", Exchange.warning(text), (before, now) -> before + ", " + now);
    }

    private void head(int code, String contentType, String length) {
        sent = true;
        StringBuilder head = new StringBuilder("HTTP/1.1 " + Status.create(code) + "\r\n");
        more.forEach((name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
        head.append("Content-Type: ").append(contentType).append("\r\n");
        head.append(length).append("Connection: close\r\n\r\n");
        write(head.toString().getBytes(StandardCharsets.ISO_8859_1));
    }

    private void write(byte[] bytes) {
        context.dataWriter().writeNow(BufferData.create(bytes));
    }

    @Override
    public void send(int code, String contentType, byte[] body) {
        head(code, contentType, "Content-Length: " + body.length + "\r\n");
        if (body.length > 0) {
            write(body);
        }
    }

    @Override
    public OutputStream stream(int code, String contentType) {
        head(code, contentType, ""); // ends with the connection
        return new OutputStream() {
            @Override
            public void write(int b) {
                WebSocketExchange.this.write(new byte[] {(byte) b});
            }

            @Override
            public void write(byte[] bytes, int from, int length) {
                WebSocketExchange.this.write(Arrays.copyOfRange(bytes, from, from + length));
            }
        };
    }

    /** Every call of {@code write} is one message. */
    @Override
    public OutputStream streamAtOnce(int code, String contentType) {
        Upgrades.switching(context, "websocket", Upgrades.accepted(this::header));
        sent = true;
        open = true;
        answering.countDown();
        return new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                socket.text(new byte[] {(byte) b});
            }

            @Override
            public void write(byte[] bytes, int from, int length) throws IOException {
                socket.text(Arrays.copyOfRange(bytes, from, from + length));
            }
        };
    }

    @Override
    public boolean sent() {
        return sent;
    }

    @Override
    public RuntimeException cutShort() {
        return new CloseConnectionException("the answer ended before its time");
    }

    @Override
    public Duration idleTime() {
        return Duration.ZERO; // a watch may be silent for as long as nothing happens
    }

    @Override
    public void close(boolean interrupt) {
        Thread worker = answerer;
        if (worker != null) {
            worker.interrupt();
        }
    }
}
