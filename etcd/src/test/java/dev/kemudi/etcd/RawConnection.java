package dev.kemudi.etcd;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** HTTP/2 frame by frame, to say what no client library says. Used by one thread. */
final class RawConnection implements AutoCloseable {
    static final int DATA = 0;
    static final int HEADERS = 1;
    static final int RST_STREAM = 3;
    static final int SETTINGS = 4;
    static final int PING = 6;
    static final int GO_AWAY = 7;
    static final int WINDOW_UPDATE = 8;
    static final int END_STREAM = 1;
    static final int END_HEADERS = 4;

    private final Socket socket;
    private final OutputStream out;
    private final DataInputStream in;
    private final DefaultHttp2HeadersEncoder encoder = new DefaultHttp2HeadersEncoder();
    private final DefaultHttp2HeadersDecoder decoder = new DefaultHttp2HeadersDecoder();
    private final Map<Integer, Answer> answers = new HashMap<>();
    private boolean sentAway;
    private int next = 1;

    /** What came back on one stream. */
    static final class Answer {
        final ByteArrayOutputStream data = new ByteArrayOutputStream();
        final Map<String, String> headers = new HashMap<>();
        boolean ended;
        boolean reset;

        String status() {
            return headers.getOrDefault("grpc-status", "");
        }

        byte[] message() {
            byte[] all = data.toByteArray();
            return Arrays.copyOfRange(all, Outbox.PREFIX_BYTES, all.length);
        }
    }

    /**
     * @param settings pairs of id and value
     */
    RawConnection(int port, int... settings) throws IOException {
        socket = new Socket("127.0.0.1", port);
        socket.setSoTimeout(10_000);
        socket.setTcpNoDelay(true);
        out = socket.getOutputStream();
        in = new DataInputStream(socket.getInputStream());
        out.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        settings(settings);
    }

    void settings(int... settings) throws IOException {
        ByteBuf body = Unpooled.buffer();
        for (int i = 0; i < settings.length; i += 2) {
            body.writeShort(settings[i]).writeInt(settings[i + 1]);
        }
        frame(SETTINGS, 0, 0, bytes(body));
    }

    /** The size of HPACK's table that the answers must keep to from the acknowledgement on. */
    void headerTableSize(int bytes) throws IOException, Http2Exception {
        settings(1, bytes);
        decoder.maxHeaderTableSize(bytes);
    }

    static byte[] bytes(ByteBuf of) {
        byte[] bytes = new byte[of.readableBytes()];
        of.readBytes(bytes);
        return bytes;
    }

    void frame(int type, int flags, int stream, byte[] body) throws IOException {
        ByteBuf frame = Unpooled.buffer();
        frame.writeMedium(body.length).writeByte(type).writeByte(flags).writeInt(stream);
        out.write(bytes(frame.writeBytes(body)));
        out.flush();
    }

    void window(int stream, int more) throws IOException {
        frame(WINDOW_UPDATE, 0, stream, bytes(Unpooled.buffer().writeInt(more)));
    }

    /**
     * Begins a call.
     *
     * @param more pairs of name and value
     * @return its stream
     */
    int headers(String path, String... more) throws IOException, Http2Exception {
        int stream = next;
        next += 2;
        Http2Headers headers =
                new DefaultHttp2Headers().method("POST").scheme("http").path(path).authority("me");
        headers.set("te", "trailers");
        headers.set("content-type", "application/grpc");
        for (int i = 0; i < more.length; i += 2) {
            headers.set(more[i], more[i + 1]);
        }
        ByteBuf block = Unpooled.buffer();
        encoder.encodeHeaders(stream, headers, block);
        frame(HEADERS, END_HEADERS, stream, bytes(block));
        return stream;
    }

    static byte[] prefixed(byte[] message) {
        return bytes(Unpooled.buffer().writeByte(0).writeInt(message.length).writeBytes(message));
    }

    /** A call as clients make them. */
    int call(String path, byte[] message, String... more) throws IOException, Http2Exception {
        int stream = headers(path, more);
        frame(DATA, END_STREAM, stream, prefixed(message));
        return stream;
    }

    /** Reads until the stream has ended. */
    Answer answer(int stream) throws IOException, Http2Exception {
        Answer answer = answers.computeIfAbsent(stream, id -> new Answer());
        while (!answer.ended) {
            read();
        }
        return answer;
    }

    /** What has come so far on a stream. */
    Answer soFar(int stream) {
        return answers.computeIfAbsent(stream, id -> new Answer());
    }

    /** Reads until the server has said goodbye. */
    void awaitSentAway() throws IOException, Http2Exception {
        while (!sentAway) {
            read();
        }
    }

    boolean wasSentAway() {
        return sentAway;
    }

    /** Takes one frame. */
    void read() throws IOException, Http2Exception {
        int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
        int type = in.readUnsignedByte();
        int flags = in.readUnsignedByte();
        int stream = in.readInt();
        byte[] body = in.readNBytes(length);
        Answer answer = answers.computeIfAbsent(stream, id -> new Answer());
        switch (type) {
            case DATA -> answer.data.writeBytes(body);
            case HEADERS ->
                    decoder.decodeHeaders(stream, Unpooled.wrappedBuffer(body))
                            .forEach(each ->
                                    answer.headers.put(
                                            each.getKey().toString(), each.getValue().toString()));
            case RST_STREAM -> {
                answer.reset = true;
                answer.ended = true;
            }
            case SETTINGS -> {
                if ((flags & 1) == 0) {
                    frame(SETTINGS, 1, 0, new byte[0]);
                }
            }
            case PING -> {
                if ((flags & 1) == 0) {
                    frame(PING, 1, 0, body);
                }
            }
            case GO_AWAY -> sentAway = true;
            default -> {
                // Windows and echoes.
            }
        }
        if (type <= HEADERS && (flags & END_STREAM) != 0) {
            answer.ended = true;
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
