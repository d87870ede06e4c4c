package dev.kemudi.node;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/**
 * One probe as declared, with Kubernetes' defaults.
 *
 * @param kind {@code liveness}, {@code readiness} or {@code startup}
 * @param action the declaration that holds {@code exec}, {@code httpGet} or {@code tcpSocket}
 * @param graceSeconds its own termination grace period, -1 for the pod's
 */
record Probe(
        String kind,
        JsonNode action,
        int initialDelaySeconds,
        int periodSeconds,
        int timeoutSeconds,
        int successThreshold,
        int failureThreshold,
        long graceSeconds) {
    /** What one look told. {@code message} is empty when all is well. */
    record Outcome(boolean success, String message) {}

    /** Runs a command beside the container: its exit code and the begin of its output. */
    interface Exec {
        Outcome run(List<String> command, int timeoutSeconds) throws InterruptedException;
    }

    static Probe of(String kind, JsonNode declared) {
        return new Probe(
                kind,
                declared,
                declared.path("initialDelaySeconds").asInt(0),
                Math.max(1, declared.path("periodSeconds").asInt(10)),
                Math.max(1, declared.path("timeoutSeconds").asInt(1)),
                Math.max(1, declared.path("successThreshold").asInt(1)),
                Math.max(1, declared.path("failureThreshold").asInt(3)),
                declared.path("terminationGracePeriodSeconds").asLong(-1));
    }

    /** Looks once. */
    Outcome look(String podAddress, JsonNode container, Exec exec, int answerBytesMax)
            throws InterruptedException {
        return act(action, podAddress, container, exec, timeoutSeconds, answerBytesMax);
    }

    /** Does what a probe or a lifecycle hook declares. */
    static Outcome act(
            JsonNode action,
            String podAddress,
            JsonNode container,
            Exec exec,
            int timeoutSeconds,
            int answerBytesMax)
            throws InterruptedException {
        if (action.has("exec")) {
            List<String> command = new java.util.ArrayList<>();
            action.path("exec").path("command").forEach(c -> command.add(c.asText()));
            return exec.run(command, timeoutSeconds);
        }
        try {
            if (action.has("httpGet")) {
                return http(
                        action.path("httpGet"),
                        podAddress,
                        container,
                        timeoutSeconds,
                        answerBytesMax);
            }
            if (action.has("tcpSocket")) {
                JsonNode target = action.path("tcpSocket");
                try (Socket socket =
                        connect(
                                target.path("host").asText(podAddress),
                                port(target.path("port"), container),
                                timeoutSeconds)) {
                    return new Outcome(socket.isConnected(), "");
                }
            }
        } catch (IOException | GeneralSecurityException e) {
            return new Outcome(false, String.valueOf(e.getMessage()));
        }
        return new Outcome(
                false,
                "this node knows exec, httpGet and tcpSocket, the declaration has none of them");
    }

    private static Socket connect(String host, int port, int timeoutSeconds) throws IOException {
        Socket socket = new Socket();
        try {
            socket.connect(
                    new InetSocketAddress(InetAddress.getByName(host), port),
                    timeoutSeconds * 1000);
            socket.setSoTimeout(timeoutSeconds * 1000);
            return socket;
        } catch (IOException e) {
            socket.close();
            throw new IOException("dial tcp %s:%d: %s".formatted(host, port, e.getMessage()), e);
        }
    }

    /** A port by number or by the name that the container gave it. */
    private static int port(JsonNode port, JsonNode container) throws IOException {
        if (port.isNumber() || port.asText().matches("\\d+")) {
            return port.asInt();
        }
        for (JsonNode declared : container.path("ports")) {
            if (declared.path("name").asText().equals(port.asText())) {
                return declared.path("containerPort").asInt();
            }
        }
        throw new IOException("the container has no port named \"" + port.asText() + "\"");
    }

    private static Outcome http(
            JsonNode get,
            String podAddress,
            JsonNode container,
            int timeoutSeconds,
            int answerBytesMax)
            throws IOException, GeneralSecurityException {
        long until = System.nanoTime() + timeoutSeconds * 1_000_000_000L;
        String host = get.path("host").asText(podAddress);
        int port = port(get.path("port"), container);
        Socket plain = connect(host, port, timeoutSeconds);
        try (Socket socket =
                get.path("scheme").asText("HTTP").equals("HTTPS")
                        ? tls(plain, host, port)
                        : plain) {
            String path = get.path("path").asText("/");
            StringBuilder request = new StringBuilder("GET ");
            request.append(path.startsWith("/") ? path : "/" + path).append(" HTTP/1.1\r\n");
            String hostHeader = host + ":" + port;
            for (JsonNode header : get.path("httpHeaders")) {
                String name = header.path("name").asText();
                String value = header.path("value").asText();
                if (name.equalsIgnoreCase("Host")) {
                    hostHeader = value;
                } else if ((name + value).chars().noneMatch(c -> c == '\r' || c == '\n')) {
                    request.append(name).append(": ").append(value).append("\r\n");
                }
            }
            request.append("Host: ")
                    .append(hostHeader)
                    .append("\r\nUser-Agent: kube-probe/kemudi\r\n");
            request.append("Accept: */*\r\nConnection: close\r\n\r\n");
            socket.getOutputStream().write(request.toString().getBytes(StandardCharsets.UTF_8));
            return judge(answer(socket, until, answerBytesMax));
        }
    }

    private static String answer(Socket socket, long untilNanos, int bytesMax) throws IOException {
        byte[] answer = new byte[bytesMax];
        int length = 0;
        InputStream in = socket.getInputStream();
        while (length < bytesMax) {
            long leftMillis = (untilNanos - System.nanoTime()) / 1_000_000;
            if (leftMillis <= 0) {
                throw new IOException("context deadline exceeded while reading the answer");
            }
            socket.setSoTimeout((int) leftMillis);
            int read = in.read(answer, length, bytesMax - length);
            if (read < 0) {
                break;
            }
            length += read;
        }
        return new String(answer, 0, length, StandardCharsets.ISO_8859_1);
    }

    private static Outcome judge(String answer) {
        int end = answer.indexOf('\n');
        String[] status = (end < 0 ? answer : answer.substring(0, end)).strip().split(" ", 3);
        if (status.length < 2 || !status[0].startsWith("HTTP/") || !status[1].matches("\\d{3}")) {
            return new Outcome(false, "malformed HTTP response");
        }
        int code = Integer.parseInt(status[1]);
        return code >= 200 && code < 400
                ? new Outcome(true, "")
                : new Outcome(false, "HTTP probe failed with statuscode: " + code);
    }

    /**
     * As Kubernetes does, a probe trusts any certificate: it asks whether the server lives, not who
     * it is.
     */
    private static Socket tls(Socket plain, String host, int port)
            throws IOException, GeneralSecurityException {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new javax.net.ssl.TrustManager[] {new TrustAnyone()}, null);
        SSLSocket socket =
                (SSLSocket) context.getSocketFactory().createSocket(plain, host, port, true);
        socket.startHandshake();
        return socket;
    }
}
