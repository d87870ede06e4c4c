package dev.kemudi.api;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;

/**
 * Everything the API server must know to serve one kind. A module registers its kinds by handing
 * these over; the server's request loop knows no kind by name.
 *
 * @param singular the lower-case singular, such as {@code pod}
 * @param shortNames such as {@code po}
 * @param categories groups of kinds such as {@code all}
 * @param statusSubresource whether {@code /status} exists and {@code status} is ignored by plain
 *     writes
 * @param scale where {@code /scale} reads and writes; empty when the kind cannot be scaled
 * @param columns what {@code kubectl get} shows after the name; {@code Age} is not implied
 * @param strategy the kind's own rules
 */
public record ResourceDefinition(
        Resource resource,
        String singular,
        List<String> shortNames,
        List<String> categories,
        boolean statusSubresource,
        Optional<Scale> scale,
        List<Column> columns,
        Strategy strategy) {

    /**
     * JSON pointers into the object; {@code selector} may point at a label selector object or a
     * selector string.
     */
    public record Scale(String specReplicas, String statusReplicas, String selector) {}

    /**
     * One column of the table view.
     *
     * @param type {@code string}, {@code integer}, {@code number}, {@code boolean} or {@code date}
     * @param format {@code name} for the name column, otherwise usually empty
     * @param priority 0 shows always, higher only with {@code -o wide}
     * @param value the cell: a String, a number or a Boolean
     */
    public record Column(
            String name,
            String type,
            String format,
            String description,
            int priority,
            BiFunction<ApiObject, Instant, Object> value) {}
}
