package dev.kemudi.conformance;

import java.io.IOException;
import java.util.List;

/**
 * One call on a connection of its own, as a client makes it that comes back after a failure: {@code
 * put ENDPOINT} ends well when a write was acknowledged within a second.
 */
final class LoadProbe {
    private static final double SECONDS_MAX = 1;

    private LoadProbe() {}

    public static void main(String[] arguments) throws IOException {
        LoadMessage put = new LoadMessage();
        LoadKinds.put(put, LoadMessage.utf8("probe"), LoadMessage.utf8("probe"));
        if (arguments[0].equals("put")
                && ask(arguments[1], "/etcdserverpb.KV/Put", put, SECONDS_MAX).length > 0) {
            System.out.println("ok");
        } else {
            throw new IOException(arguments[1] + " did not acknowledge");
        }
    }

    /** The answer's bytes; empty when the call failed or took too long. */
    static byte[] ask(String endpoint, String path, LoadMessage message, double seconds)
            throws IOException {
        Once once = new Once();
        try (LoadLoop loop = new LoadLoop(List.of(endpoint), 1, List.of())) {
            loop.connections.getFirst().call(path, message, true, once);
            loop.until(() -> once.over, seconds);
        }
        return once.answer;
    }

    private static final class Once implements LoadConnection.Call {
        private byte[] answer = {};
        private boolean over;

        @Override
        public void message(byte[] bytes, int from, int size) {
            answer = java.util.Arrays.copyOfRange(bytes, from, from + size);
        }

        @Override
        public void closed(boolean succeeded, String trailers) {
            over = true;
            if (!succeeded) {
                answer = new byte[0];
            }
        }
    }
}
