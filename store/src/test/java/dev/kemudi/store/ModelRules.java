package dev.kemudi.store;

import static dev.kemudi.store.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random commands, from a seed, against {@link Model}; reopened now and then where there is
 * something to reopen.
 */
abstract class ModelRules {
    private static final int COMMANDS = 250;

    private final ManualTime time = new ManualTime();
    private final Model model = new Model();
    private final Map<Collected, Watched> watched = new HashMap<>();
    private final List<Watcher> open = new ArrayList<>();
    private Random random = new Random(0);

    @SuppressWarnings("NullAway.Init") // each test opens its own
    private Store store;

    private record Watched(KeyRange range, long from) {}

    abstract Store open(Limits limits, ManualTime time, PrometheusRegistry registry);

    abstract boolean survivesReopening();

    private Bytes key() {
        // Few keys, so that they meet; zero and 0xff bytes, because they are special somewhere.
        byte[] key = new byte[1 + random.nextInt(3)];
        for (int i = 0; i < key.length; i++) {
            key[i] =
                    List.of((byte) 0, (byte) 1, (byte) 'a', (byte) 'b', (byte) 0xff)
                            .get(random.nextInt(i == 0 ? 4 : 5));
        }
        return Bytes.of(key);
    }

    private KeyRange range() {
        Bytes key = key();
        return switch (random.nextInt(4)) {
            case 0 -> KeyRange.single(key);
            case 1 -> KeyRange.prefix(key);
            case 2 -> new KeyRange(key, KeyRange.NO_END);
            default -> new KeyRange(key, key());
        };
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void randomCommandsDoWhatTheModelSays(long seed) throws Exception {
        random = new Random(seed);
        store = open(Limits.defaults(), time, new PrometheusRegistry());
        try {
            for (int i = 0; i < COMMANDS; i++) {
                command();
                compareRead();
            }
            checkWatches();
        } finally {
            store.close();
        }
    }

    private void command() {
        switch (random.nextInt(24)) {
            case 0 -> {
                long id = 1 + random.nextInt(5);
                if (store.leaseGrant(id, 1_000).join() instanceof Answer.LeaseGranted) {
                    model.grant(id);
                }
            }
            case 1 -> {
                long id = 1 + random.nextInt(5);
                store.leaseRevoke(id).join();
                model.revoke(id);
            }
            case 2 -> {
                long at = Math.max(1, model.revision() - random.nextInt(40));
                boolean done = store.compact(at).join() instanceof Answer.Compacted;
                assertThat(done).isEqualTo(model.compact(at));
            }
            case 3 -> {
                if (survivesReopening() && random.nextInt(4) == 0) {
                    checkWatches();
                    store.close();
                    store = open(Limits.defaults(), time, new PrometheusRegistry());
                }
            }
            case 4 -> watch();
            case 5, 6, 7 -> {
                Op.Delete delete = new Op.Delete(range(), false);
                store.delete(delete).join();
                model.write(List.of(delete));
            }
            case 8, 9, 10 -> txn();
            default -> {
                Op.Put put = put(key());
                boolean done = store.put(put).join() instanceof Answer.Put;
                assertThat(done).isEqualTo(model.write(List.of(put)));
            }
        }
        assertThat(store.revision()).isEqualTo(model.revision());
        assertThat(store.compactedRevision()).isEqualTo(model.compacted());
    }

    private Op.Put put(Bytes key) {
        long lease = random.nextInt(4) == 0 ? 1 + random.nextInt(5) : 0;
        return new Op.Put(key, Bytes.utf8("v" + random.nextInt(1_000)), lease, false, false, false);
    }

    private void txn() {
        Set<Bytes> keys = new HashSet<>();
        List<Op> ops = new ArrayList<>();
        for (int i = random.nextInt(5); i >= 0; i--) {
            Bytes key = key();
            if (keys.add(key)) {
                ops.add(
                        random.nextInt(3) == 0
                                ? new Op.Delete(KeyRange.single(key), false)
                                : put(key));
            }
        }
        Bytes key = key();
        List<KeyValue> now = model.range(KeyRange.single(key), model.revision());
        long mod = now.isEmpty() ? 0 : now.getFirst().modRevision();
        boolean holds = random.nextBoolean();
        Op.Compare compare = Op.Compare.modRevisionIs(key, holds ? mod : mod + 1);
        Op.Txn txn =
                new Op.Txn(
                        List.of(compare),
                        holds ? ops : List.of(put(key())),
                        holds ? List.of(put(key())) : ops);
        Answer answer = store.txn(txn).join();
        assertThat(answer instanceof Answer.Txn).isEqualTo(model.write(ops));
        if (answer instanceof Answer.Txn done) {
            assertThat(done.succeeded()).isEqualTo(holds);
            assertThat(done.revision()).isEqualTo(model.revision());
        }
    }

    private void compareRead() {
        KeyRange range = range();
        long oldest = Math.max(1, model.compacted());
        long at = oldest + random.nextInt((int) (model.revision() - oldest + 1));
        Answer.Ranged read = (Answer.Ranged) store.range(new Op.Range(range, at, 0, false, false));
        assertThat(read.kvs()).isEqualTo(model.range(range, at));
        assertThat(read.revision()).isEqualTo(model.revision());
        int limit = 1 + random.nextInt(3);
        Answer.Ranged some =
                (Answer.Ranged) store.range(new Op.Range(range, 0, limit, false, false));
        List<KeyValue> now = model.range(range, model.revision());
        assertThat(some.count()).isEqualTo(now.size());
        assertThat(some.kvs()).isEqualTo(now.subList(0, Math.min(limit, now.size())));
        assertThat(some.more()).isEqualTo(now.size() > limit);
    }

    private void watch() {
        KeyRange range = range();
        long oldest = Math.max(1, model.compacted());
        long from = oldest + random.nextInt((int) (model.revision() - oldest + 2));
        Collected seen = new Collected();
        watched.put(seen, new Watched(range, from));
        // Without previous states: whether those are still there depends on how far reclaiming is.
        open.add(store.watch(range, from, false, seen));
    }

    /**
     * Ordered, unique, atomic (Collected breaks otherwise) and, here, complete; or ended because
     * compacted.
     */
    private void checkWatches() {
        watched.forEach((seen, watch) ->
                eventually(() -> {
                    if (seen.ended().isPresent()) {
                        assertThat(seen.ended().getAsLong()).isGreaterThan(watch.from());
                        return;
                    }
                    assertThat(seen.events())
                            .isEqualTo(
                                    model.events(watch.range(), watch.from()).stream()
                                            .map(event ->
                                                    new Watcher.Event(
                                                            event.type(), event.kv(), List.of()))
                                            .toList());
                }));
        open.forEach(Watcher::close);
        open.clear();
        watched.clear();
    }
}
