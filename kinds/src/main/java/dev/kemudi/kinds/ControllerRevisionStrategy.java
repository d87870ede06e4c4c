package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.OwnerReference;
import dev.kemudi.api.ResourceDefinition.Column;
import dev.kemudi.api.Status;
import dev.kemudi.api.Strategy;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** ControllerRevisions: what a controller's template once was. Only their number ever changes. */
final class ControllerRevisionStrategy implements Strategy {
    static final List<Column> COLUMNS =
            List.of(
                    Columns.NAME,
                    Columns.text(
                            "Controller",
                            "Whose history this belongs to.",
                            ControllerRevisionStrategy::controller),
                    Columns.integer(
                            "Revision",
                            "Its number in that history.",
                            o -> o.at("/revision").asLong()),
                    Columns.AGE);

    private static String controller(ApiObject revision) {
        return revision.controller()
                .map(ControllerRevisionStrategy::qualifiedName)
                .orElse(Columns.NONE);
    }

    private static String qualifiedName(OwnerReference owner) {
        int slash = owner.apiVersion().indexOf('/');
        String group = slash < 0 ? "" : "." + owner.apiVersion().substring(0, slash);
        return owner.kind().toLowerCase(Locale.ROOT) + group + "/" + owner.name();
    }

    @Override
    public List<Status.Cause> validate(ApiObject revision, Optional<ApiObject> old) {
        Problems problems = new Problems();
        JsonNode number = revision.at("/revision");
        if (number.asLong() < 0) {
            problems.invalid("revision", number.asLong(), "must be greater than or equal to 0");
        }
        JsonNode content = revision.at("/data");
        if (content.isMissingNode() || content.isNull()) {
            problems.required("data", "data is mandatory");
        } else if (old.isPresent() && !old.get().at("/data").equals(content)) {
            problems.immutable("data", content);
        }
        return problems.causes();
    }
}
