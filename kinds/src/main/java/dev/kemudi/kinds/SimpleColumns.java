package dev.kemudi.kinds;

import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ResourceDefinition.Column;
import java.util.List;

/** Tables of the kinds whose rows say little more than that they exist. */
final class SimpleColumns {
    static final List<Column> SERVICE_ACCOUNT =
            List.of(
                    Columns.NAME,
                    Columns.integer(
                            "Secrets",
                            "How many secrets pods of this account may use.",
                            o -> o.at("/secrets").size()),
                    Columns.AGE);

    static final List<Column> LEASE =
            List.of(
                    Columns.NAME,
                    Columns.text(
                            "Holder",
                            "Who holds the lease now.",
                            o -> o.text("/spec/holderIdentity")),
                    Columns.AGE);

    static final List<Column> CUSTOM_RESOURCE_DEFINITION =
            List.of(
                    Columns.NAME,
                    new Column(
                            "Created At",
                            "date",
                            "",
                            "When the definition was created.",
                            0,
                            (o, _) -> created(o)));

    private SimpleColumns() {}

    private static String created(ApiObject object) {
        return object.text("/metadata/creationTimestamp");
    }
}
