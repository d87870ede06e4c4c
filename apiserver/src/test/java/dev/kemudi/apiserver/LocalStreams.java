package dev.kemudi.apiserver;

import dev.kemudi.api.ApiObject;
import dev.kemudi.api.PodStreams;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** A node of one machine: exec runs real processes here, logs are two lines. */
final class LocalStreams implements PodStreams {
    @Override
    public void logs(ApiObject pod, String container, LogOptions options, OutputStream out)
            throws IOException {
        out.write(("hello from " + container + "\nsecond line\n").getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public int exec(ApiObject pod, String container, List<String> command, ExecStreams streams)
            throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).start();
        Thread in =
                Thread.ofVirtual()
                        .start(() -> {
                            try (OutputStream to = process.getOutputStream()) {
                                streams.stdin().transferTo(to);
                            } catch (IOException e) {
                                process.destroy();
                            }
                        });
        Thread err =
                Thread.ofVirtual()
                        .start(() -> {
                            try {
                                process.getErrorStream().transferTo(streams.stderr());
                            } catch (IOException e) {
                                process.destroy();
                            }
                        });
        try {
            process.getInputStream().transferTo(streams.stdout());
            err.join();
            return process.waitFor();
        } finally {
            process.destroyForcibly();
            in.interrupt();
        }
    }

    /** A container that greets and then says what it is told. */
    @Override
    public void attach(ApiObject pod, String container, ExecStreams streams) throws IOException {
        streams.stdout()
                .write(("attached to " + container + "\n").getBytes(StandardCharsets.UTF_8));
        streams.stdin().transferTo(streams.stdout());
    }

    /** Every pod is this machine. */
    @Override
    public Socket connect(ApiObject pod, int port) throws IOException {
        return new Socket(InetAddress.getLoopbackAddress(), port);
    }
}
