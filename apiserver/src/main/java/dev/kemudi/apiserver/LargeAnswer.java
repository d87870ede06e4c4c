package dev.kemudi.apiserver;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;

/**
 * An answer of unknown length. A small one is sent whole at its end, so that what goes wrong on the
 * way can still be told; a large one is streamed from {@link #STREAMED_BYTES_MIN} on, compressed
 * for clients that want it so. One thread.
 */
final class LargeAnswer extends OutputStream {
    /** As kube-apiserver: compressing less costs more than it saves. */
    static final int STREAMED_BYTES_MIN = 131_072;

    private final Exchange exchange;
    private final int code;
    private final String contentType;
    private final ByteArrayOutputStream small = new ByteArrayOutputStream();
    private OutputStream to = small;

    LargeAnswer(Exchange exchange, int code, String contentType) {
        this.exchange = exchange;
        this.code = code;
        this.contentType = contentType;
    }

    @Override
    public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
        if (to == small && small.size() + length > STREAMED_BYTES_MIN) {
            boolean gzip = wantsGzip();
            exchange.setHeader("Vary", "Accept-Encoding");
            if (gzip) {
                exchange.setHeader("Content-Encoding", "gzip");
            }
            OutputStream stream = exchange.stream(code, contentType);
            to = gzip ? new Gzip(stream) : stream;
            small.writeTo(to);
        }
        to.write(bytes, from, length);
    }

    private boolean wantsGzip() {
        return Arrays.stream(exchange.header("Accept-Encoding").orElse("").split(","))
                .map(Negotiation.Alternative::parse)
                .anyMatch(coding -> coding.mediaType().equals("gzip") && coding.quality() > 0);
    }

    /** The end of an answer that is whole. One that is not must be left alone. */
    void finish() throws IOException {
        if (to == small) {
            exchange.send(code, contentType, small.toByteArray());
        } else {
            to.close();
        }
    }

    /** Quick rather than small: the network is near. */
    private static final class Gzip extends GZIPOutputStream {
        private static final int BUFFER_BYTES = 16_384;

        Gzip(OutputStream to) throws IOException {
            super(to, BUFFER_BYTES);
            def.setLevel(Deflater.BEST_SPEED);
        }
    }
}
