package dev.kemudi.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Any bytes as a command of the log: refused as malformed, or a command that reads back the same.
 * Run by {@code conformance/fuzz.sh}, which knows the method by its name.
 */
public final class CommandFuzz {
    private CommandFuzz() {}

    /** One input. */
    public static void fuzzerTestOneInput(byte[] input) {
        Command read;
        try {
            read = Command.decode(input);
        } catch (ByteReader.MalformedException refused) {
            if (String.valueOf(refused.getMessage()).isBlank()) {
                throw new AssertionError("refused without a reason", refused);
            }
            return;
        }
        if (!Command.decode(read.encode()).equals(read)) {
            throw new AssertionError("reads back differently: " + read);
        }
    }

    /** A command of each kind. */
    static List<byte[]> seeds() {
        KeyRange range = new KeyRange(Bytes.utf8("a"), Bytes.utf8("b"));
        Op put = new Op.Put(Bytes.utf8("key"), Bytes.utf8("value"), 7, true, false, false);
        Op compare =
                new Op.Txn(
                        List.of(
                                new Op.Compare(
                                        range,
                                        Op.Target.VALUE,
                                        Op.Relation.EQUAL,
                                        1,
                                        Bytes.utf8("v"))),
                        List.of(put, new Op.Range(range, 3, 4, true, false)),
                        List.of(new Op.Delete(range, true)));
        return Stream.of(
                        new Command.Apply(put),
                        new Command.Apply(new Op.Txn(List.of(), List.of(compare), List.of())),
                        new Command.Compact(9),
                        new Command.LeaseGrant(7, 60),
                        new Command.LeaseRevoke(7),
                        new Command.LeaseExpire(7, 2),
                        new Command.Guarded("auth", 5, compare))
                .map(Command::encode)
                .toList();
    }

    /** Writes the seeds into a folder, from which the fuzzer begins. */
    public static void main(String[] arguments) throws IOException {
        List<byte[]> seeds = seeds();
        for (int i = 0; i < seeds.size(); i++) {
            Files.write(Path.of(arguments[0], "seed-" + i), seeds.get(i));
        }
    }
}
