package dev.kemudi.bolt;

/** CRC-32C that goes on from where an earlier one ended, which the platform's cannot. */
final class Crc {
    /** Castagnoli's polynomial, lowest power in the highest bit. */
    private static final int POLYNOMIAL = 0x82F63B78;

    private static final int[] TABLE = new int[256];

    static {
        for (int i = 0; i < TABLE.length; i++) {
            int value = i;
            for (int bit = 0; bit < Byte.SIZE; bit++) {
                value = (value & 1) != 0 ? value >>> 1 ^ POLYNOMIAL : value >>> 1;
            }
            TABLE[i] = value;
        }
    }

    private Crc() {}

    /** The checksum of what {@code before} stands for with {@code more} behind it. */
    static int update(int before, byte[] more) {
        int crc = ~before;
        for (byte b : more) {
            crc = TABLE[(crc ^ b) & 0xff] ^ crc >>> Byte.SIZE;
        }
        return ~crc;
    }
}
