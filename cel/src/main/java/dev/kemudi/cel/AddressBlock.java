package dev.kemudi.cel;

import java.util.Optional;

/** An address with the length of its network's prefix. Source: RFC 4632. */
record AddressBlock(Address address, int bits) {
    static Optional<AddressBlock> read(String text) {
        int slash = text.indexOf('/');
        if (slash < 0 || !text.substring(slash + 1).matches("0|[1-9]\\d{0,2}")) {
            return Optional.empty();
        }
        int bits = Integer.parseInt(text.substring(slash + 1));
        return Address.read(text.substring(0, slash))
                .filter(address -> bits <= length(address))
                .map(address -> new AddressBlock(address, bits));
    }

    static AddressBlock parse(String text) {
        return read(text)
                .orElseThrow(() ->
                        new IllegalArgumentException(
                                "network address parse error during conversion from string: \"%s\""
                                        .formatted(text)));
    }

    private static int length(Address address) {
        return address.net().getAddress().length * Byte.SIZE;
    }

    /** The block's first address, with the same length. */
    AddressBlock masked() {
        byte[] bytes = address.net().getAddress();
        for (int bit = bits; bit < bytes.length * Byte.SIZE; bit++) {
            bytes[bit / Byte.SIZE] &= (byte) ~(0x80 >> bit % Byte.SIZE);
        }
        return new AddressBlock(Address.of(bytes), bits);
    }

    boolean contains(Address other) {
        return other.family() == address.family()
                && new AddressBlock(other, bits).masked().address().equals(masked().address());
    }

    boolean contains(AddressBlock other) {
        return other.bits >= bits && contains(other.address);
    }

    @Override
    public String toString() {
        return address + "/" + bits;
    }
}
