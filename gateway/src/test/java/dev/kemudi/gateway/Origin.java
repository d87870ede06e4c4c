package dev.kemudi.gateway;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A back end whose every byte the test decides: it reads request heads and calls a script with the
 * raw connection.
 */
final class Origin implements AutoCloseable {
    /** Answers one request; returning false closes the connection. */
    interface Script {
        boolean answer(String head, InputStream in, OutputStream out) throws IOException;
    }

    private final ServerSocket server;
    private final Script script;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    final AtomicInteger connections = new AtomicInteger();
    final List<String> heads = Collections.synchronizedList(new ArrayList<>());

    Origin(Script script) throws IOException {
        this(0, script);
    }

    Origin(int port, Script script) throws IOException {
        this.script = script;
        server = new ServerSocket();
        server.setReuseAddress(true);
        server.bind(new java.net.InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1024);
        Thread.ofVirtual().start(this::accept);
    }

    /** Answers 200 with {@code text} to everything. */
    static Origin saying(String text) throws IOException {
        return new Origin(
                always("HTTP/1.1 200 OK\r\nContent-Length: " + text.length() + "\r\n\r\n" + text));
    }

    static Script always(String response) {
        return (head, in, out) -> {
            out.write(response.getBytes(StandardCharsets.ISO_8859_1));
            return true;
        };
    }

    int port() {
        return server.getLocalPort();
    }

    private void accept() {
        try {
            while (true) {
                Socket socket = server.accept();
                connections.incrementAndGet();
                open.add(socket);
                Thread.ofVirtual().start(() -> serve(socket));
            }
        } catch (IOException e) {
            // closed: the test is over
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            InputStream in = new BufferedInputStream(socket.getInputStream());
            OutputStream out = socket.getOutputStream();
            String head;
            while (!(head = Wire.readHead(in)).isEmpty()) {
                heads.add(head);
                boolean more = script.answer(head, in, out);
                out.flush();
                if (!more) {
                    return;
                }
            }
        } catch (IOException e) {
            // the other side went away
        } finally {
            open.remove(socket);
        }
    }

    /** Resets every connection, as a process killed with -9 does. */
    void resetAll() throws IOException {
        for (Socket socket : open) {
            socket.setSoLinger(true, 0);
            socket.close();
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
        for (Socket socket : open) {
            socket.close();
        }
    }
}
