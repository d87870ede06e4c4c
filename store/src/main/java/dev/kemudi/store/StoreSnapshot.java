package dev.kemudi.store;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;

/** One view, as those see it who copy the store. */
record StoreSnapshot(View view, Path scratch, int sortBytesMax) implements Store.Snapshot {
    @Override
    public long revision() {
        return view.mark().revision();
    }

    @Override
    public long compactedRevision() {
        return view.mark().compacted();
    }

    @Override
    public List<Store.Lease> leases() {
        return LeaseKeeper.read(view).entrySet().stream()
                .map(entry -> {
                    long id = entry.getKey();
                    long ttl = entry.getValue();
                    return new Store.Lease(id, ttl, ttl, Machine.attached(view, id));
                })
                .toList();
    }

    @Override
    public List<Area> areas() {
        return List.copyOf(Areas.read(view).values());
    }

    @Override
    public void history(Consumer<Watcher.Event> visitor) {
        try {
            History.visit(view, scratch, sortBytesMax, visitor);
        } catch (IOException e) {
            throw new UncheckedIOException("history cannot be sorted in " + scratch, e);
        }
    }

    @Override
    public Answer hash(long revision) {
        return Hash.of(view, revision);
    }
}
