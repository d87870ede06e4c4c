package dev.kemudi.api;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.util.List;

/**
 * The node's side of {@code kubectl logs}, {@code exec}, {@code attach} and {@code port-forward}:
 * the API server asks, the node answers. Calls block until the stream ends. Safe for use by many
 * threads.
 */
public interface PodStreams {
    /**
     * Which part of a log, and whether to stay for more.
     *
     * @param tailLines last lines only; -1 for all
     * @param limitBytes stop after so many bytes; -1 for no limit
     * @param sinceSeconds only lines younger than this; -1 for all
     */
    record LogOptions(
            boolean follow,
            boolean previous,
            boolean timestamps,
            int tailLines,
            long limitBytes,
            long sinceSeconds) {}

    /** Streams of one exec; {@code stdin} is at its end when the client sends none. */
    record ExecStreams(InputStream stdin, OutputStream stdout, OutputStream stderr) {}

    /**
     * Copies log lines to {@code out}; with {@code follow} until the container ends or {@code out}
     * fails.
     *
     * @throws ApiException when the pod or container is not here (404) or has not started (400)
     */
    void logs(ApiObject pod, String container, LogOptions options, OutputStream out)
            throws IOException, InterruptedException;

    /**
     * Runs {@code command} beside the container's process; interrupting the caller kills it.
     *
     * @return the exit code
     * @throws ApiException when the pod or container is not running here
     */
    int exec(ApiObject pod, String container, List<String> command, ExecStreams streams)
            throws IOException, InterruptedException;

    /**
     * Copies what the container prints from now on, and {@code stdin} to it when it is declared
     * with one, until the container ends or a stream fails.
     *
     * @throws ApiException when the pod or container is not running here
     */
    void attach(ApiObject pod, String container, ExecStreams streams)
            throws IOException, InterruptedException;

    /**
     * A new TCP connection to a port of the pod.
     *
     * @throws ApiException when the pod is not running here
     * @throws IOException when nothing listens there
     */
    Socket connect(ApiObject pod, int port) throws IOException;
}
