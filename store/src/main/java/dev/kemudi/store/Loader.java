package dev.kemudi.store;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Makes the state of a store from its contents: before a log has one entry. A load that breaks off
 * leaves nothing that a store would open.
 */
final class Loader {
    private static final int STEP_BYTES = 1 << 20;
    private static final int STEP_EVENTS = 2_000;

    private final Backend backend;
    private final Mark mark;
    private Space space;
    private View view;
    private TxnRun run;
    private long at;
    private long bytes;
    private int events;

    private Loader(Backend backend, Mark mark) {
        this.backend = backend;
        this.mark = mark;
        view = backend.view();
        space = new Space(view);
        run = new TxnRun(space, mark.withRevision(0));
    }

    /**
     * @throws IOException when {@code directory} holds a store already
     * @throws IllegalArgumentException when the contents are not those of a store
     */
    static void load(Path directory, Contents contents, Limits limits) throws IOException {
        Files.createDirectories(directory);
        checkEmpty(directory);
        Path state = directory.resolve(Generations.LOADED);
        Generations.delete(state);
        Mark mark =
                new Mark(
                        Mark.LOADED_INDEX,
                        0,
                        contents.revision(),
                        contents.compactedRevision(),
                        contents.compactedRevision());
        Backend backend = RocksBackend.open(state, limits);
        try {
            Loader loader = new Loader(backend, mark);
            try {
                loader.leasesAndAreas(contents);
                contents.events().forEachRemaining(loader::event);
                loader.step();
            } finally {
                loader.view.close();
            }
            backend.flush();
        } finally {
            backend.close();
        }
        Generations.pointTo(directory, Generations.LOADED);
    }

    private static void checkEmpty(Path directory) throws IOException {
        for (String taken : new String[] {"state", "state.current", "log"}) {
            Path path = directory.resolve(taken);
            if (Files.isRegularFile(path) || hasFiles(path)) {
                throw new IOException(
                        "a store is loaded into a directory of its own: %s is there already"
                                .formatted(path));
            }
        }
    }

    private static boolean hasFiles(Path path) throws IOException {
        if (!Files.isDirectory(path)) {
            return false;
        }
        try (DirectoryStream<Path> files = Files.newDirectoryStream(path)) {
            return files.iterator().hasNext();
        }
    }

    private void leasesAndAreas(Contents contents) {
        for (Store.Lease lease : contents.leases()) {
            space.put(
                    Family.LEASE,
                    RowFormat.leaseKey(lease.id()),
                    RowFormat.leaseRow(lease.grantedTtlSeconds()));
        }
        for (Area area : contents.areas()) {
            AreaRow.checkName(area.name());
            space.put(
                    Family.AREA,
                    AreaRow.head(area.name()),
                    new ByteWriter().number(area.revision()).done());
            area.rows()
                    .forEach((key, value) ->
                            space.put(Family.AREA, AreaRow.row(area.name(), key), value.array()));
        }
        step();
    }

    private void event(Watcher.Event event) {
        long revision = event.kv().modRevision();
        if (revision < at || revision > mark.revision()) {
            throw new IllegalArgumentException(
                    "event of %s: expected a revision from %d to %d, got %d"
                            .formatted(event.kv().key(), at, mark.revision(), revision));
        }
        if (revision > at) {
            if (bytes >= STEP_BYTES || events >= STEP_EVENTS) {
                step();
            }
            at = revision;
            run = new TxnRun(space, mark.withRevision(revision - 1));
        }
        space.begin();
        run.replay(event);
        bytes += event.kv().value().length();
        events++;
    }

    /** Never within a revision, whose places are counted by its run. */
    private void step() {
        backend.write(space.changes(), before -> mark);
        view.close();
        view = backend.view();
        space = new Space(view);
        bytes = 0;
        events = 0;
    }
}
