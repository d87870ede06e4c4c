package dev.kemudi.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CommandTest {
    private static Bytes random(Random random) {
        byte[] bytes = new byte[random.nextInt(20)];
        random.nextBytes(bytes);
        return Bytes.of(bytes);
    }

    private static KeyRange range(Random random) {
        return new KeyRange(random(random), random(random));
    }

    private static Op op(Random random, int depth) {
        return switch (random.nextInt(depth == 0 ? 3 : 4)) {
            case 0 ->
                    new Op.Range(
                            range(random),
                            random.nextLong(),
                            random.nextLong(),
                            random.nextBoolean(),
                            random.nextBoolean());
            case 1 ->
                    new Op.Put(
                            random(random),
                            random(random),
                            random.nextLong(),
                            random.nextBoolean(),
                            random.nextBoolean(),
                            random.nextBoolean());
            case 2 -> new Op.Delete(range(random), random.nextBoolean());
            default -> {
                List<Op.Compare> compares = new ArrayList<>();
                for (int i = random.nextInt(3); i > 0; i--) {
                    compares.add(
                            new Op.Compare(
                                    range(random),
                                    Op.Target.values()[random.nextInt(5)],
                                    Op.Relation.values()[random.nextInt(4)],
                                    random.nextLong(),
                                    random(random)));
                }
                yield new Op.Txn(compares, ops(random, depth - 1), ops(random, depth - 1));
            }
        };
    }

    private static List<Op> ops(Random random, int depth) {
        List<Op> ops = new ArrayList<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            ops.add(op(random, depth));
        }
        return ops;
    }

    private static Command command(Random random) {
        return switch (random.nextInt(9)) {
            case 0 -> new Command.Compact(random.nextLong());
            case 1 -> new Command.LeaseGrant(random.nextLong(), random.nextLong());
            case 2 -> new Command.LeaseRevoke(random.nextLong());
            case 3 -> new Command.LeaseExpire(random.nextLong(), random.nextLong());
            case 4 -> new Command.Guarded("auth", random.nextLong(), op(random, 4));
            case 5 -> {
                Map<Bytes, Optional<Bytes>> rows = new HashMap<>();
                for (int i = random.nextInt(4); i > 0; i--) {
                    rows.put(
                            random(random),
                            random.nextBoolean() ? Optional.of(random(random)) : Optional.empty());
                }
                yield new Command.Change(new AreaChange("auth", random.nextLong(), rows));
            }
            default -> new Command.Apply(op(random, 4));
        };
    }

    @Test
    void everyCommandComesBackAsItWas() {
        Random random = new Random(7);
        for (int i = 0; i < 5_000; i++) {
            Command command = command(random);
            assertThat(Command.decode(command.encode())).isEqualTo(command);
        }
    }

    @Test
    void damagedCommandsAreRefusedAndNothingElseHappens() {
        Random random = new Random(8);
        int refused = 0;
        for (int i = 0; i < 50_000; i++) {
            byte[] bytes = command(random).encode();
            byte[] damaged =
                    random.nextBoolean()
                            ? Arrays.copyOf(bytes, random.nextInt(bytes.length + 1))
                            : bytes.clone();
            for (int flips = random.nextInt(4); flips > 0 && damaged.length > 0; flips--) {
                damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
            }
            try {
                // What can be read at all must be a command like any other.
                Command read = Command.decode(damaged);
                assertThat(Command.decode(read.encode())).isEqualTo(read);
            } catch (ByteReader.MalformedException e) {
                refused++;
            }
        }
        assertThat(refused).isGreaterThan(10_000);
    }

    @Test
    void nestingWithoutEndIsRefused() {
        ByteWriter out = new ByteWriter().u8(1).u8(1);
        for (int i = 0; i < 100_000; i++) {
            out.u8(4).number(0).number(1);
        }
        assertThatThrownBy(() -> Command.decode(out.done()))
                .isInstanceOf(ByteReader.MalformedException.class)
                .hasMessageContaining("nested deeper");
    }
}
