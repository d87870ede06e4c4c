package dev.kemudi.logratis;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** Numbers a node's starts, ever higher, so that what it sent before a restart can be told. */
final class Incarnation {
    private static final String FILE = "incarnation";

    private Incarnation() {}

    static long next(Path directory, long epochMillis) throws IOException {
        Path file = directory.resolve(FILE);
        long last = 0;
        if (Files.exists(file)) {
            try {
                last = Long.parseLong(Files.readString(file).strip());
            } catch (NumberFormatException e) {
                throw new IOException(
                        "%s: expected a number, found \"%s\""
                                .formatted(file, Files.readString(file).strip()),
                        e);
            }
        }
        long next = Math.max(last + 1, epochMillis);
        Path written = directory.resolve(FILE + ".new");
        Files.writeString(written, Long.toString(next));
        try (FileChannel channel = FileChannel.open(written, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
        Files.move(
                written, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
        return next;
    }
}
