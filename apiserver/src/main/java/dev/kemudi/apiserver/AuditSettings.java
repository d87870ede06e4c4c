package dev.kemudi.apiserver;

import java.nio.file.Path;
import java.util.Optional;

/**
 * Where the audit log goes.
 *
 * @param log the file that is written; full ones are renamed beside it
 * @param policy a Policy of {@code audit.k8s.io/v1}; without one every request's metadata is kept
 * @param megabytesMax a larger file is renamed and a new one begun
 * @param backupsMax how many renamed files are kept
 */
public record AuditSettings(Path log, Optional<Path> policy, int megabytesMax, int backupsMax) {
    /**
     * The policy that these name.
     *
     * @throws IllegalArgumentException naming the file and what is wrong in it
     */
    AuditPolicy read() {
        return policy.map(AuditPolicy::read).orElse(AuditPolicy.METADATA);
    }

    /**
     * Says now what would be wrong at start.
     *
     * @throws IllegalArgumentException naming the setting and what was expected
     */
    public void check() {
        if (megabytesMax < 1 || backupsMax < 0) {
            throw new IllegalArgumentException(
                    "the audit log's size: expected at least 1 MB and 0 backups, found %d and %d"
                            .formatted(megabytesMax, backupsMax));
        }
        read();
    }
}
