package dev.kemudi.controller;

/** A handler's place with its informer. Safe for use by many threads. */
public interface Registration extends AutoCloseable {
    /** Whether the handler has been told everything that existed when it came. */
    boolean hasSynced();

    /** Events that wait for the handler: how far it is behind. */
    int pending();

    /**
     * How often the handler fell so far behind that waiting events were folded to one per object.
     */
    long foldings();

    /**
     * Takes the handler away. Blocks until no call of it runs (unless called by the handler
     * itself); none comes after.
     */
    @Override
    void close();
}
