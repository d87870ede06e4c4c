package dev.kemudi.server;

import java.time.Duration;
import java.util.Locale;

/** What {@code kemudi up} prints once, when everything declared is ready. */
record Summary(Endpoints endpoints, int objects, Duration elapsed) {
    @Override
    public String toString() {
        String kubectl = "kubectl --kubeconfig " + endpoints.kubeconfig();
        return """
        Kemudi is ready: %d declared objects in %s
          Kubernetes API  https://%s
          etcd v3 API     http://%s
          gateway         http://%s
          metrics         http://%s/metrics
          kubeconfig      %s
        Try:
          curl http://%s/
          %s get pods -o wide
          etcdctl --endpoints %s get /registry --prefix --keys-only
        """
                .formatted(
                        objects,
                        seconds(elapsed),
                        endpoints.api(),
                        endpoints.etcd(),
                        endpoints.gateway(),
                        endpoints.metrics(),
                        endpoints.kubeconfig(),
                        endpoints.gateway(),
                        kubectl,
                        endpoints.etcd());
    }

    private static String seconds(Duration duration) {
        return String.format(Locale.ROOT, "%.2f s", duration.toMillis() / 1000.0);
    }
}
