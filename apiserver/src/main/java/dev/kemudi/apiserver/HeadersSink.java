package dev.kemudi.apiserver;

import io.helidon.common.GenericType;
import io.helidon.common.media.type.MediaType;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.helidon.webserver.http.spi.Sink;
import io.helidon.webserver.http.spi.SinkProvider;
import io.helidon.webserver.http.spi.SinkProviderContext;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.function.BiConsumer;

/**
 * The way to send a response's headers before its first byte: Helidon offers it to sinks only. A
 * watch needs it, for clients wait for the headers before they do what the watch is to see.
 */
final class HeadersSink implements Sink<Object> {
    static final GenericType<HeadersSink> TYPE = GenericType.create(HeadersSink.class);

    private final SinkProviderContext context;

    private final OutputStream out;

    // asking for a sink marks the response as sent: the stream must be had before
    private HeadersSink(SinkProviderContext context) {
        this.context = context;
        out = context.serverResponse().outputStream();
    }

    /** Sends the headers; closing the stream ends the response. */
    OutputStream stream() {
        context.flushHeaders();
        return new FilterOutputStream(out) {
            @Override
            public void write(byte[] bytes, int from, int length) throws IOException {
                out.write(bytes, from, length);
            }

            @Override
            public void close() throws IOException {
                out.close();
                context.closeRunnable().run();
            }
        };
    }

    @Override
    public Sink<Object> emit(Object event) {
        throw new UnsupportedOperationException("bytes go through the response's stream");
    }

    @Override
    public void close() {
        // the response's stream is what gets closed
    }

    /** Found by Helidon through {@code META-INF/services}. */
    public static final class Provider implements SinkProvider<Object> {
        public Provider() {}

        @Override
        public boolean supports(GenericType<? extends Sink<?>> type, ServerRequest request) {
            return type.equals(TYPE);
        }

        @Override
        @SuppressWarnings("unchecked") // asked for by TYPE only
        public <X extends Sink<Object>> X create(SinkProviderContext context) {
            return (X) new HeadersSink(context);
        }

        @Override
        public <X extends Sink<Object>> X create(
                ServerResponse response,
                BiConsumer<Object, MediaType> consumer,
                Runnable closeRunnable) {
            throw new UnsupportedOperationException("Helidon before 4.1 is not supported");
        }
    }
}
