package dev.kemudi.etcd;

import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * Any bytes as what a client says on a new connection, in two pieces: the connection ends once the
 * client has said all, whatever it speaks, and the server serves the next. The first byte is where
 * the first piece ends. Run by {@code conformance/fuzz.sh}, which knows the method by its name.
 */
public final class FrontFuzz {
    private static final int PATIENCE_MILLIS = 10_000;
    private static final int ASK_EVERY = 64;
    private static final String PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    private static int inputs;

    private FrontFuzz() {}

    /** One input. */
    public static void fuzzerTestOneInput(byte[] input) throws IOException, InterruptedException {
        if (input.length == 0) {
            return;
        }
        byte[] said = Arrays.copyOfRange(input, 1, input.length);
        int first = Math.min(input[0] & 0xff, said.length);
        try (Socket socket = new Socket("127.0.0.1", FuzzedServer.RUNNING.server.port())) {
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(PATIENCE_MILLIS);
            converse(socket, said, first);
        }
        FuzzedServer.check();
        if (++inputs % ASK_EVERY == 0 && FuzzedServer.RUNNING.get("/livez").statusCode() != 200) {
            throw new AssertionError("the server is not well");
        }
    }

    private static void converse(Socket socket, byte[] said, int first) {
        try {
            OutputStream out = socket.getOutputStream();
            out.write(said, 0, first);
            out.flush();
            out.write(said, first, said.length - first);
            out.flush();
            socket.shutdownOutput();
            socket.getInputStream().readAllBytes();
        } catch (SocketTimeoutException e) {
            throw new AssertionError("the connection stays open after its client has ended", e);
        } catch (IOException closed) {
            // Closed while we spoke, which is an answer too; whether the server is well is asked.
            inputs = inputs + ASK_EVERY - inputs % ASK_EVERY - 1;
        }
    }

    /** How clients begin. */
    static List<byte[]> seeds() {
        String settings = "\0\0\0\4\0\0\0\0\0";
        String headers = "\0\0\5\1\5\0\0\0\1\u0082\u0086\u0084\u0041\0";
        return Stream.of(
                        "GET /health HTTP/1.1\r\nHost: x\r\n\r\n",
                        "POST /v3/kv/range HTTP/1.1\r\nContent-Length: 14\r\n\r\n{\"key\":\"YQ==\"}",
                        "POST /v3/watch HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
                                + "22\r\n{\"create_request\":{\"key\":\"YQ==\"}}\r\n0\r\n\r\n",
                        "PUT /metrics HTTP/1.0\r\nExpect: 100-continue\r\n\r\n",
                        "PRI",
                        "PR",
                        PREFACE,
                        PREFACE + settings,
                        PREFACE + settings + headers,
                        "\u0016\3\1\0\5\1\0\0\1\3")
                .map(text -> (char) (text.length() / 2) + text)
                .map(text -> text.getBytes(StandardCharsets.ISO_8859_1))
                .toList();
    }

    /** Writes the seeds into a folder, from which the fuzzer begins. */
    public static void main(String[] arguments) throws IOException {
        List<byte[]> seeds = seeds();
        for (int i = 0; i < seeds.size(); i++) {
            Files.write(Path.of(arguments[0], "seed-" + i), seeds.get(i));
        }
    }
}
