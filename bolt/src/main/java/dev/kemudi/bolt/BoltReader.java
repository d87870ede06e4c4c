package dev.kemudi.bolt;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedSet;

/**
 * Reads the buckets of a bbolt file that nobody writes to. Nothing in the file is believed: damage
 * ends in a {@link BoltException} that names the page, what was expected and what was found. What
 * bbolt does not protect (a flipped bit within a value) is not noticed here; the checksum of an
 * etcd snapshot is for that. Buckets within buckets are refused: etcd has none. The format is
 * described in {@code Format}.
 */
public final class BoltReader implements AutoCloseable {
    private final FileChannel file;
    private final Meta meta;
    private final PageReader pages;
    private final Map<String, Page> roots = new LinkedHashMap<>();

    private BoltReader(FileChannel file, Limits limits) throws IOException {
        this.file = file;
        this.meta = newest(file, limits);
        this.pages = new PageReader(file, meta, limits);
        if (meta.pages() < 3 || meta.pages() > file.size() / meta.pageSize()) {
            throw new BoltException(
                    "the file",
                    Long.toUnsignedString(meta.pages())
                            + " pages of "
                            + meta.pageSize()
                            + " bytes, and three at least",
                    file.size() + " bytes");
        }
        readBuckets(limits);
    }

    /**
     * Opens a file and reads the names of its buckets.
     *
     * @throws BoltException when it is no bbolt file or is damaged
     */
    public static BoltReader open(Path path, Limits limits) throws IOException {
        FileChannel file = FileChannel.open(path, StandardOpenOption.READ);
        try {
            return new BoltReader(file, limits);
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    /** The valid meta of the two with the higher transaction. */
    private static Meta newest(FileChannel file, Limits limits) throws IOException {
        Optional<Meta> best = Optional.empty();
        Optional<BoltException> damage = Optional.empty();
        try {
            best = Optional.of(metaAt(file, 0, 0, limits));
        } catch (BoltException e) {
            damage = Optional.of(e);
        }
        // Where the second one lies only the first one tells: without it, each possible place is
        // tried.
        int from = best.map(Meta::pageSize).orElse(512);
        int to = best.map(Meta::pageSize).orElse(limits.pageBytesMax());
        for (int size = from; size <= to; size *= 2) {
            try {
                Meta second = metaAt(file, 1, size, limits);
                boolean newer =
                        best.isEmpty()
                                || Long.compareUnsigned(
                                                second.transaction(), best.get().transaction())
                                        > 0;
                if (second.pageSize() == size && newer) {
                    best = Optional.of(second);
                }
            } catch (BoltException e) {
                damage = Optional.of(damage.orElse(e));
            }
        }
        if (best.isEmpty()) {
            throw damage.orElseThrow();
        }
        return best.get();
    }

    private static Meta metaAt(FileChannel file, long page, long offset, Limits limits)
            throws IOException {
        int length = Format.PAGE_HEADER_BYTES + Meta.BYTES;
        java.nio.ByteBuffer bytes = java.nio.ByteBuffer.allocate(length);
        while (bytes.hasRemaining()) {
            if (file.read(bytes, offset + bytes.position()) < 0) {
                throw new BoltException(page, "a meta", "the end of the file");
            }
        }
        return Meta.read(page, bytes.array(), Format.PAGE_HEADER_BYTES, limits.pageBytesMax());
    }

    private void readBuckets(Limits limits) throws IOException {
        BoltCursor cursor =
                new BoltCursor(pages, pages.tree(meta.root()), Format.ELEMENT_IS_BUCKET);
        while (cursor.next()) {
            String name = new String(cursor.key(), StandardCharsets.UTF_8);
            if (roots.size() >= limits.bucketsMax()) {
                throw new BoltException(
                        cursor.page(), "at most " + limits.bucketsMax() + " buckets", "more");
            }
            roots.put(name, root(cursor.page(), cursor.value()));
        }
    }

    private Page root(long parent, byte[] value) throws IOException {
        if (value.length < Format.BUCKET_HEADER_BYTES) {
            throw new BoltException(
                    parent, "a bucket of at least 16 bytes", value.length + " bytes");
        }
        long root = Format.getLong(value, 0);
        return root == 0 ? Page.inline(pages, parent, value) : pages.tree(root);
    }

    /** The names of the buckets in ascending order. */
    public SequencedSet<String> buckets() {
        return java.util.Collections.unmodifiableSequencedSet(
                new java.util.LinkedHashSet<>(roots.keySet()));
    }

    /** Goes through a bucket; through nothing when there is no bucket of that name. */
    public BoltCursor cursor(String bucket) throws IOException {
        Page root = roots.get(bucket);
        return new BoltCursor(pages, root == null ? emptyPage() : root, 0);
    }

    private Page emptyPage() throws IOException {
        byte[] value = new byte[Format.BUCKET_HEADER_BYTES + Format.PAGE_HEADER_BYTES];
        Format.putHeader(value, Format.BUCKET_HEADER_BYTES, 0, Format.LEAF, 0, 0);
        return Page.inline(pages, BoltException.NO_PAGE, value);
    }

    /** The value of one key. */
    public Optional<byte[]> get(String bucket, byte[] key) throws IOException {
        BoltCursor cursor = cursor(bucket);
        cursor.seek(key);
        return cursor.next() && Arrays.equals(cursor.key(), key)
                ? Optional.of(cursor.value())
                : Optional.empty();
    }

    /** As the metas say. */
    public int pageSizeBytes() {
        return meta.pageSize();
    }

    /** The bytes of the file that count; what lies behind was never used. */
    public long bytes() {
        return meta.pages() * meta.pageSize();
    }

    /** The transaction that wrote last. */
    public long transaction() {
        return meta.transaction();
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
