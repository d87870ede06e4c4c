package dev.kemudi.conformance.testing;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

/**
 * One HTTP/2 connection over TLS to an API server, with so little between the socket and the caller
 * that the server is what is measured. Request headers are literals; response headers are not
 * decoded: an answer's body says what it is. Used by one thread.
 */
final class ApiConnection implements AutoCloseable {
    private static final byte[] PREFACE =
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final int DATA = 0;
    private static final int HEADERS = 1;
    private static final int RST_STREAM = 3;
    private static final int SETTINGS = 4;
    private static final int PING = 6;
    private static final int GO_AWAY = 7;
    private static final int WINDOW_UPDATE = 8;
    private static final int END_STREAM = 1;
    private static final int END_HEADERS = 4;
    private static final int WINDOW = 1 << 30;
    private static final int TOP_UP = 64 << 20;

    private final String authority;
    private final String token;
    private final SSLSocket socket;
    private final DataInputStream in;
    private final OutputStream out;
    private int nextStream = 1;
    private long sendWindow = 65_535;
    private int consumed;

    /** Hears a frame of data that is not empty. */
    interface Listener {
        void data(int stream, byte[] bytes);
    }

    private ApiConnection(String authority, String token, SSLSocket socket) throws IOException {
        this.authority = authority;
        this.token = token;
        this.socket = socket;
        in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), 65_536));
        out = socket.getOutputStream();
        ByteBuffer hello = ByteBuffer.allocate(128);
        hello.put(PREFACE);
        header(hello, 6, SETTINGS, 0, 0).putShort((short) 4).putInt(WINDOW);
        header(hello, 4, WINDOW_UPDATE, 0, 0).putInt(WINDOW);
        write(hello);
    }

    /** To the server of a data directory: its authority and the admin's token are there. */
    static ApiConnection open(Path data, int port) throws IOException, GeneralSecurityException {
        SSLSocket socket =
                (SSLSocket) trusting(data).getSocketFactory().createSocket("127.0.0.1", port);
        socket.setTcpNoDelay(true);
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setApplicationProtocols(new String[] {"h2"});
        socket.setSSLParameters(parameters);
        String token = Files.readString(data.resolve("pki/admin.token")).strip();
        return new ApiConnection("127.0.0.1:" + port, token, socket);
    }

    private static SSLContext trusting(Path data) throws IOException, GeneralSecurityException {
        try (InputStream authority = Files.newInputStream(data.resolve("pki/ca.crt"))) {
            KeyStore trusted = KeyStore.getInstance("PKCS12");
            trusted.load(null, null);
            trusted.setCertificateEntry(
                    "ca", CertificateFactory.getInstance("X.509").generateCertificate(authority));
            TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
            trust.init(trusted);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, trust.getTrustManagers(), null);
            return context;
        }
    }

    private static ByteBuffer header(ByteBuffer to, int length, int type, int flags, int stream) {
        to.put((byte) (length >> 16)).putShort((short) length);
        return to.put((byte) type).put((byte) flags).putInt(stream);
    }

    private void write(ByteBuffer frames) throws IOException {
        out.write(frames.array(), 0, frames.position());
        out.flush();
    }

    /** A literal that nobody remembers, with its name out of HPACK's static table (RFC 7541). */
    private static void field(ByteBuffer to, int name, String value) {
        if (name < 15) {
            to.put((byte) name);
        } else {
            to.put((byte) 15).put((byte) (name - 15));
        }
        text(to, value);
    }

    private static void text(ByteBuffer to, String text) {
        int left = text.length();
        if (left < 127) {
            to.put((byte) left);
        } else {
            to.put((byte) 127);
            left -= 127;
            while (left >= 128) {
                to.put((byte) (left | 128));
                left >>>= 7;
            }
            to.put((byte) left);
        }
        to.put(text.getBytes(StandardCharsets.US_ASCII));
    }

    /** Begins a request; the stream's number is answered. The body must fit one frame. */
    int begin(String method, String path, byte[] body) throws IOException {
        while (sendWindow < body.length) {
            take((stream, bytes) -> {});
        }
        int stream = nextStream;
        nextStream += 2;
        ByteBuffer frames = ByteBuffer.allocate(8_192 + body.length);
        header(frames, 0, HEADERS, END_HEADERS | (body.length == 0 ? END_STREAM : 0), stream);
        field(frames, 2, method);
        field(frames, 6, "https");
        field(frames, 4, path);
        field(frames, 1, authority);
        field(frames, 23, "Bearer " + token);
        field(frames, 19, "application/json");
        field(frames, 31, "application/json");
        frames.putShort(1, (short) (frames.position() - 9));
        if (body.length > 0) {
            header(frames, body.length, DATA, END_STREAM, stream).put(body);
            sendWindow -= body.length;
        }
        write(frames);
        return stream;
    }

    /** One request and its whole answer's body. */
    byte[] call(String method, String path, byte[] body) throws IOException {
        int mine = begin(method, path, body);
        ByteArrayOutputStream answer = new ByteArrayOutputStream(4_096);
        Listener listener =
                (stream, bytes) -> {
                    if (stream == mine) {
                        answer.writeBytes(bytes);
                    }
                };
        for (int ended = take(listener); ended != mine; ended = take(listener)) {
            // frames of the connection, and of this stream
        }
        return answer.toByteArray();
    }

    /** Takes one frame; answers the stream that it ended, or 0. */
    int take(Listener listener) throws IOException {
        int first = in.readInt();
        int length = first >>> 8;
        int type = first & 0xff;
        int flags = in.readUnsignedByte();
        int stream = in.readInt() & 0x7fffffff;
        byte[] payload = in.readNBytes(length);
        switch (type) {
            case DATA -> {
                if (length > 0) {
                    consumed += length;
                    listener.data(stream, payload);
                    topUp();
                }
            }
            case SETTINGS -> {
                if ((flags & 1) == 0) {
                    ByteBuffer seen = ByteBuffer.allocate(9);
                    write(header(seen, 0, SETTINGS, 1, 0));
                }
            }
            case PING -> {
                if ((flags & 1) == 0) {
                    ByteBuffer pong = ByteBuffer.allocate(9 + length);
                    write(header(pong, length, PING, 1, 0).put(payload));
                }
            }
            case WINDOW_UPDATE -> {
                if (stream == 0) {
                    sendWindow += ByteBuffer.wrap(payload).getInt();
                }
            }
            case RST_STREAM -> throw new IOException("the server ended stream " + stream);
            case GO_AWAY ->
                    throw new IOException(
                            "the server ended the connection: "
                                    + new String(payload, 8, length - 8, StandardCharsets.UTF_8));
            default -> {
                // response headers: the body says enough
            }
        }
        boolean ends = (type == DATA || type == HEADERS) && (flags & END_STREAM) != 0;
        return ends ? stream : 0;
    }

    private void topUp() throws IOException {
        if (consumed >= TOP_UP) {
            ByteBuffer more = ByteBuffer.allocate(13);
            write(header(more, 4, WINDOW_UPDATE, 0, 0).putInt(consumed));
            consumed = 0;
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
