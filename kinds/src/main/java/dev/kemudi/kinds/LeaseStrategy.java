package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Status;
import dev.kemudi.api.Strategy;
import java.util.List;
import java.util.Optional;

/** Leases: who leads, and until when. */
final class LeaseStrategy implements Strategy {
    @Override
    public List<Status.Cause> validate(ApiObject lease, Optional<ApiObject> old) {
        Problems problems = new Problems();
        JsonNode seconds = lease.at("/spec/leaseDurationSeconds");
        if (seconds.isNumber() && seconds.asLong() <= 0) {
            problems.invalid(
                    "spec.leaseDurationSeconds", seconds.asLong(), "must be greater than 0");
        }
        JsonNode transitions = lease.at("/spec/leaseTransitions");
        if (transitions.isNumber() && transitions.asLong() < 0) {
            problems.invalid(
                    "spec.leaseTransitions",
                    transitions.asLong(),
                    "must be greater than or equal to 0");
        }
        return problems.causes();
    }
}
