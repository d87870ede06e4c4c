package dev.kemudi.bolt;

import java.io.IOException;
import java.io.Serial;

/** A file is not what it should be: where, what was expected, what was found. */
public final class BoltException extends IOException {
    /** {@link #page} of a damage that is not in one page. */
    public static final long NO_PAGE = -1;

    @Serial private static final long serialVersionUID = 1L;

    private final long page;

    BoltException(String where, String expected, String found) {
        super(where + ": expected " + expected + ", found " + found);
        this.page = NO_PAGE;
    }

    BoltException(long page, String expected, String found) {
        super("page " + page + ": expected " + expected + ", found " + found);
        this.page = page;
    }

    /** The page that is damaged, or {@link #NO_PAGE}. */
    public long page() {
        return page;
    }
}
