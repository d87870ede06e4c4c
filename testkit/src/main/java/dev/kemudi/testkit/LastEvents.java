package dev.kemudi.testkit;

import java.util.List;

/**
 * What had happened in the cluster when a test failed; it is added to the failure, where every
 * runner shows it.
 */
public final class LastEvents extends Exception {
    private static final long serialVersionUID = 1L;

    LastEvents(List<String> lines) {
        super(
                "the last %d events of the cluster, oldest first:%n  %s"
                        .formatted(lines.size(), String.join(System.lineSeparator() + "  ", lines)),
                null,
                false,
                false);
    }
}
