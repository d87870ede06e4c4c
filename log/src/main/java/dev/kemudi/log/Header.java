package dev.kemudi.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * The first 64 bytes of a segment file.
 *
 * @param logId random, the same in all segments of one log
 * @param firstIndex of the first record that this segment may hold
 * @param timeMillis the last time given to an entry before this segment: entries' time never goes
 *     back
 */
record Header(long logId, long firstIndex, long timeMillis) {
    static final int BYTES = 64;
    private static final long MAGIC = 0x4b_45_4d_55_44_49_4c_47L;
    private static final int VERSION = 1;
    private static final int CHECKED_BYTES = 36;

    ByteBuffer encoded() {
        ByteBuffer bytes = ByteBuffer.allocate(BYTES);
        bytes.putLong(MAGIC).putInt(VERSION).putLong(logId).putLong(firstIndex).putLong(timeMillis);
        bytes.putInt(CHECKED_BYTES, checksum(bytes));
        return bytes.position(0);
    }

    static Header read(DiskFile file, String describedName) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(BYTES);
        while (bytes.hasRemaining() && file.read(bytes, bytes.position()) > 0) {
            // A read may be short.
        }
        if (bytes.hasRemaining() || bytes.getLong(0) != MAGIC) {
            throw new LogCorruptException(describedName, 0, "this is not a log segment of Kemudi");
        }
        if (bytes.getInt(8) != VERSION) {
            throw new LogCorruptException(
                    describedName,
                    8,
                    "format %d, this Kemudi reads %d: use the version that wrote it"
                            .formatted(bytes.getInt(8), VERSION));
        }
        if (bytes.getInt(CHECKED_BYTES) != checksum(bytes)) {
            throw new LogCorruptException(describedName, 0, "the header's checksum does not match");
        }
        return new Header(bytes.getLong(12), bytes.getLong(20), bytes.getLong(28));
    }

    private static int checksum(ByteBuffer bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes.slice(0, CHECKED_BYTES));
        return (int) crc.getValue();
    }
}
