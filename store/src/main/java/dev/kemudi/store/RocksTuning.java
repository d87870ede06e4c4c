package dev.kemudi.store;

import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.CompressionType;
import org.rocksdb.DBOptions;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.LRUCache;
import org.rocksdb.RocksObject;

/** How RocksDB is set up: little memory, few threads, no log of its own. */
final class RocksTuning {
    private static final int BLOOM_BITS = 10;
    private static final int LOOKED_UP_BLOCK_BYTES = 8 << 10;
    private static final int WALKED_BLOCK_BYTES = 16 << 10;
    private static final int OPEN_FILES_MAX = 512;
    private static final long TABLE_BYTES = 16L << 20;
    private static final long MANIFEST_BYTES = 4L << 20;
    private static final int WRITE_BUFFERS = 4;
    private static final int BACKGROUND_JOBS = 3;
    private static final String BOTTOMMOST_DELAY_SECONDS = "3600";

    private final List<RocksObject> owned = new ArrayList<>();
    private final DBOptions database;
    private final Limits limits;
    private final LRUCache cache;
    private final BloomFilter bloom;

    RocksTuning(Limits limits) {
        this.limits = limits;
        cache = own(new LRUCache(limits.backendCacheBytes()));
        bloom = own(new BloomFilter(BLOOM_BITS, false));
        database =
                own(
                        new DBOptions()
                                .setCreateIfMissing(true)
                                .setCreateMissingColumnFamilies(true)
                                .setAtomicFlush(true)
                                .setAvoidFlushDuringShutdown(true)
                                .setMaxBackgroundJobs(BACKGROUND_JOBS)
                                .setMaxOpenFiles(OPEN_FILES_MAX)
                                .setDbWriteBufferSize(limits.backendWriteBufferBytes())
                                .setInfoLogLevel(InfoLogLevel.WARN_LEVEL)
                                .setKeepLogFileNum(2)
                                .setMaxManifestFileSize(MANIFEST_BYTES)
                                .setStatsDumpPeriodSec(0));
    }

    private <T extends RocksObject> T own(T object) {
        owned.add(object);
        return object;
    }

    DBOptions database() {
        return database;
    }

    ColumnFamilyOptions other() {
        return base().setTableFormatConfig(tables(false));
    }

    ColumnFamilyOptions of(Family family) {
        // Only CUR is asked for keys that may not be there; the others are walked.
        ColumnFamilyOptions options = base().setTableFormatConfig(tables(family == Family.CUR));
        // Writers are slowed down late: what waits to be merged costs reads little, stalls cost
        // all.
        switch (family) {
            case CUR -> options.setLevel0SlowdownWritesTrigger(40).setLevel0StopWritesTrigger(80);
            // In the order of revisions, so that its tables are moved down, not merged.
            case LOG -> options.setLevel0SlowdownWritesTrigger(80).setLevel0StopWritesTrigger(160);
            // Random keys, read rarely: fewer and larger merges.
            case OLD ->
                    options.setLevel0FileNumCompactionTrigger(24)
                            .setLevel0SlowdownWritesTrigger(100)
                            .setLevel0StopWritesTrigger(200);
            case LEASE, META, AREA, COUNT -> {
                // Small.
            }
        }
        return options;
    }

    private ColumnFamilyOptions base() {
        ColumnFamilyOptions options = ColumnFamilyOptions.getColumnFamilyOptionsFromProps(extra());
        if (options == null) {
            throw new IllegalStateException("RocksDB does not know " + extra());
        }
        return own(options)
                .setCompressionType(CompressionType.LZ4_COMPRESSION)
                .setWriteBufferSize(limits.backendWriteBufferBytes() / 2)
                .setMaxWriteBufferNumber(WRITE_BUFFERS)
                .setTargetFileSizeBase(TABLE_BYTES)
                .setLevelCompactionDynamicLevelBytes(true);
    }

    /** Indexes and filters lie in the cache: memory is bounded however many tables there are. */
    private BlockBasedTableConfig tables(boolean lookedUp) {
        BlockBasedTableConfig tables =
                new BlockBasedTableConfig()
                        .setBlockCache(cache)
                        .setBlockSize(lookedUp ? LOOKED_UP_BLOCK_BYTES : WALKED_BLOCK_BYTES)
                        .setCacheIndexAndFilterBlocks(true)
                        .setCacheIndexAndFilterBlocksWithHighPriority(true)
                        .setPinL0FilterAndIndexBlocksInCache(true);
        return lookedUp ? tables.setFilterPolicy(bloom) : tables;
    }

    /** What has no setter. Without the delay each table is written twice, to make sequences 0. */
    private static Properties extra() {
        Properties extra = new Properties();
        extra.setProperty("bottommost_file_compaction_delay", BOTTOMMOST_DELAY_SECONDS);
        return extra;
    }

    /** To be closed after the database, in this order. */
    List<RocksObject> owned() {
        return owned.reversed();
    }
}
