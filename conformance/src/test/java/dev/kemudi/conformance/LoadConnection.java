package dev.kemudi.conformance;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/*
 * Just enough HTTP/2
 * ------------------
 * A client of gRPC that costs a few microseconds a call, so that on a machine of two cores the servers are
 * what is measured. Request headers are sent as any gRPC client sends them: the first time by name, later by
 * their index in HPACK's table. Response headers are not decoded: a call that got a message and then
 * trailers succeeded, one that got trailers only failed. Windows are opened wide; the server's are kept.
 */
/** One connection; used by the loop's thread only. */
final class LoadConnection {
    private static final byte[] PREFACE =
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final int DATA = 0;
    private static final int HEADERS = 1;
    private static final int RST_STREAM = 3;
    private static final int SETTINGS = 4;
    private static final int PING = 6;
    private static final int GO_AWAY = 7;
    private static final int WINDOW_UPDATE = 8;
    private static final int FRAME_HEADER = 9;
    private static final int GRPC_HEADER = 5;
    private static final int FRAME_MAX = 16_384;
    private static final int END_STREAM = 1;
    private static final int END_HEADERS = 4;
    private static final int PADDED = 8;
    private static final int STATIC_ENTRIES = 61;
    private static final int TOP_UP = 64 << 20;
    private static final int BUFFER = 4 << 20;

    /** What happens to a call. */
    interface Call {
        /** A whole message, in place: copy what is to be kept. */
        void message(byte[] bytes, int from, int size);

        /** It is over; the trailers are printed when it failed. */
        void closed(boolean succeeded, String trailers);
    }

    private static final class Stream {
        final Call call;
        byte[] part = {};
        int partLength;
        int consumed;
        boolean answered;

        Stream(Call call) {
            this.call = call;
        }
    }

    private record Waiting(int stream, byte[] data, boolean end) {}

    final String authority;
    private final SocketChannel channel;
    private final SelectionKey key;
    private final Map<Integer, Stream> streams = new HashMap<>();
    private final List<String> table = new ArrayList<>();
    private final Deque<Waiting> waiting = new ArrayDeque<>();
    private final ByteBuffer out = ByteBuffer.allocateDirect(BUFFER);
    private final ByteBuffer direct = ByteBuffer.allocateDirect(BUFFER);
    private byte[] in = new byte[BUFFER];
    private int inLength;
    private int nextStream = 1;
    private long sendWindow = 65_535;
    private int consumed;
    private boolean broken;

    LoadConnection(String authority, Selector selector) throws IOException {
        this.authority = authority;
        int colon = authority.lastIndexOf(':');
        channel =
                SocketChannel.open(
                        new InetSocketAddress(
                                authority.substring(0, colon),
                                Integer.parseInt(authority.substring(colon + 1))));
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        channel.configureBlocking(false);
        key = channel.register(selector, SelectionKey.OP_READ, this);
        out.put(PREFACE);
        frame(6, SETTINGS, 0, 0);
        out.putShort((short) 4).putInt(Integer.MAX_VALUE);
        frame(4, WINDOW_UPDATE, 0, 0);
        out.putInt(Integer.MAX_VALUE - 65_535);
        flush();
    }

    boolean broken() {
        return broken;
    }

    private void frame(int length, int type, int flags, int stream) {
        out.put((byte) (length >> 16)).putShort((short) length);
        out.put((byte) type).put((byte) flags).putInt(stream);
    }

    /** Begins a call; the stream's number is answered. */
    int call(String path, LoadMessage message, boolean end, Call call) {
        int id = nextStream;
        nextStream += 2;
        streams.put(id, new Stream(call));
        if (out.remaining() < FRAME_MAX) {
            flush();
        }
        int begin = out.position();
        frame(0, HEADERS, END_HEADERS, id);
        header(":method", "POST");
        header(":scheme", "http");
        header(":path", path);
        header(":authority", authority);
        header("content-type", "application/grpc");
        header("user-agent", "kemudi-load/1");
        header("te", "trailers");
        int length = out.position() - begin - FRAME_HEADER;
        out.put(begin, (byte) 0).putShort(begin + 1, (short) length);
        send(id, message, end);
        return id;
    }

