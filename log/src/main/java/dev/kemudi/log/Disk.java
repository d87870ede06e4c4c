package dev.kemudi.log;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * One flat directory, as the log uses it. An implementation decides how it fails: the real one as
 * the operating system does, {@link SimulatedDisk} as a seed says. Safe for use by many threads,
 * except that one file has one writer.
 */
public interface Disk {
    /** A directory of the file system, created when missing. */
    static Disk of(Path directory) throws IOException {
        return FileDisk.in(directory);
    }

    /** Names of all files, sorted. */
    List<String> list() throws IOException;

    /**
     * Opens for reading and writing; the name lasts through a crash only after {@link
     * #syncDirectory()}.
     */
    DiskFile open(String name, boolean create) throws IOException;

    /** Atomic; replaces what was there. Lasts only after {@link #syncDirectory()}. */
    void rename(String from, String to) throws IOException;

    /** Lasts only after {@link #syncDirectory()}. Deleting what is not there does nothing. */
    void delete(String name) throws IOException;

    void syncDirectory() throws IOException;

    /**
     * Keeps other processes, and this one, from opening the same directory until closed.
     *
     * @throws IOException naming the directory, when it is held already
     */
    Closeable lock() throws IOException;

    /** For messages: where a file is. */
    String describe(String name);
}
