package dev.kemudi.bolt;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.Map;
import java.util.TreeMap;

/**
 * Writes a fresh bbolt database in one pass: pages go to the file in the order in which they fill
 * up, the metas last, so that a file that was not finished is refused by every reader. Memory is
 * one page for each level of each bucket and one write buffer. For one thread. The format is
 * described in {@code Format}.
 */
public final class BoltWriter implements AutoCloseable {
    /** bbolt's own on all machines with memory pages of this size, which is most. */
    public static final int PAGE_SIZE = 4_096;

    private static final int METAS = 2;

    private final FileChannel file;
    private final Limits limits;
    private final Runnable whenUnfinished;
    private final PageSink sink;
    private final long freelist;
    private final Map<String, BucketWriter> buckets =
            new TreeMap<>(
                    Comparator.comparing(BoltWriter::utf8, java.util.Arrays::compareUnsigned));
    private boolean finished;

    private BoltWriter(FileChannel file, Limits limits, int pageSize, Runnable whenUnfinished)
            throws IOException {
        this.file = file;
        this.limits = limits;
        this.whenUnfinished = whenUnfinished;
        this.sink = new PageSink(file, pageSize, limits.writeBufferBytes(), METAS);
        this.freelist = sink.write(Format.FREELIST, 0, new byte[0], 0, new byte[0], 0);
    }

    /**
     * Begins a database in a new file, which goes again when the writer is closed before {@link
     * #finish}.
     */
    public static BoltWriter create(Path path, Limits limits) throws IOException {
        return create(path, limits, PAGE_SIZE);
    }

    /** As {@link #create(Path, Limits)} with a page size, a power of two from 512. */
    public static BoltWriter create(Path path, Limits limits, int pageSize) throws IOException {
        if (Integer.bitCount(pageSize) != 1 || pageSize < 512 || pageSize > limits.pageBytesMax()) {
            throw new IllegalArgumentException(
                    "expected a page size from 512 to "
                            + limits.pageBytesMax()
                            + " that is a power of two, found "
                            + pageSize);
        }
        FileChannel file =
                FileChannel.open(
                        path,
                        StandardOpenOption.CREATE_NEW,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE);
        return new BoltWriter(file, limits, pageSize, () -> delete(path));
    }

    private static void delete(Path path) {
        try {
            Files.deleteIfExists(path);
        } catch (IOException e) {
            System.getLogger(BoltWriter.class.getName())
                    .log(System.Logger.Level.WARNING, path + " stays behind", e);
        }
    }

    /** The bucket of that name, begun when this is the first time that it is asked for. */
    public BucketWriter bucket(String name) {
        BucketWriter known = buckets.get(name);
        if (known != null) {
            return known;
        }
        if (buckets.size() >= limits.bucketsMax()) {
            throw new IllegalArgumentException(
                    "expected at most "
                            + limits.bucketsMax()
                            + " buckets, found one more: "
                            + name);
        }
        BucketWriter bucket = new BucketWriter(name, sink, limits);
        buckets.put(name, bucket);
        return bucket;
    }

    /**
     * Completes the database and makes it durable.
     *
     * @return its size in bytes, a multiple of the page size; nothing lies behind it
     */
    public long finish() throws IOException {
        if (finished) {
            throw new IllegalStateException("the database is finished");
        }
        BucketWriter root = new BucketWriter("(root)", sink, limits);
        for (Map.Entry<String, BucketWriter> bucket : buckets.entrySet()) {
            byte[] value = bucket.getValue().finish();
            root.put(Format.ELEMENT_IS_BUCKET, utf8(bucket.getKey()), value);
        }
        long rootPage = root.writeRoot();
        sink.flush();
        long pages = sink.nextPage();
        // The pages must be on the disk before a meta says that they are.
        file.force(false);
        for (int i = METAS - 1; i >= 0; i--) {
            Meta meta = new Meta(sink.pageSize(), rootPage, freelist, pages, METAS - i);
            ByteBuffer page = ByteBuffer.wrap(meta.page(i));
            while (page.hasRemaining()) {
                file.write(page, (long) i * sink.pageSize() + page.position());
            }
        }
        file.force(true);
        finished = true;
        return pages * sink.pageSize();
    }

    /** Where the database is written to; its position after {@link #finish} is behind it. */
    FileChannel file() {
        return file;
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public void close() throws IOException {
        file.close();
        if (!finished) {
            whenUnfinished.run();
        }
    }
}
