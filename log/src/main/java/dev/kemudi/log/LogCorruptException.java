package dev.kemudi.log;

import java.io.IOException;

/** What is on disk cannot be the whole truth; opening it would lose acknowledged commands. */
public final class LogCorruptException extends IOException {
    private final String file;
    private final long offset;

    LogCorruptException(String file, long offset, String message) {
        super("%s, offset %d: %s".formatted(file, offset, message));
        this.file = file;
        this.offset = offset;
    }

    /** The damaged file. */
    public String file() {
        return file;
    }

    /** Where in the file the first bad byte may be. */
    public long offset() {
        return offset;
    }
}
