package dev.kemudi.store;

import java.util.ArrayList;
import java.util.List;
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
    private static final int OPEN_FILES_MAX = 512;
    private static final long TABLE_BYTES = 16L << 20;
    private static final long MANIFEST_BYTES = 4L << 20;
    private static final int WRITE_BUFFERS = 2;

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
                                .setMaxBackgroundJobs(2)
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

    ColumnFamilyOptions family() {
        return own(
                new ColumnFamilyOptions()
                        .setCompressionType(CompressionType.LZ4_COMPRESSION)
                        .setWriteBufferSize(limits.backendWriteBufferBytes() / 2)
                        .setMaxWriteBufferNumber(WRITE_BUFFERS)
                        .setTargetFileSizeBase(TABLE_BYTES)
                        .setLevelCompactionDynamicLevelBytes(true)
                        .setTableFormatConfig(
                                new BlockBasedTableConfig()
                                        .setBlockCache(cache)
                                        .setFilterPolicy(bloom)
                                        .setCacheIndexAndFilterBlocks(true)
                                        .setPinL0FilterAndIndexBlocksInCache(true)));
    }

    /** To be closed after the database, in this order. */
    List<RocksObject> owned() {
        return owned.reversed();
    }
}
