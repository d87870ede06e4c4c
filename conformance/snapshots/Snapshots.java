import dev.kemudi.bolt.BoltCursor;
import dev.kemudi.bolt.BoltReader;
import dev.kemudi.bolt.EtcdAlarm;
import dev.kemudi.bolt.EtcdChange;
import dev.kemudi.bolt.EtcdDirectory;
import dev.kemudi.bolt.EtcdHead;
import dev.kemudi.bolt.EtcdLease;
import dev.kemudi.bolt.EtcdMember;
import dev.kemudi.bolt.EtcdRole;
import dev.kemudi.bolt.EtcdSnapshotReader;
import dev.kemudi.bolt.EtcdSnapshotWriter;
import dev.kemudi.bolt.EtcdUser;
import dev.kemudi.bolt.Limits;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;

/** What conformance/snapshots.sh asks of the bolt module: one command a run. */
public final class Snapshots {
    private static final Limits LIMITS = Limits.defaults();
    private static final int VALUE_BYTES = 256;

    public static void main(String[] arguments) throws Exception {
        Path file = Path.of(arguments[1]);
        switch (arguments[0]) {
            case "write" -> write(file, Integer.parseInt(arguments[2]), arguments[3]);
            case "bulk" -> bulk(file, Long.parseLong(arguments[2]) << 20);
            case "dump" -> dump(file);
            case "state" -> state(file);
            case "pending" -> pending(file);
            case "copy" -> copy(file, Path.of(arguments[2]));
            default -> throw new IllegalArgumentException("no such command: " + arguments[0]);
        }
    }

    /** A store as an etcd would have left it: puts, deletions, leases, users, a large value. */
    private static void write(Path file, int keys, String rootHash) throws IOException {
        Random random = new Random(1);
        try (EtcdSnapshotWriter writer = EtcdSnapshotWriter.create(file, LIMITS)) {
            long revision = 1;
            for (int i = 0; i < keys; i++) {
                byte[] key = utf8(String.format("key-%08d", i));
                byte[] value = new byte[i == 7 ? 1_400_000 : random.nextInt(VALUE_BYTES)];
                random.nextBytes(value);
                long lease = i % 100 == 0 ? 0x1000 + i / 100 % 10 : 0;
                writer.change(EtcdChange.put(++revision, 0, key, value, revision, 1, lease));
                if (i % 10 == 3) {
                    writer.change(EtcdChange.delete(++revision, 0, key));
                } else if (i % 10 == 5) {
                    long created = revision++;
                    writer.change(
                            EtcdChange.put(revision, 0, key, utf8("second"), created, 2, 0));
                    writer.change(
                            EtcdChange.put(revision, 1, utf8("twin-" + i), key, revision, 1, 0));
                }
            }
            for (int i = 0; i < 10; i++) {
                writer.lease(new EtcdLease(0x1000 + i, 3_600 + i, 0));
            }
            byte[] hash = utf8(rootHash);
            writer.role(
                    new EtcdRole(
                            "reader",
                            List.of(new EtcdRole.Permission(0, utf8("key-"), utf8("key.")))));
            writer.role(new EtcdRole("root", List.of()));
            writer.user(new EtcdUser("ann", hash, List.of("reader"), false));
            writer.user(new EtcdUser("root", hash, List.of("root"), false));
            writer.member(
                    new EtcdMember(0x1dL, "one", List.of("http://localhost:1"), List.of(), false));
            writer.alarm(new EtcdAlarm(0x1dL, 2));
            writer.finish(EtcdHead.of(7, 2, 0).withAuth(false, 9));
        }
    }

