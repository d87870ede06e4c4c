package dev.kemudi.store;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;

/** Seeded commands of every kind, on few keys so that they meet. */
final class RandomWrites {
    private final Random random;

    RandomWrites(long seed) {
        random = new Random(seed);
    }

    Random random() {
        return random;
    }

    private Bytes key() {
        byte[] key = new byte[1 + random.nextInt(2)];
        for (int i = 0; i < key.length; i++) {
            key[i] = List.of((byte) 'a', (byte) 0, (byte) 1, (byte) 0xff).get(random.nextInt(4));
        }
        return Bytes.of(key);
    }

    private Op.Put put(Bytes key) {
        long lease = random.nextInt(3) == 0 ? 1 + random.nextInt(4) : 0;
        return new Op.Put(key, Bytes.utf8("v" + random.nextInt(99)), lease, false, false, false);
    }

    /** Writes one thing and waits for it. */
    void step(Store store) {
        switch (random.nextInt(20)) {
            case 0, 1 -> store.leaseGrant(1 + random.nextInt(4), 1_000).join();
            case 2 -> store.leaseRevoke(1 + random.nextInt(4)).join();
            case 3 -> store.compact(Math.max(1, store.revision() - random.nextInt(40))).join();
            case 4 -> {
                Area area = store.area("auth");
                Optional<Bytes> value =
                        random.nextInt(3) == 0 ? Optional.empty() : Optional.of(key());
                store.change(new AreaChange("auth", area.revision(), Map.of(key(), value))).join();
            }
            case 5 -> {
                Origin origin = new Origin("", "auth", random.nextInt(4));
                store.write(put(key()), origin).join();
            }
            case 6, 7, 8 -> store.delete(new Op.Delete(KeyRange.prefix(key()), false)).join();
            case 9, 10, 11 -> {
                Set<Bytes> keys = new HashSet<>();
                List<Op> ops = new ArrayList<>();
                for (int i = random.nextInt(5); i >= 0; i--) {
                    Bytes key = key();
                    if (keys.add(key)) {
                        ops.add(put(key));
                    }
                }
                store.txn(new Op.Txn(List.of(), ops, List.of())).join();
            }
            default -> store.put(put(key())).join();
        }
    }
}
