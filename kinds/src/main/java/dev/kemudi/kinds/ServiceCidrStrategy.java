package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ResourceDefinition.Column;
import dev.kemudi.api.Status;
import dev.kemudi.api.Strategy;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** ServiceCIDRs: ranges for services' addresses. Nothing here takes addresses from them. */
final class ServiceCidrStrategy implements Strategy {
    private static final int RANGES_MAX = 2;

    static final List<Column> COLUMNS =
            List.of(
                    Columns.NAME,
                    Columns.text("CIDRs", "The ranges.", ServiceCidrStrategy::ranges),
                    Columns.AGE);

    private static String ranges(ApiObject object) {
        List<String> ranges = new ArrayList<>();
        object.at("/spec/cidrs").forEach(range -> ranges.add(range.asText()));
        return String.join(",", ranges);
    }

    @Override
    public void prepareForCreate(ObjectNode object) {
        object.putObject("status");
    }

    @Override
    public List<Status.Cause> validate(ApiObject object, Optional<ApiObject> old) {
        Problems problems = new Problems();
        JsonNode ranges = object.at("/spec/cidrs");
        if (ranges.isEmpty()) {
            problems.required("spec.cidrs", "at least one CIDR required");
        } else if (ranges.size() > RANGES_MAX) {
            problems.invalid(
                    "spec.cidrs", ranges, "may only hold up to 2 values, one for each IP family");
        } else {
            List<Integer> lengths = new ArrayList<>();
            int i = 0;
            for (JsonNode range : ranges) {
                Addresses.checkRange(range, "spec.cidrs[" + i++ + "]", problems)
                        .ifPresent(found -> lengths.add(found.base().length));
            }
            if (lengths.size() == RANGES_MAX && lengths.getFirst().equals(lengths.getLast())) {
                problems.invalid(
                        "spec.cidrs",
                        ranges,
                        "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and"
                                + " 2001:db8::/64");
            }
        }
        if (old.isPresent() && !old.get().at("/spec/cidrs").equals(ranges)) {
            problems.immutable("spec.cidrs", ranges);
        }
        return problems.causes();
    }
}
