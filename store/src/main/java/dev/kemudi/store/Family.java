package dev.kemudi.store;

/** The ordered maps in which the state lies; a column family each in RocksDB. */
enum Family {
    /** key → its newest {@link KeyValue}. */
    CUR,
    /** revision, sub → what happened: what watches read. */
    LOG,
    /** key, newest first → superseded {@link KeyValue} and the revision that superseded it. */
    OLD,
    /** lease id → its time to live; lease id, key → attached. */
    LEASE,
    /** The one {@link Mark}. */
    META,
    /** Rows of every {@link Area}; see {@link AreaRow}. */
    AREA,
    /** first key of a bucket → how many keys of CUR lie in it: see {@link Census}. */
    COUNT
}
