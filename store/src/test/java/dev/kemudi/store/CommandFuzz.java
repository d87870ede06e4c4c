package dev.kemudi.store;

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
}
