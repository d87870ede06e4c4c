package dev.kemudi.bolt;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The data directory of a stopped etcd 3.4 or 3.5. etcd writes its database some time after it
 * answered, so that a directory may hold changes that are only in the write-ahead log: who takes
 * the database alone loses them, so this must be asked first. Reads only.
 *
 * @param pending entries of the log that change keys, leases, users or alarms and are not in the
 *     database, by what they do; empty: the database holds everything
 */
public record EtcdDirectory(Path database, long consistentIndex, SortedMap<String, Long> pending) {
    private static final long REQUEST = 0;
    private static final int V2_REQUEST = 2;
    private static final int LEASE_GRANT = 8;
    private static final int LEASE_REVOKE = 9;
    private static final int COMPACTION = 7;
    private static final int AUTH_ENABLE = 1000;

    /** The requests that change what a client can see, by their field in etcd's request. */
    private static final Map<Integer, String> CHANGES =
            Map.ofEntries(
                    Map.entry(4, "put"),
                    Map.entry(5, "delete"),
                    Map.entry(6, "transaction"),
                    Map.entry(COMPACTION, "compaction"),
                    Map.entry(LEASE_GRANT, "lease grant"),
                    Map.entry(LEASE_REVOKE, "lease revoke"),
                    Map.entry(10, "alarm"),
                    Map.entry(AUTH_ENABLE, "auth enable"),
                    Map.entry(1011, "auth disable"),
                    Map.entry(1100, "user add"),
                    Map.entry(1101, "user delete"),
                    Map.entry(1103, "user password"),
                    Map.entry(1104, "user role grant"),
                    Map.entry(1105, "user role revoke"),
                    Map.entry(1200, "role add"),
                    Map.entry(1201, "role delete"),
                    Map.entry(1203, "permission grant"),
                    Map.entry(1204, "permission revoke"));

    /** Requests that change nothing that a snapshot would hold. */
    private static final Set<Integer> NO_CHANGES =
            Set.of(3, 11, 1012, 1013, 1102, 1106, 1107, 1202, 1300, 1301, 1302);

    private static final Set<Integer> FRAME = Set.of(1, 100);

    /** Whether there is an etcd's database in {@code directory}. */
    public static boolean isOne(Path directory) {
        return Files.isRegularFile(database(directory));
    }

    /** The data directory that {@code database} lies in, if it does. */
    static Optional<Path> around(Path database) {
        Path absolute = database.toAbsolutePath().normalize();
        boolean named = absolute.endsWith("member/snap/db");
        return Optional.of(absolute)
                .filter(path -> named)
                .map(path -> path.resolve("../../..").normalize())
                .filter(directory -> Files.isDirectory(directory.resolve("member/wal")));
    }

    void expectComplete() throws BoltException {
        if (!isComplete()) {
            throw new BoltException(
                    database + " beside its write-ahead log",
                    "all that it answered (start that etcd once more and take what etcdctl"
                            + " snapshot save fetches from it)",
                    pendingWords() + " only in the log");
        }
    }

    private static Path database(Path directory) {
        return directory.resolve("member/snap/db");
    }

    /** Whether the database alone holds everything that was ever answered. */
    public boolean isComplete() {
        return pending.isEmpty();
    }

    /** How many entries are only in the log, in words. */
    public String pendingWords() {
        StringBuilder words = new StringBuilder();
        pending.forEach((kind, count) ->
                words.append(words.isEmpty() ? "" : ", ").append(count).append(' ').append(kind));
        return words.toString();
    }

    /**
     * Reads the database's head and all of the log.
     *
     * @throws BoltException when one is damaged, is not there, or a snapshot from another member
     *     lies beside the database that etcd had not yet taken over
     */
    public static EtcdDirectory look(Path directory, Limits limits) throws IOException {
        Path database = database(directory);
        try (DirectoryStream<Path> received =
                Files.newDirectoryStream(directory.resolve("member/snap"), "*.snap.db")) {
            for (Path file : received) {
                throw new BoltException(
                        directory.toString(),
                        "no database but member/snap/db",
                        file.getFileName() + ", which etcd received and did not take over");
            }
        }
        try (EtcdSnapshotReader reader =
                EtcdSnapshotReader.openAlone(
                        database, EtcdSnapshotReader.Checksum.OPTIONAL, limits)) {
            EtcdHead head = reader.head();
            Set<Long> leases = new HashSet<>();
            reader.leases(lease -> leases.add(lease.id()));
            NavigableMap<Long, String> changes = new TreeMap<>();
            EtcdWal.visit(
                    directory.resolve("member/wal"),
                    (index, kind, content) -> {
                        // It replaces what was there at its place and behind it.
                        changes.tailMap(index, true).clear();
                        if (kind == REQUEST && index > head.consistentIndex()) {
                            String change = change(index, content, head, leases);
                            if (!change.isEmpty()) {
                                keep(changes, index, change, limits);
                            }
                        }
                    });
            SortedMap<String, Long> pending = new TreeMap<>();
            changes.values().forEach(change -> pending.merge(change, 1L, Long::sum));
            return new EtcdDirectory(database, head.consistentIndex(), pending);
        }
    }

    private static void keep(
            NavigableMap<Long, String> changes, long index, String change, Limits limits)
            throws BoltException {
        if (changes.size() >= limits.pendingEntriesMax()) {
            throw new BoltException(
                    "the write-ahead log",
                    "at most " + limits.pendingEntriesMax() + " entries that the database lacks",
                    "more");
        }
        changes.put(index, change);
    }

    /**
     * What a request does; empty for nothing. etcd 3.4 notes with which entry its database ends
     * only when keys change, so leases and compactions after that may be there already.
     */
    private static String change(long index, byte[] content, EtcdHead head, Set<Long> leases)
            throws BoltException {
        ProtoReader request = new ProtoReader("entry " + index, content);
        String found = "";
        for (int field = request.next(); field != 0; field = request.next()) {
            if (field == V2_REQUEST) {
                // Of the version 2 store, which has its own numbers for the other fields.
                return "";
            }
            String change = CHANGES.get(field);
            if (change != null) {
                boolean done =
                        switch (field) {
                            case LEASE_GRANT -> leases.contains(number(request.bytes(), 2));
                            case LEASE_REVOKE -> !leases.contains(number(request.bytes(), 1));
                            case COMPACTION -> number(request.bytes(), 1) <= head.floor();
                            case AUTH_ENABLE -> head.authEnabled();
                            default -> false;
                        };
                found = done ? found : change;
            } else if (!NO_CHANGES.contains(field) && !FRAME.contains(field)) {
                found = "unknown request " + field;
            }
        }
        return found;
    }

    private static long number(byte[] bytes, int wanted) throws BoltException {
        ProtoReader message = new ProtoReader("a request", bytes);
        long number = 0;
        for (int field = message.next(); field != 0; field = message.next()) {
            if (field == wanted) {
                number = message.number();
            }
        }
        return number;
    }
}
