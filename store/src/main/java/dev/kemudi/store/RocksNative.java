package dev.kemudi.store;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import org.rocksdb.RocksDB;
import org.rocksdb.util.Environment;

/**
 * Loads RocksDB's native library from a file kept beside the data. Left alone, RocksDB unpacks 15
 * MB into the temporary folder at every start and leaves them there after a crash.
 */
final class RocksNative {
    private static final System.Logger LOG = System.getLogger(RocksNative.class.getName());

    private RocksNative() {}

    static void load(Path folder) {
        try {
            unpack(folder);
            RocksDB.loadLibrary(List.of(folder.toString()));
        } catch (IOException | UnsatisfiedLinkError e) {
            LOG.log(Level.DEBUG, "RocksDB's library cannot be used from the data directory", e);
            RocksDB.loadLibrary();
        }
    }

    private static void unpack(Path folder) throws IOException {
        // RocksDB looks for this name in a folder, and ships that one.
        Path file = folder.resolve(Environment.getJniLibraryFileName("rocksdbjni"));
        String resource = "/" + Environment.getJniLibraryFileName("rocksdb");
        try (InputStream in = RocksDB.class.getResourceAsStream(resource)) {
            if (in == null || Files.exists(file)) {
                return;
            }
            Files.createDirectories(folder);
            Path unpacking = Files.createTempFile(folder, "unpacking", ".so");
            try {
                Files.copy(in, unpacking, StandardCopyOption.REPLACE_EXISTING);
                Files.move(unpacking, file, StandardCopyOption.ATOMIC_MOVE);
            } finally {
                Files.deleteIfExists(unpacking);
            }
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }
}
