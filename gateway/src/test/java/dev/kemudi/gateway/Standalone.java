package dev.kemudi.gateway;

import dev.kemudi.kernel.TimeSource;
import dev.kemudi.kernel.Tracer;
import java.util.Locale;

/**
 * The data path alone in front of one fixed back end, for measurements: {@code Standalone
 * listenPort backendPort [io_uring|epoll|nio]}. Runs until killed.
 */
final class Standalone {
    private Standalone() {}

    @SuppressWarnings("SystemOut") // a command line of the tests, not the product
    public static void main(String[] args) throws Exception {
        IoTransport transport =
                args.length > 2
                        ? IoTransport.valueOf(args[2].toUpperCase(Locale.ROOT))
                        : IoTransport.best();
        GatewayMetrics metrics = Tables.metrics();
        Proxy proxy =
                new Proxy(Limits.defaults(), metrics, Tracer.NONE, TimeSource.system(), transport);
        proxy.swap(
                Tables.everything(
                        metrics, Tables.backend(proxy.lanes(), Integer.parseInt(args[1]))));
        int port = proxy.bind(80, "127.0.0.1", Integer.parseInt(args[0]));
        System.out.println("listening on " + port + " by " + transport);
        Thread.currentThread().join();
    }
}
