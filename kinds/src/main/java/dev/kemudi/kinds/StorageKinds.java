package dev.kemudi.kinds;

import dev.kemudi.api.Resource;
import dev.kemudi.api.ResourceDefinition;
import java.util.List;

/** Volumes, and those who provide them. */
final class StorageKinds {
    private StorageKinds() {}

    static List<ResourceDefinition> all() {
        return List.of(
                Kind.of(Resource.PERSISTENT_VOLUMES, "pv")
                        .withStatus()
                        .columns(VolumeColumns.VOLUME, new PersistentVolumeStrategy()),
                Kind.of(Resource.PERSISTENT_VOLUME_CLAIMS, "pvc")
                        .withStatus()
                        .columns(VolumeColumns.CLAIM, new PersistentVolumeClaimStrategy()));
    }
}