    /** Written and read once, with what each took. */
    private static void bulk(Path file, long bytes) throws IOException {
        byte[] value = new byte[1_024];
        new Random(1).nextBytes(value);
        long began = System.nanoTime();
        long beganCpu = cpu();
        long size;
        try (EtcdSnapshotWriter writer = EtcdSnapshotWriter.create(file, LIMITS)) {
            for (long revision = 2; revision * value.length < bytes; revision++) {
                byte[] key = utf8("/registry/pods/default/pod-" + revision);
                writer.change(EtcdChange.put(revision, 0, key, value, revision, 1, 0));
            }
            size = writer.finish(EtcdHead.of(1, 1, 0));
        }
        long wrote = System.nanoTime();
        long wroteCpu = cpu();
        long changes;
        try (EtcdSnapshotReader reader =
                EtcdSnapshotReader.open(file, EtcdSnapshotReader.Checksum.REQUIRED, LIMITS)) {
            changes = reader.changes(change -> {});
        }
        long read = System.nanoTime();
        System.out.printf(
                "%d MB, %d changes: written at %d MB/s (%d a CPU second), read at %d (%d),"
                        + " checksum and sync included%n",
                size >> 20,
                changes,
                rate(size, wrote - began),
                rate(size, wroteCpu - beganCpu),
                rate(size, read - wrote),
                rate(size, cpu() - wroteCpu));
    }

    /** Nanoseconds of this thread, which a busy machine does not stretch. */
    private static long cpu() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }

    private static long rate(long bytes, long nanos) {
        return bytes * 1_000 / nanos;
    }

    /** Every pair of every bucket, as check.go prints them. */
    private static void dump(Path file) throws IOException {
        HexFormat hex = HexFormat.of();
        try (BoltReader reader = BoltReader.open(file, LIMITS); PrintStream out = out()) {
            for (String bucket : reader.buckets()) {
                out.println(bucket);
                BoltCursor cursor = reader.cursor(bucket);
                while (cursor.next()) {
                    out.println(hex.formatHex(cursor.key()) + " " + hex(cursor.value()));
                }
            }
        }
    }

    /** A long value by its hash, so that a dump stays readable. */
    private static String hex(byte[] value) {
        try {
            return value.length <= 1_024
                    ? HexFormat.of().formatHex(value)
                    : HexFormat.of()
                            .formatHex(MessageDigest.getInstance("SHA-256").digest(value));
        } catch (java.security.NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The typed records, one a line. */
    private static void state(Path file) throws IOException {
        try (EtcdSnapshotReader reader =
                        EtcdSnapshotReader.open(
                                file, EtcdSnapshotReader.Checksum.OPTIONAL, LIMITS);
                PrintStream out = out()) {
            out.println("revision " + reader.revision());
            out.println(reader.head());
            reader.leases(out::println);
            reader.users(
                    user -> out.println("user " + user.name() + " " + user.roles()));
            reader.roles(role -> out.println("role " + role.name() + permissions(role)));
            reader.alarms(out::println);
            reader.members().forEach((id, json) -> out.println("member " + id + " " + json));
            out.println("changes " + reader.changes(change -> {}));
        }
    }

    private static String permissions(EtcdRole role) {
        StringBuilder text = new StringBuilder();
        for (EtcdRole.Permission permission : role.permissions()) {
            text.append(' ').append(permission.kind());
            text.append(' ').append(new String(permission.key(), StandardCharsets.UTF_8));
            text.append(' ').append(new String(permission.rangeEnd(), StandardCharsets.UTF_8));
        }
        return text.toString();
    }

    /** What a data directory's database lacks; fails when that is something. */
    private static void pending(Path directory) throws IOException {
        EtcdDirectory found = EtcdDirectory.look(directory, LIMITS);
        System.out.println(found.isComplete() ? "complete" : found.pendingWords());
        System.exit(found.isComplete() ? 0 : 3);
    }

    /** Reads a snapshot record by record and writes it anew. */
    private static void copy(Path from, Path to) throws IOException {
        Files.deleteIfExists(to);
        try (EtcdSnapshotReader reader =
                        EtcdSnapshotReader.open(
                                from, EtcdSnapshotReader.Checksum.REQUIRED, LIMITS);
                EtcdSnapshotWriter writer = EtcdSnapshotWriter.create(to, LIMITS)) {
            reader.changes(writer::change);
            reader.leases(writer::lease);
            reader.users(writer::user);
            reader.roles(writer::role);
            List<EtcdAlarm> alarms = new ArrayList<>();
            reader.alarms(alarms::add);
            for (EtcdAlarm alarm : alarms) {
                writer.alarm(alarm);
            }
            writer.finish(reader.head());
        }
    }

    private static PrintStream out() {
        return new PrintStream(
                new BufferedOutputStream(System.out, 1 << 16), false, StandardCharsets.UTF_8);
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
