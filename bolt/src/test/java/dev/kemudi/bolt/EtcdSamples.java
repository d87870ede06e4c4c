package dev.kemudi.bolt;

import static dev.kemudi.bolt.Samples.utf8;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Records of every kind. */
final class EtcdSamples {
    private EtcdSamples() {}

    static void write(EtcdSnapshotWriter writer, int keys) throws IOException {
        for (int i = 0; i < keys; i++) {
            byte[] key = utf8("key-" + i);
            long revision = 2 + 2L * i;
            writer.change(EtcdChange.put(revision, 0, key, new byte[i % 60], revision, 1, i % 4));
            writer.change(
                    i % 3 == 0
                            ? EtcdChange.delete(revision + 1, 0, key)
                            : EtcdChange.put(revision + 1, 5, key, utf8("x"), revision, 2, 0));
        }
        for (int i = 1; i <= keys / 10; i++) {
            writer.lease(new EtcdLease(i, 60 + i, i % 2 * 7L));
        }
        writer.user(new EtcdUser("ann", utf8("$2a$10$hash"), List.of("a", "b"), false));
        writer.user(new EtcdUser("cert", new byte[0], List.of(), true));
        writer.role(
                new EtcdRole(
                        "a",
                        List.of(
                                new EtcdRole.Permission(2, utf8("k"), utf8("l")),
                                new EtcdRole.Permission(0, new byte[] {0}, new byte[0]))));
        writer.member(
                new EtcdMember(
                        0xffeeddccbbaa9988L, "o\"ne", List.of("http://p:1"), List.of(), true));
        writer.removedMember(0x12);
        writer.alarm(new EtcdAlarm(-1, 1));
    }

    static List<Object> readAll(Path file) throws IOException {
        List<Object> found = new ArrayList<>();
        try (EtcdSnapshotReader reader =
                EtcdSnapshotReader.open(
                        file, EtcdSnapshotReader.Checksum.OPTIONAL, Samples.LIMITS)) {
            found.add(reader.head());
            found.add(reader.revision());
            reader.changes(found::add);
            reader.leases(found::add);
            reader.users(found::add);
            reader.roles(found::add);
            reader.alarms(found::add);
            found.addAll(reader.members().entrySet());
        }
        return found;
    }
}