    /** Sends a message on a stream that is open. */
    void send(int id, LoadMessage message, boolean end) {
        byte[] data = new byte[GRPC_HEADER + message.length()];
        ByteBuffer.wrap(data)
                .put((byte) 0)
                .putInt(message.length())
                .put(message.array(), 0, message.length());
        waiting.add(new Waiting(id, data, end));
        drain();
    }

    private void drain() {
        for (Waiting next = waiting.peek(); next != null; next = waiting.peek()) {
            if (sendWindow < next.data.length || broken) {
                return;
            }
            waiting.remove();
            sendWindow -= next.data.length;
            for (int at = 0; at < next.data.length; at += FRAME_MAX) {
                int count = Math.min(FRAME_MAX, next.data.length - at);
                if (out.remaining() < count + FRAME_HEADER) {
                    flush();
                }
                boolean last = at + count == next.data.length;
                frame(count, DATA, last && next.end ? END_STREAM : 0, next.stream);
                out.put(next.data, at, count);
            }
        }
    }

    private void header(String name, String value) {
        String entry = name + '\n' + value;
        int at = table.indexOf(entry);
        if (at >= 0) {
            integer(STATIC_ENTRIES + table.size() - at, 7, 0x80);
            return;
        }
        table.add(entry);
        out.put((byte) 0x40);
        string(name);
        string(value);
    }

    private void string(String text) {
        integer(text.length(), 7, 0);
        out.put(text.getBytes(StandardCharsets.US_ASCII));
    }

    private void integer(int value, int bits, int flag) {
        int max = (1 << bits) - 1;
        if (value < max) {
            out.put((byte) (flag | value));
            return;
        }
        out.put((byte) (flag | max));
        int left = value - max;
        while (left >= 0x80) {
            out.put((byte) (left | 0x80));
            left >>>= 7;
        }
        out.put((byte) left);
    }

    /** Writes what has gathered; what the socket does not take stays. */
    void flush() {
        if (broken || out.position() == 0) {
            return;
        }
        out.flip();
        try {
            channel.write(out);
        } catch (IOException e) {
            fail(String.valueOf(e.getMessage()));
        }
        out.compact();
        if (key.isValid()) {
            int ops = SelectionKey.OP_READ | (out.position() > 0 ? SelectionKey.OP_WRITE : 0);
            if (key.interestOps() != ops) {
                key.interestOps(ops);
            }
        }
    }

    /** Takes what has come and tells the calls. */
    void read() {
        try {
            direct.clear();
            int count = channel.read(direct);
            if (count < 0) {
                fail("the server closed the connection");
                return;
            }
            direct.flip();
            if (in.length < inLength + count) {
                in = Arrays.copyOf(in, (inLength + count) * 2);
            }
            direct.get(in, inLength, count);
            inLength += count;
        } catch (IOException e) {
            fail(String.valueOf(e.getMessage()));
            return;
        }
        int at = 0;
        while (inLength - at >= FRAME_HEADER) {
            int length = (in[at] & 0xff) << 16 | (in[at + 1] & 0xff) << 8 | (in[at + 2] & 0xff);
            if (inLength - at < FRAME_HEADER + length) {
                break;
            }
            take(in[at + 3], in[at + 4], intAt(at + 5) & 0x7fffffff, at + FRAME_HEADER, length);
            at += FRAME_HEADER + length;
        }
        System.arraycopy(in, at, in, 0, inLength - at);
        inLength -= at;
    }

    private int intAt(int at) {
        return (in[at] & 0xff) << 24
                | (in[at + 1] & 0xff) << 16
                | (in[at + 2] & 0xff) << 8
                | (in[at + 3] & 0xff);
    }

