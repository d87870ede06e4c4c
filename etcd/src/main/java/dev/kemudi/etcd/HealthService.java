package dev.kemudi.etcd;

import dev.kemudi.etcd.proto.HealthCheckRequest;
import dev.kemudi.etcd.proto.HealthCheckResponse;
import dev.kemudi.etcd.proto.HealthGrpc;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.Set;

/**
 * gRPC's health protocol. Whoever gets an answer talks to a serving process, so a watch gets its
 * one state and stays open.
 *
 * @see <a href="https://github.com/grpc/grpc/blob/master/doc/health-checking.md">GRPC Health
 *     Checking Protocol</a>
 */
final class HealthService extends HealthGrpc.HealthImplBase {
    private final Set<String> services;

    HealthService(Set<String> services) {
        this.services = services;
    }

    private boolean knows(String service) {
        return service.isEmpty() || services.contains(service);
    }

    private static HealthCheckResponse state(HealthCheckResponse.ServingStatus status) {
        return HealthCheckResponse.newBuilder().setStatus(status).build();
    }

    @Override
    public void check(HealthCheckRequest request, StreamObserver<HealthCheckResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    if (!knows(request.getService())) {
                        throw Status.NOT_FOUND
                                .withDescription("unknown service")
                                .asRuntimeException();
                    }
                    return state(HealthCheckResponse.ServingStatus.SERVING);
                });
    }

    @Override
    public void watch(HealthCheckRequest request, StreamObserver<HealthCheckResponse> observer) {
        observer.onNext(
                state(
                        knows(request.getService())
                                ? HealthCheckResponse.ServingStatus.SERVING
                                : HealthCheckResponse.ServingStatus.SERVICE_UNKNOWN));
    }
}
