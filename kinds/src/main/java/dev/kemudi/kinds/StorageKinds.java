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
                        .columns(VolumeColumns.CLAIM, new PersistentVolumeClaimStrategy()),
                Kind.of(Resource.STORAGE_CLASSES, "sc")
                        .columns(StorageClassStrategy.COLUMNS, new StorageClassStrategy()),
                Kind.of(Resource.CSI_DRIVERS)
                        .columns(CsiDriverStrategy.COLUMNS, new CsiDriverStrategy()),
                Kind.of(Resource.CSI_NODES).columns(CsiNodeStrategy.COLUMNS, new CsiNodeStrategy()),
                Kind.of(Resource.CSI_STORAGE_CAPACITIES)
                        .columns(
                                CsiStorageCapacityStrategy.COLUMNS,
                                new CsiStorageCapacityStrategy()),
                Kind.of(Resource.VOLUME_ATTACHMENTS)
                        .withStatus()
                        .columns(VolumeAttachmentStrategy.COLUMNS, new VolumeAttachmentStrategy()));
    }
}