    private void take(int type, int flags, int id, int from, int length) {
        switch (type) {
            case DATA -> {
                int padding = (flags & PADDED) == 0 ? 0 : 1 + (in[from] & 0xff);
                int start = (flags & PADDED) == 0 ? from : from + 1;
                data(id, start, length - padding);
                topUp(id, length);
                if ((flags & END_STREAM) != 0) {
                    over(id, "");
                }
            }
            case HEADERS -> {
                if ((flags & END_STREAM) != 0) {
                    Stream stream = streams.get(id);
                    boolean failed = stream != null && !stream.answered;
                    over(id, failed ? new String(in, from, length, StandardCharsets.US_ASCII) : "");
                }
            }
            case RST_STREAM -> over(id, "reset " + intAt(from));
            case SETTINGS -> {
                if ((flags & 1) == 0) {
                    frame(0, SETTINGS, 1, 0);
                }
            }
            case PING -> {
                if ((flags & 1) == 0) {
                    frame(length, PING, 1, 0);
                    out.put(in, from, length);
                }
            }
            case GO_AWAY -> fail("the server said go away");
            case WINDOW_UPDATE -> {
                if (id == 0) {
                    sendWindow += intAt(from);
                    drain();
                }
            }
            default -> {
                // Priorities and what is newer mean nothing to a load.
            }
        }
    }

    private void topUp(int id, int length) {
        consumed = toppedUp(0, consumed + length);
        Stream stream = streams.get(id);
        if (stream != null) { // watches live long enough to use up the widest window
            stream.consumed = toppedUp(id, stream.consumed + length);
        }
    }

    /** What was consumed and not given back. */
    private int toppedUp(int id, int used) {
        if (used < TOP_UP) {
            return used;
        }
        frame(4, WINDOW_UPDATE, 0, id);
        out.putInt(used);
        return 0;
    }

    private void data(int id, int from, int length) {
        Stream stream = streams.get(id);
        if (stream == null) {
            return;
        }
        if (stream.partLength > 0) {
            int needed = stream.partLength + length;
            if (stream.part.length < needed) {
                stream.part = Arrays.copyOf(stream.part, needed * 2);
            }
            System.arraycopy(in, from, stream.part, stream.partLength, length);
            int used = messages(stream, stream.part, 0, needed);
            System.arraycopy(stream.part, used, stream.part, 0, needed - used);
            stream.partLength = needed - used;
            return;
        }
        int used = messages(stream, in, from, length);
        int left = length - used;
        if (left > 0) {
            if (stream.part.length < left) {
                stream.part = new byte[left * 2];
            }
            System.arraycopy(in, from + used, stream.part, 0, left);
            stream.partLength = left;
        }
    }

    private static int messages(Stream stream, byte[] bytes, int from, int length) {
        int at = from;
        int end = from + length;
        while (end - at >= GRPC_HEADER) {
            int size = ByteBuffer.wrap(bytes, at + 1, Integer.BYTES).getInt();
            if (end - at < GRPC_HEADER + size) {
                break;
            }
            stream.answered = true;
            stream.call.message(bytes, at + GRPC_HEADER, size);
            at += GRPC_HEADER + size;
        }
        return at - from;
    }

    private void over(int id, String trailers) {
        Stream stream = streams.remove(id);
        if (stream != null) {
            stream.call.closed(stream.answered && trailers.isEmpty(), trailers);
        }
    }

    private void fail(String why) {
        if (broken) {
            return;
        }
        broken = true;
        close();
        List<Stream> all = List.copyOf(streams.values());
        streams.clear();
        all.forEach(stream -> stream.call.closed(false, why));
    }

    void close() {
        key.cancel();
        try {
            channel.close();
        } catch (IOException e) {
            broken = true;
        }
    }
}
