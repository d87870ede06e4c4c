package dev.kemudi.apiserver;

import java.io.IOException;
import java.io.OutputStream;

/** A connection that carries the streams of one exec, whatever its framing. */
interface ExecSocket {
    /** Hears what the client sends. */
    interface Listener {
        void stdin(byte[] bytes) throws InterruptedException;

        void stdinEnd();
    }

    /** Reads until the client has gone. Blocks; ends with an exception or normally. */
    void readAll(Listener listener) throws IOException, InterruptedException;

    /** Waits until the client is ready for output. */
    void awaitReady() throws IOException, InterruptedException;

    OutputStream stdout();

    OutputStream stderr();

    /** Tells how the command ended, as a Status, and ends the conversation. */
    void end(byte[] status) throws IOException;
}
