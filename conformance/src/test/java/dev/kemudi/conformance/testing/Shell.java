package dev.kemudi.conformance.testing;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Runs a command of the operating system to its end, within a time. */
final class Shell {
    private static final int SECONDS_MAX = 20;

    private Shell() {}

    /**
     * @param said standard output and error
     */
    record Ended(int code, String said) {
        boolean fine() {
            return code == 0;
        }
    }

    static Ended run(Map<String, String> environment, List<String> command) {
        try {
            Path out = Files.createTempFile("kemudi-shell", ".out");
            ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
            builder.environment().putAll(environment);
            Process process = builder.redirectOutput(out.toFile()).start();
            boolean ended = process.waitFor(SECONDS_MAX, TimeUnit.SECONDS);
            process.destroyForcibly();
            String said = Files.readString(out, StandardCharsets.UTF_8).strip();
            Files.delete(out);
            return new Ended(ended ? process.exitValue() : -1, said);
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(String.join(" ", command), e);
        }
    }

    /**
     * @throws IllegalStateException with what the command said, when it fails
     */
    static String run(String... command) {
        Ended ended = run(Map.of(), List.of(command));
        if (!ended.fine()) {
            throw new IllegalStateException(
                    String.join(" ", command) + ": " + ended.code() + " " + ended.said());
        }
        return ended.said();
    }

    static Ended attempt(String... command) {
        return run(Map.of(), List.of(command));
    }
}
